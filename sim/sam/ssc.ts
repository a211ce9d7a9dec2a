/**
 * The social security application of a PSAM (LD/T 32.9): files 0015 and 0016, the environment, a
 * session key for one card (DELIVERY SESSION KEY), and encryption with it (CIPHER DATA). It keeps
 * all keys in one algorithm; a card of the other one needs another PSAM.
 */

import { type Apdu, answer, readBinary, SW, tlv } from '../card/apdu.ts';
import { cipherBlock, type SessionKey, sscSessionKey } from '../card/ssc/crypto.ts';
import { SSC_KEY_NAMES, SSC_KEYS, type SscKeyName, sscFactors, sscKey } from '../card/ssc/keys.ts';
import { blockLength } from '../crypto.ts';
import type { KeyAlgorithm } from '../keys.ts';

export interface SscSamSettings {
  readonly algorithm: KeyAlgorithm;
  /**
   * Levels that a terminal must send: 3 for a ministry's PSAM, 2 for a province's, 1 for a city's.
   * A lower one holds keys already diversified for `region`.
   */
  readonly levels: 1 | 2 | 3;
  /** GB/T 2260, 6 digits. */
  readonly region: string;
  /** CLA and INS of DELIVERY SESSION KEY. */
  readonly deliver: 0xbfde | 0x80de | 0x801a;
  /** Bytes of the process factor; 16: random, then zeros. */
  readonly processFactorLength: 8 | 16;
  /** Keys may be used without an authorisation card; else 6982. */
  readonly authorised: boolean;
}

export const SSC_SAM: SscSamSettings = {
  algorithm: 'sm4',
  levels: 3,
  region: '330200',
  deliver: 0xbfde,
  processFactorLength: 16,
  authorised: true,
};

export const SSC_SAM_AID = Buffer.from('D15600000590', 'hex');

/** Lost with the power and with every SELECT. */
export interface SscSamSession {
  /** Selected file, 0x15 or 0x16. */
  readonly file: number | null;
  readonly key: SessionKey | null;
}

export const SSC_SAM_START: SscSamSession = { file: null, key: null };

interface Moment {
  readonly settings: SscSamSettings;
  /** 10 and 6 bytes, hex. */
  readonly identity: { readonly serial: string; readonly terminal: string };
  readonly session: SscSamSession;
}

interface Step {
  readonly answer: ReturnType<typeof answer>;
  readonly session?: SscSamSession;
}

const FACTOR = 8;

export function sscSamFci(): Buffer {
  return tlv('6F', tlv('84', SSC_SAM_AID), tlv('A5', tlv('88', Buffer.from([1]))));
}

/** Whatever comes while this application is selected; null: not one of its own commands. */
export function executeSscSam(moment: Moment, apdu: Apdu): Step | null {
  const name = (apdu.cla << 8) | apdu.ins;
  if (name === moment.settings.deliver) return deliver(moment, apdu);
  switch (name) {
    case 0x00a4:
      return selectFile(moment, apdu);
    case 0x00b0:
      return read(moment, apdu);
    case 0xbfec:
      return environment(apdu);
    case 0x80fa:
      return cipher(moment, apdu);
    default:
      return null;
  }
}

function selectFile({ session }: Moment, { p1, data }: Apdu): Step | null {
  const file = data.length === 2 && (p1 === 0x00 || p1 === 0x02) ? data.readUInt16BE() : 0;
  if (file !== 0x15 && file !== 0x16) return null;
  return { answer: answer(SW.ok), session: { ...session, file } };
}

function read({ session, identity }: Moment, { p1, p2, data, le }: Apdu): Step {
  if (data.length > 0) return { answer: answer(SW.wrongLength) };
  const short = (p1 & 0x80) !== 0;
  const file = short ? p1 & 0x1f : session.file;
  if (file === null) return { answer: answer(SW.noCurrentFile) };
  const bytes = sscSamFile(identity, file);
  const offset = short ? p2 : (p1 << 8) | p2;
  return { answer: bytes ? readBinary(bytes, offset, le) : answer(SW.fileNotFound) };
}

/** 0015: issuer 1, serial 10, version 1 (05 on: SM4), key card type 1, FCI 2. 0016: terminal. */
function sscSamFile({ serial, terminal }: Moment['identity'], file: number): Buffer | null {
  if (file === 0x15) return Buffer.from(`01${serial}05010000`, 'hex');
  return file === 0x16 ? Buffer.from(terminal, 'hex') : null;
}

/** BFEC 00 00 01: the first byte of the card id, which chooses keys where a PSAM has several. */
function environment({ p1, p2, data }: Apdu): Step {
  if (p1 !== 0 || p2 !== 0) return { answer: answer(SW.wrongParameters) };
  return { answer: answer(data.length === 1 ? SW.ok : SW.wrongLength) };
}

/** P1 levels and key type, P2 key id; card, city and province factor, then the process factor. */
function deliver({ settings, session }: Moment, { p1, p2, data }: Apdu): Step {
  const refuse = (sw: number): Step => ({ answer: answer(sw), session: { ...session, key: null } });
  const { algorithm, levels, processFactorLength } = settings;
  if (!settings.authorised) return refuse(SW.notPermitted);
  const name = SSC_KEY_NAMES.find((each) => SSC_KEYS[each].samId === p2);
  if (!name || !usable(name, p1 & 0x1f)) return refuse(SW.keyNotFound);
  if (p1 >> 5 !== levels) return refuse(SW.wrongData);
  const border = FACTOR * levels;
  if (data.length !== border + processFactorLength) return refuse(SW.wrongLength);
  const own = sscFactors(settings.region, Buffer.alloc(13)).slice(0, 3 - levels);
  const master = sscKey(name, algorithm, [...own, ...provinceFirst(data.subarray(0, border))]);
  const key = sscSessionKey(algorithm, master, data.subarray(border));
  return { answer: answer(SW.ok), session: { ...session, key } };
}

/** Key type 8 stands for MAC and encryption both. */
function usable(name: SscKeyName, type: number): boolean {
  return type === SSC_KEYS[name].samUsage || type === 8;
}

function provinceFirst(factors: Buffer): Buffer[] {
  const list: Buffer[] = [];
  for (let end = factors.length; end > 0; end -= FACTOR)
    list.push(factors.subarray(end - FACTOR, end));
  return list;
}

/** 80FA 00 00: encrypts one block with the session key; whoever asked folds the halves. */
function cipher({ session }: Moment, { p1, p2, data }: Apdu): Step {
  const { key } = session;
  if (!key) return { answer: answer(SW.conditions) };
  if (p1 !== 0 || p2 !== 0) return { answer: answer(SW.wrongParameters) };
  if (data.length !== blockLength(key.algorithm)) return { answer: answer(SW.wrongLength) };
  return { answer: answer(SW.ok, cipherBlock(key, data)) };
}
