/** READ RECORD in all its modes and READ BINARY of a Social Security Card (LD/T 32.5). */

import { type Answer, type Apdu, answer, readBinary, SW } from '../apdu.ts';
import type { CardFile, Directory } from './files.ts';
import { keyName, type SscHandler, type SscMoment } from './memory.ts';
import { directoryOf } from './select.ts';

interface Found {
  readonly fid: number;
  readonly file: CardFile;
}

const WHOLE = 256;

/** P2: short file id, 0 for the selected file, and how P1 names records. */
export const record: SscHandler = (moment, apdu) => {
  const sfi = apdu.p2 >> 3;
  if (apdu.data.length > 0) return { answer: answer(SW.wrongLength) };
  if (sfi === 0x1f) return { answer: answer(SW.wrongParameters) };
  const found = open(moment, sfi);
  if (typeof found === 'number') return { answer: answer(found) };
  if (found.file.kind !== 'records') return { answer: answer(SW.wrongStructure) };
  const { fid, file } = found;
  const same = fid === moment.session.file;
  const numbers = chosen(file.records, apdu, same ? moment.session.record : null);
  const [first] = numbers;
  if (first === undefined) return { answer: answer(SW.recordNotFound) };
  const data = Buffer.concat(numbers.map((number) => file.records[number] ?? Buffer.alloc(0)));
  const several = (apdu.p2 & 0x07) > 4;
  const told = several ? answer(SW.ok, data.subarray(0, apdu.le)) : exact(data, apdu.le);
  const session = { ...moment.session, file: fid, record: several ? null : first };
  return told.sw === SW.ok ? { answer: told, session } : { answer: told };
};

/** A record is given whole: more room than it needs does no harm, less answers 6Cxx. */
function exact(data: Buffer, le = WHOLE): Answer {
  return le < data.length ? answer(0x6c00 | (data.length & 0xff)) : answer(SW.ok, data);
}

/** Numbers from 0, in the order of the answer. */
function chosen(list: readonly Buffer[], { p1, p2 }: Apdu, at: number | null): number[] {
  const all = list.map((_, number) => number);
  const ofId = all.filter((number) => p1 === 0 || list[number]?.[0] === p1);
  const one = (number: number | undefined) => (number === undefined ? [] : [number]);
  switch (p2 & 0x07) {
    case 0:
      return one(ofId[0]);
    case 1:
      return one(ofId.at(-1));
    case 2:
      return one(ofId.find((number) => at === null || number > at));
    case 3:
      return one(ofId.findLast((number) => at === null || number < at));
    case 4:
      return p1 === 0 ? one(at ?? undefined) : one(all[p1 - 1]);
    case 5:
      return p1 === 0 ? [] : all.slice(p1 - 1);
    case 6:
      return p1 === 0 ? [] : all.slice(p1 - 1).reverse();
    default:
      return [];
  }
}

/** P1 `80|SFI` with offset P2, or P1P2 an offset into the selected file. */
export const binary: SscHandler = (moment, { p1, p2, data, le }) => {
  if (data.length > 0) return { answer: answer(SW.wrongLength) };
  const short = (p1 & 0x80) !== 0;
  if (short && (p1 & 0x60) !== 0) return { answer: answer(SW.wrongParameters) };
  const found = open(moment, short ? p1 & 0x1f : 0);
  if (typeof found === 'number') return { answer: answer(found) };
  const { fid, file } = found;
  if (file.kind !== 'binary') return { answer: answer(SW.wrongStructure) };
  const told = readBinary(file.bytes, short ? p2 : (p1 << 8) | p2, le);
  return { answer: told, session: { ...moment.session, file: fid, record: null } };
};

/** The file, or the status word why it stays shut. */
function open(moment: SscMoment, sfi: number): Found | number {
  const directory = directoryOf(moment);
  const fid = sfi === 0 ? moment.session.file : 0xef00 | sfi;
  if (fid === null) return SW.noCurrentFile;
  const file = directory?.files.get(fid);
  if (!directory || !file) return SW.fileNotFound;
  return mayRead(moment, directory, file) ? { fid, file } : SW.notPermitted;
}

function mayRead({ session }: SscMoment, { readKey }: Directory, { access }: CardFile): boolean {
  const byKey = session.rights.includes(keyName(readKey));
  const byPin = session.rights.includes('PIN');
  switch (access) {
    case 'free':
      return true;
    case 'rk':
      return byKey;
    case 'pin-or-rk':
      return byKey || byPin;
    case 'pin-and-rk':
      return byKey && byPin;
  }
}
