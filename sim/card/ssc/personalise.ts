/**
 * What the issuer writes into a Social Security Card before it is handed out: answer to reset, SSSE
 * with EF05 to EF08, DF01 to DF04, and the card's own keys. Nothing here changes afterwards.
 */

import { createHash } from 'node:crypto';
import type { KeyAlgorithm } from '../../keys.ts';
import { tlv } from '../apdu.ts';
import type { Random } from '../memory.ts';
import {
  type Access,
  type CardFile,
  type Directory,
  digits,
  directories,
  item,
  type Padding,
  padded,
  records,
  SSSE_NAME,
  unwritten,
} from './files.ts';
import { type SscKeyName, sscFactors, sscKey } from './keys.ts';
import { portraitBmp, portraitJpeg } from './portrait.ts';

export type Generation = 1 | 2 | 3;

/** All bytes as the card stores them. */
export interface Holder {
  /** 18 characters. */
  readonly citizenNumber: string;
  /** GB18030, at most 50 bytes: 30 in the item of the name, the rest in its extension. */
  readonly name: Buffer;
  readonly padding?: Padding;
  /** `1` male, `2` female, `9` not told; absent like the three that follow: unwritten, FF. */
  readonly sex?: string;
  readonly ethnicGroup?: string;
  readonly birthplace?: string;
  readonly birthDate?: string;
}

/** A card to be made. Numbers of even length are BCD as hex digits. */
export interface SscProfile {
  /** Of the card on the tray, never a person's. */
  readonly name: string;
  readonly generation: Generation;
  /** GB/T 2260, 6 digits. */
  readonly region: string;
  /** 8 hex digits: bytes 8 to 11 of the card id, and the end of the historical bytes. */
  readonly serial: string;
  /** Historical bytes where they do not follow from region and serial: 13 bytes, hex. */
  readonly history?: string;
  /** Bytes 12 to 15 of the card id, hex; default FFFFFFFF, as on test cards. */
  readonly authenticationCode?: string;
  /** EF05 tag 04 behind 9156000002: two regions and a number, 7 bytes, hex. */
  readonly initialisation?: string;
  /** 9 characters. */
  readonly cardNumber: string;
  /** `1` preschool, `2` student, `3` adult, `4` elderly. */
  readonly cardClass: string;
  readonly issued: string;
  readonly validUntil: string;
  /** Null: EF06 as the maker delivered it. */
  readonly holder: Holder | null;
  readonly photo?: 'jpeg' | 'bmp';
  /** EF05 tag 03 where it is not that of the generation: 4 bytes, hex. */
  readonly version?: string;
  /** Digits; default 123456; empty: the card has none. */
  readonly pin?: string;
  /** Tries left when handed out; default 3 of 3. */
  readonly pinTries?: number;
  readonly keyTries?: number;
  /** `temporary`: FCI with 6283, then 6985; `permanent`: nothing can be selected. */
  readonly locked?: 'no' | 'temporary' | 'permanent';
  /** A copy made without the keys: its proofs are wrong and it takes no right ones. */
  readonly forged?: boolean;
  /** EF06 open to everybody on generation 3 too, as some batches are said to be. */
  readonly openHolder?: boolean;
}

export interface Personalised {
  readonly profile: SscProfile;
  readonly algorithm: KeyAlgorithm;
  /** 13 historical bytes. */
  readonly history: Buffer;
  /** 16 bytes. */
  readonly cardId: Buffer;
  readonly directories: readonly Directory[];
  readonly keys: Readonly<Record<SscKeyName, Buffer>>;
  readonly random: Random;
}

const VERSIONS: Readonly<Record<Generation, string>> = {
  1: '312E3030', // "1.00"
  2: '322E3000', // "2.0", as found on real cards
  3: '332E3030', // "3.00"
};

/** Throws when a field has the wrong form: a mistake in the profile. */
export function personalise(profile: SscProfile, random?: Random): Personalised {
  const algorithm = profile.generation === 3 ? 'sm4' : '3des';
  const history = historyOf(profile);
  const code = profile.authenticationCode ?? 'FFFFFFFF';
  const cardId = hex(`${profile.region}D156000005${profile.serial}${code}`, 16, 'card id');
  const factors = sscFactors(profile.region, history);
  const key = (name: SscKeyName) =>
    profile.forged ? Buffer.alloc(16) : sscKey(name, algorithm, factors);
  return {
    profile,
    algorithm,
    history,
    cardId,
    random: random ?? hashed(cardId),
    directories: [environment(profile, cardId), ...directories(profile.region)],
    keys: {
      IRK: key('IRK'),
      STK: key('STK'),
      PUK: key('PUK'),
      RKSSSE: key('RKSSSE'),
      RKDF: key('RKDF'),
    },
  };
}

