/**
 * A PBOC debit application as far as a kiosk sees it: FCI with PDOL, GET PROCESSING OPTIONS by
 * contact (AIP and AFL) or fast (everything at once, and always "ask the bank"), records, GET DATA.
 * SYNTHETIC account numbers. Not modelled: certificates, SM2, a cryptogram that a bank could check,
 * VERIFY, GENERATE AC, electronic cash that could be spent.
 */

import { createHash } from 'node:crypto';
import { type Apdu, answer, encodeAnswer, parseApdu, readRecord, SW, tlv } from '../apdu.ts';
import type { Application } from './combined.ts';

export interface BankProfile {
  /** 13 to 19 digits. */
  readonly account: string;
  /** YYMM */
  readonly expires: string;
  /** Application label, e.g. `PBOC DEBIT`. */
  readonly label: string;
}

export interface BankSnapshot {
  /** Application transaction counter. */
  readonly atc: number;
}

export interface BankApplication extends Application {
  snapshot(): BankSnapshot;
  /** Also takes the power away. */
  restore(snapshot: BankSnapshot): void;
}

/** UnionPay debit. */
const AID = Buffer.from('A000000333010101', 'hex');
/** TTQ, amounts, country, TVR, currency, date, type, random: 33 bytes of values. */
const PDOL = Buffer.from('9F66049F02069F03069F1A0295055F2A029A039C019F3704', 'hex');
const PDOL_LENGTH = 33;
const FAST = 0x20;
const AIP = Buffer.from('7C00', 'hex');
/** Files 1 and 2 with one record each; the second is not signed. */
const AFL = Buffer.from('0801010010010100', 'hex');
const WORK_MS = 20; // [I]

interface Moment {
  readonly profile: BankProfile;
  readonly stored: BankSnapshot;
  /** Selected, and options were given: only then are there records. */
  readonly open: boolean;
}

interface Step extends Pick<Moment, 'stored' | 'open'> {
  readonly told: ReturnType<typeof answer>;
}

export function createBankApplication(profile: BankProfile): BankApplication {
  let stored: BankSnapshot = { atc: 1 };
  let open = false;
  return {
    names: [AID],
    label: profile.label,
    exchange(bytes) {
      const step = execute({ profile, stored, open }, parseApdu(bytes));
      ({ stored, open } = step);
      return { answer: encodeAnswer(step.told), work_ms: WORK_MS };
    },
    powerDown() {
      open = false;
    },
    snapshot: () => stored,
    restore(snapshot) {
      stored = snapshot;
      open = false;
    },
  };
}

function execute(moment: Moment, apdu: Apdu | null): Step {
  const { stored, open, profile } = moment;
  const refuse = (sw: number): Step => ({ stored, open, told: answer(sw) });
  if (!apdu) return refuse(SW.wrongLength);
  switch ((apdu.cla << 8) | apdu.ins) {
    case 0x00a4: // only by its own name does it get here
      if (apdu.p1 !== 0x04) return refuse(SW.fileNotFound);
      return { stored, open: false, told: answer(SW.ok, fci(profile)) };
    case 0x80a8:
      return options(moment, apdu);
    case 0x00b2:
      return { stored, open, told: read(moment, apdu) };
    case 0x80ca:
      return { stored, open, told: getData(moment, apdu) };
    default:
      return refuse(apdu.cla === 0x00 || apdu.cla === 0x80 ? SW.wrongInstruction : SW.wrongClass);
  }
}

function fci({ label }: BankProfile): Buffer {
  const log = tlv('BF0C', tlv('9F4D', Buffer.from('0B0A', 'hex')));
  const own = [tlv('50', Buffer.from(label)), tlv('87', Buffer.from([1])), tlv('9F38', PDOL), log];
  return tlv('6F', tlv('84', AID), tlv('A5', ...own));
}

/** Counts the transaction. Without the fast bit of TTQ the answer is that of a contact card. */
function options({ profile, stored, open }: Moment, { p1, p2, data }: Apdu): Step {
  const refuse = (sw: number): Step => ({ stored, open, told: answer(sw) });
  if (p1 !== 0 || p2 !== 0) return refuse(SW.wrongParameters);
  if (data.length !== PDOL_LENGTH + 2) return refuse(SW.wrongLength);
  if (data[0] !== 0x83 || data[1] !== PDOL_LENGTH) return refuse(SW.wrongData);
  const next = { atc: (stored.atc + 1) & 0xffff };
  const fast = (data.readUInt8(2) & FAST) !== 0;
  const value = fast ? fastAnswer(profile, next.atc, data) : tlv('80', AIP, AFL);
  return { stored: next, open: !fast, told: answer(SW.ok, value) };
}

/** Tags in the order of a published trace; CVR A00000: the terminal shall ask the bank. */
function fastAnswer(profile: BankProfile, atc: number, data: Buffer): Buffer {
  const counter = Buffer.alloc(2);
  counter.writeUInt16BE(atc);
  const seed = Buffer.concat([Buffer.from(profile.account), counter, data]);
  const invented = createHash('sha256').update(seed).digest();
  const head = Buffer.from('07010103A00000010A010000000000', 'hex');
  return tlv(
    '77',
    tlv('82', AIP),
    tlv('9F36', counter),
    tlv('57', trackTwo(profile)),
    tlv('9F10', head, invented.subarray(8, 12)),
    tlv('9F26', invented.subarray(0, 8)),
    tlv('5F34', Buffer.from([0])),
    tlv('9F6C', Buffer.alloc(2)),
    tlv('9F5D', Buffer.alloc(6)),
  );
}

/** Account D YYMM, service code 201, and zeros where a real card has the bank's own. */
function trackTwo({ account, expires }: BankProfile): Buffer {
  return nibbles(`${account}D${expires}2010000000000`);
}

function nibbles(text: string): Buffer {
  return Buffer.from(text.length % 2 === 1 ? `${text}F` : text, 'hex');
}

function read({ profile, open }: Moment, { p1, p2, data, le }: Apdu) {
  if (data.length > 0) return answer(SW.wrongLength);
  if (!open) return answer(SW.conditions);
  const files: ReadonlyMap<number, Buffer> = new Map([
    [0x0c, tlv('70', tlv('57', trackTwo(profile)), tlv('5F34', Buffer.from([0])))],
    [0x14, accountRecord(profile)],
  ]);
  const found = files.get(p2);
  if (!found) return answer(SW.fileNotFound);
  return p1 === 1 ? readRecord(found, le) : answer(SW.recordNotFound);
}

function accountRecord({ account, expires }: BankProfile): Buffer {
  return tlv(
    '70',
    tlv('5A', nibbles(account)),
    tlv('5F24', Buffer.from(`${expires}28`, 'hex')),
    tlv('5F25', Buffer.from('200101', 'hex')),
    tlv('5F28', Buffer.from('0156', 'hex')),
  );
}

/** 9F36 counter, 9F17 PIN tries, 9F79 electronic cash (none). */
function getData({ stored }: Moment, { p1, p2 }: Apdu) {
  const tag = (p1 << 8) | p2;
  const counter = Buffer.alloc(2);
  counter.writeUInt16BE(stored.atc);
  const values: ReadonlyMap<number, Buffer> = new Map([
    [0x9f36, counter],
    [0x9f17, Buffer.from([3])],
    [0x9f79, Buffer.alloc(6)],
  ]);
  const value = values.get(tag);
  return value ? answer(SW.ok, tlv(tag.toString(16), value)) : answer(SW.keyNotFound);
}
