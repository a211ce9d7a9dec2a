/**
 * What the issuer writes into a transit card before it is handed out: files, FCI and the card's own
 * keys, diversified from the masters (docs/protocol.md §1, §3.1). Nothing here changes afterwards.
 */

import { diversifyAll, tacKey } from '../crypto.ts';
import { type KeyAlgorithm, type KeySet, masterKey, SCHEMES, type Usage } from '../keys.ts';
import { tlv } from './apdu.ts';

/** T-Union e-purse application. */
export const PURSE_AID = Buffer.from('A000000632010105', 'hex');
export const PSE = Buffer.from('1PAY.SYS.DDF01');
export const PPSE = Buffer.from('2PAY.SYS.DDF01');

export type Blocked = 'no' | 'temporary' | 'permanent';

/** A card to be made. Byte fields are hex, dates `YYYYMMDD`. */
export interface CardProfile {
  readonly name: string;
  readonly uid: string; // 4 or 7 bytes
  readonly serial: string; // 10 bytes: 20 BCD digits
  readonly issuer: string; // 8 bytes
  readonly city: string; // 2 bytes
  readonly start: string;
  readonly expiry: string;
  /** EF15 byte 28: 00 ordinary, 01 elderly, 02 student, 11 disabled (a local table). */
  readonly cardType: string;
  /** EF17 byte 10. */
  readonly cardKind: string;
  readonly interoperable: boolean;
  readonly balance_fen: number;
  readonly algorithm: KeyAlgorithm;
  /** The newest trip record EF1E, 48 bytes; a fresh record of kind 00 when absent. */
  readonly trip?: string;
  /** Does the FCI carry EF15 in tag 9F0C? Default true. */
  readonly fci9f0c?: boolean;
  readonly blocked?: Blocked;
  /** EF15 byte 9: 01 in use (default), FF withdrawn. */
  readonly appVersion?: string;
  /** EF16, 55 bytes: of nobody (zeros) when absent. */
  readonly holder?: string;
}

export interface Personalised {
  readonly profile: CardProfile;
  /** As answered by 8050, and the only key index that 8050 accepts. */
  readonly keyVersion: number;
  readonly algorithmId: number;
  readonly keyIndex: number;
  readonly fci: Buffer;
  /** Transparent files by short file id. */
  readonly files: ReadonlyMap<number, Buffer>;
  readonly purchaseKey: Buffer;
  /** After the rule of §3.4: 16 bytes for SM4, 8 for 3DES. */
  readonly tacKey: Buffer;
  readonly lockKey: Buffer;
}

/** Throws when a field has the wrong length: a mistake in the profile. */
export function personalise(profile: CardProfile, keys: KeySet): Personalised {
  const ef15 = publicInfo(profile);
  const factors = [ef15.subarray(0, 8), ef15.subarray(12, 20)];
  const { algorithm } = profile;
  const key = (usage: Usage) =>
    diversifyAll(algorithm, masterKey(keys, usage, algorithm).key, factors);
  return {
    profile,
    keyVersion: masterKey(keys, 'purchase', algorithm).version,
    ...SCHEMES[algorithm],
    fci: purseFci(profile.fci9f0c === false ? null : ef15),
    files: new Map([
      [0x05, concessionInfo(profile)],
      [0x15, ef15],
      [0x16, hex(profile.holder ?? '00'.repeat(55), 55, 'holder')],
      [0x17, managementInfo(profile)],
    ]),
    purchaseKey: key('purchase'),
    tacKey: tacKey(algorithm, key('tac')),
    lockKey: key('lock'),
  };
}

/** FCI of the contactless and contact directories: `6F` with the directory's name and entries. */
export function directoryFci(name: Buffer, entries: readonly Buffer[]): Buffer {
  const issuerData = name.equals(PSE) ? tlv('88', Buffer.from([1])) : tlv('BF0C', ...entries);
  return tlv('6F', tlv('84', name), tlv('A5', issuerData));
}

/** Directory entry of one application (tag 61). */
export function directoryEntry(aid: Buffer, label: string): Buffer {
  return tlv('61', tlv('4F', aid), tlv('50', Buffer.from(label)), tlv('87', Buffer.from([1])));
}

/** EF15, 30 bytes (§1.2). */
function publicInfo(profile: CardProfile): Buffer {
  return Buffer.concat([
    hex(profile.issuer, 8, 'issuer'),
    hex('02', 1, 'application type'),
    hex(profile.appVersion ?? '01', 1, 'appVersion'),
    hex(profile.serial, 10, 'serial'),
    hex(profile.start, 4, 'start'),
    hex(profile.expiry, 4, 'expiry'),
    hex(profile.cardType, 1, 'cardType'),
    Buffer.alloc(1),
  ]);
}

/** EF17, 60 bytes (§1.3): country, province, city, interoperability, kind, 49 reserved. */
function managementInfo(profile: CardProfile): Buffer {
  const city = hex(profile.city, 2, 'city');
  return Buffer.concat([
    Buffer.from('00000156', 'hex'),
    Buffer.from([city.readUInt8(0), 0]),
    city,
    Buffer.from([0, profile.interoperable ? 1 : 0]),
    hex(profile.cardKind, 1, 'cardKind'),
    Buffer.alloc(49),
  ]);
}

/** EF05, 40 bytes: every city has its own layout; here card type, then the annual check date. */
function concessionInfo(profile: CardProfile): Buffer {
  const head = Buffer.from(profile.cardType + profile.expiry, 'hex');
  return Buffer.concat([head], 40);
}

/** `6F31 8408 <AID> A525 9F080102 9F0C1E <EF15>`, as both public dumps have it (§1.1). */
function purseFci(ef15: Buffer | null): Buffer {
  const version = tlv('9F08', Buffer.from([2]));
  const issuerData = ef15 ? [version, tlv('9F0C', ef15)] : [version];
  return tlv('6F', tlv('84', PURSE_AID), tlv('A5', ...issuerData));
}

function hex(text: string, length: number, field: string): Buffer {
  const bytes = Buffer.from(text, 'hex');
  if (bytes.length !== length || text.length !== length * 2)
    throw new RangeError(`card profile: ${field} must be ${length * 2} hex digits`);
  return bytes;
}
