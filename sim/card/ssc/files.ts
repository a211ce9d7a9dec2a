/** The files of a Social Security Card (LD/T 32.3): records of Tag Len Value, padded to size. */

import { tlv } from '../apdu.ts';
import { gb18030 } from './text.ts';

/** Who may read: `rk` the read key of the directory, `pin-or-rk` either, `pin-and-rk` both. */
export type Access = 'free' | 'rk' | 'pin-or-rk' | 'pin-and-rk';

export interface RecordFile {
  readonly kind: 'records';
  readonly access: Access;
  readonly records: readonly Buffer[];
}

export interface BinaryFile {
  readonly kind: 'binary';
  readonly access: Access;
  readonly bytes: Buffer;
}

export type CardFile = RecordFile | BinaryFile;

export interface Directory {
  readonly name: string;
  /** Null for the environment, which goes by its name alone. */
  readonly fid: number | null;
  readonly aid: Buffer;
  readonly fci: Buffer;
  /** Key id of its read key. */
  readonly readKey: number;
  readonly files: ReadonlyMap<number, CardFile>;
}

/** sx1.sh.社会保障, the last four characters in GBK. */
export const SSSE_NAME = Buffer.from('7378312E73682EC9E7BBE1B1A3D5CF', 'hex');

export const DF_AIDS: Readonly<Record<'DF01' | 'DF02' | 'DF03' | 'DF04', Buffer>> = {
  DF01: Buffer.from('D15600000500', 'hex'),
  DF02: Buffer.from('D15600000501', 'hex'),
  DF03: Buffer.from('D15600000502', 'hex'),
  DF04: Buffer.from('D15600000503', 'hex'),
};

/** Fills a value to the size of its item: 00 as written, FF where never written, or blanks. */
export type Padding = 0x00 | 0xff | 0x20;

/** One record: a tag of two hex digits, and `size` bytes of value. Throws when it is too long. */
export function item(tag: string, size: number, value: Buffer): Buffer {
  return padded(tag, { size, value, padding: 0x00 });
}

interface Padded {
  readonly size: number;
  readonly value: Buffer;
  readonly padding: Padding;
}

export function padded(tag: string, { size, value, padding }: Padded): Buffer {
  if (value.length > size) throw new RangeError(`card item ${tag} has more than ${size} bytes`);
  return tlv(tag, Buffer.concat([value, Buffer.alloc(size - value.length, padding)]));
}

/** As delivered by the maker: every byte FF. */
export function unwritten(tag: string, size: number): Buffer {
  return padded(tag, { size, value: Buffer.alloc(0), padding: 0xff });
}

/** `cn`: digits in pairs. */
export function digits(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

export function records(access: Access, ...list: readonly Buffer[]): RecordFile {
  return { kind: 'records', access, records: list };
}

/** DF01 to DF04 with a handful of items; each is readable with the PIN or the directory's key. */
export function directories(region: string): readonly Directory[] {
  const text = (tag: string, size: number, value: string) => item(tag, size, gb18030(value));
  return [
    directory('DF01', {
      61189: [
        item('20', 2, Buffer.from('10')),
        text('21', 0x50, '虚构省模拟市测试路0号(虚构地址)'),
        item('0E', 3, digits(region)),
      ],
      61190: [
        text('23', 0x50, '虚构省模拟市样本街道0号(虚构地址)'),
        item('24', 3, digits(region)),
        item('28', 0x0f, Buffer.from('00000000000')),
        text('2C', 0x32, '样本联系人'),
        item('2D', 0x0f, Buffer.from('00000000000')),
      ],
      61191: [item('29', 1, Buffer.from('1'))],
    }),
    directory('DF02', { 61189: [unwritten('42', 4), unwritten('41', 4)] }),
    directory('DF03', { 61189: [unwritten('61', 4), unwritten('60', 4)] }),
    directory('DF04', {
      61189: [
        item('81', 8, Buffer.from('31000000')),
        item('84', 3, digits(region)),
        item('8C', 1, digits('11')),
        item('80', 4, digits('20200101')),
      ],
      61192: [medicalVisit(2), medicalVisit(1)],
    }),
  ];
}

/** DF04 EF08: number 2, type 1, terminal 6, time 7, account 4, own money 4, pool 4. */
function medicalVisit(number: number): Buffer {
  const visit = Buffer.alloc(0x1c);
  visit.writeUInt16BE(number);
  visit.write('1', 2, 'latin1');
  Buffer.from('000000000001', 'hex').copy(visit, 3);
  Buffer.from(`2025010${number}093000`.padEnd(14, '0'), 'hex').copy(visit, 9);
  visit.writeUInt32BE(1_200 * number, 16);
  return visit;
}

function directory(
  name: keyof typeof DF_AIDS,
  contents: Readonly<Record<number, readonly Buffer[]>>,
): Directory {
  const aid = DF_AIDS[name];
  const files = new Map<number, CardFile>();
  for (const [fid, list] of Object.entries(contents)) {
    files.set(Number(fid), records('pin-or-rk', ...list));
  }
  // 脱网标识 and its date want both, the PIN and the key.
  if (name === 'DF04') {
    const guarded = [item('90', 1, Buffer.from('0')), item('92', 4, digits('20991231'))];
    files.set(0xef06, records('pin-and-rk', ...guarded));
  }
  const fci = tlv('6F', tlv('84', aid), tlv('A5', tlv('88', Buffer.from([0x1e]))));
  return { name, fid: Number.parseInt(name, 16), aid, fci, readKey: 0x84, files };
}