/** Reproducible, different for every card and every draw. No secret: this is a simulation. */
function hashed(cardId: Buffer): Random {
  return (draw, length) => {
    const hash = createHash('sha256').update(cardId).update(String(draw));
    return hash.digest().subarray(0, length);
  };
}

/** Chip 0081, COS "TW1", card maker 8660, region, serial: 13 bytes. */
function historyOf({ region, serial, history }: SscProfile): Buffer {
  if (history !== undefined) return hex(history, 13, 'history');
  return hex(`00815457318660${region.slice(0, 4)}${serial}`, 13, 'region or serial');
}

function environment(profile: SscProfile, cardId: Buffer): Directory {
  const third = profile.generation === 3;
  const holderAccess: Access = third && !profile.openHolder ? 'rk' : 'free';
  const files = new Map<number, CardFile>([
    [0xef05, records('free', ...issuerItems(profile, cardId))],
    [0xef06, records(holderAccess, ...holderItems(profile))],
    [0xef07, { kind: 'binary', access: 'rk', bytes: Buffer.alloc(0x300, 0xff) }],
    [0xef08, { kind: 'binary', access: 'rk', bytes: photoFile(profile.photo) }],
    [0xef1e, records('free', ...directories(profile.region).map(({ aid }) => entry(aid)))],
  ]);
  const algorithm = third ? [tlv('9F0C', tlv('86', Buffer.from([3])))] : [];
  const own = tlv('A5', tlv('88', Buffer.from([0x1e])), ...algorithm);
  const fci = tlv('6F', tlv('84', SSSE_NAME), own);
  return { name: 'SSSE', fid: null, aid: SSSE_NAME, fci, readKey: 0x0a, files };
}

function entry(aid: Buffer): Buffer {
  return tlv('61', tlv('4F', aid));
}

/** EF05. */
function issuerItems(profile: SscProfile, cardId: Buffer): Buffer[] {
  const { region, generation } = profile;
  const made = profile.initialisation ?? `${region}${region}01`;
  return [
    item('01', 0x10, cardId),
    item('02', 1, Buffer.from(profile.cardClass)),
    item('03', 4, hex(profile.version ?? VERSIONS[generation], 4, 'version')),
    item('04', 0x0c, hex(`9156000002${made}`, 12, 'initialisation')),
    item('05', 4, hex(profile.issued, 4, 'issued')),
    item('06', 4, hex(profile.validUntil, 4, 'validUntil')),
    item('07', 9, Buffer.from(profile.cardNumber)),
  ];
}

/** EF06 in the order of its records: tag and size. */
const HOLDER_ITEMS = [
  ['08', 0x12],
  ['09', 0x1e],
  ['4E', 0x14],
  ['0A', 1],
  ['0B', 1],
  ['0C', 3],
  ['0D', 4],
] as const;

/** What is not known was never written; the extension of the name came with generation 2. */
function holderItems({ holder, generation }: SscProfile): Buffer[] {
  const values: Readonly<Record<string, Buffer | undefined>> = holder ? valuesOf(holder) : {};
  const known = HOLDER_ITEMS.filter(([tag]) => tag !== '4E' || generation !== 1);
  return known.map(([tag, size]) => {
    const value = values[tag];
    const padding = (tag === '09' || tag === '4E' ? holder?.padding : undefined) ?? 0x00;
    return value ? padded(tag, { size, value, padding }) : unwritten(tag, size);
  });
}

function valuesOf(holder: Holder): Readonly<Record<string, Buffer | undefined>> {
  const { citizenNumber, name, sex, ethnicGroup, birthplace, birthDate } = holder;
  return {
    '08': Buffer.from(citizenNumber),
    '09': name.subarray(0, 0x1e),
    '4E': name.subarray(0x1e),
    '0A': sex === undefined ? undefined : Buffer.from(sex),
    '0B': ethnicGroup === undefined ? undefined : digits(ethnicGroup),
    '0C': birthplace === undefined ? undefined : digits(birthplace),
    '0D': birthDate === undefined ? undefined : digits(birthDate),
  };
}

/** EF08, 4096 bytes; FF where no photo was written. */
function photoFile(photo: SscProfile['photo']): Buffer {
  const picture = photo === undefined ? Buffer.alloc(0) : PHOTOS[photo]();
  return Buffer.concat([picture, Buffer.alloc(0x1000 - picture.length, 0xff)]);
}

const PHOTOS = {
  jpeg: portraitJpeg,
  bmp: portraitBmp,
};

function hex(text: string, length: number, field: string): Buffer {
  const bytes = Buffer.from(text, 'hex');
  if (bytes.length !== length || text.length !== length * 2)
    throw new RangeError(`card profile: ${field} has the wrong form`);
  return bytes;
}
