/**
 * The chip's commands (NXP UM0701-02 §7), each as what to send and how to read the answer. Pure.
 * Where an answer carries the chip's error code, the fault's effect is the command's own.
 */

import { type Effect, type FaultCode, failed, ok, type Reply } from '../faults.ts';

export interface ChipCommand<T> {
  readonly name: string;
  /** The answer bears this code plus one. */
  readonly code: number;
  readonly body: Buffer;
  /** Carries a command to the card: without an answer, its effect is unknown. */
  readonly reachesCard: boolean;
  /** The answer repeats the body, so that any other answer is known to be an old one. */
  readonly echoes?: boolean;
  /** `answer` is what follows the answer code. */
  parse(answer: Buffer): Reply<T>;
}

/** Wakes a sleeping chip on HSU; the zeros last until its oscillator runs (§3.1.3.5, libnfc). */
export const WAKE_UP = Buffer.from(`5555${'00'.repeat(14)}`, 'hex');

/** Bytes for the card in one InDataExchange. */
export const EXCHANGE_BYTES = 262;

/** Serial speeds by their code in SetSerialBaudRate (§7.2.7). */
const BAUD_CODES: Readonly<Record<number, number>> = {
  9600: 0,
  19200: 1,
  38400: 2,
  57600: 3,
  115200: 4,
  230400: 5,
  460800: 6,
  921600: 7,
  1288000: 8,
};

/** Error codes of the status byte (§7.1), and what they say about the card. */
const ERRORS: Readonly<Record<number, readonly [FaultCode, string]>> = {
  1: ['card-gone', 'the card did not answer'],
  2: ['card-garbled', 'CRC error on the air'],
  3: ['card-garbled', 'parity error on the air'],
  4: ['card-garbled', 'wrong bit count during anticollision'],
  5: ['card-garbled', 'framing error on the air'],
  6: ['card-garbled', 'abnormal bit collision'],
  7: ['chip-refused', 'communication buffer too small'],
  9: ['card-garbled', 'RF buffer overflow'],
  10: ['chip-refused', 'RF field not switched on in time'],
  11: ['card-garbled', 'RF protocol error'],
  13: ['chip-refused', 'overheated, antenna drivers are off'],
  14: ['chip-refused', 'internal buffer overflow'],
  16: ['chip-refused', 'parameter out of range'],
  18: ['chip-refused', 'command not supported by the target'],
  19: ['card-garbled', 'data format against the specification'],
  20: ['chip-refused', 'authentication error'],
  35: ['card-garbled', 'wrong UID check byte'],
  37: ['chip-refused', 'device in a wrong state'],
  38: ['chip-refused', 'not allowed in this configuration'],
  39: ['chip-refused', 'not acceptable in this context'],
  41: ['card-gone', 'target released'],
  42: ['card-gone', 'another card than expected'],
  43: ['card-gone', 'the card has disappeared'],
  44: ['card-garbled', 'NFCID3 mismatch'],
  45: ['chip-refused', 'over-current at the antenna'],
  46: ['card-garbled', 'NAD missing'],
};

const NOT_ACCEPTABLE = 0x27;
const STATUS_MORE = 0x40;
const STATUS_ERROR = 0x3f;
const SAK_ISO14443_4 = 0x20;

/** Test 00: the chip echoes the token. */
export function diagnoseLine(token: Buffer): ChipCommand<Buffer> {
  const name = 'Diagnose line';
  const body = Buffer.concat([Buffer.from([0x00]), token]);
  const parse = (answer: Buffer) => (answer.equals(body) ? ok(token) : malformed(name, answer));
  return { name, code: 0x00, body, reachesCard: false, echoes: true, parse };
}

/** Test 06: asks the active ISO 14443-4 card for a sign of life that changes nothing. */
export function diagnoseCard(): ChipCommand<boolean> {
  const name = 'Diagnose card';
  const parse = (answer: Buffer) =>
    answer.length === 1 ? ok(answer.readUInt8(0) === 0) : malformed(name, answer);
  return { name, code: 0x00, body: Buffer.from([0x06]), reachesCard: false, parse };
}

/** For example `PN532 1.6`. */
export function getFirmwareVersion(): ChipCommand<string> {
  const name = 'GetFirmwareVersion';
  const parse = (answer: Buffer) => {
    if (answer.length !== 4) return malformed(name, answer);
    const chip = answer.subarray(0, 1).toString('hex');
    return ok(`PN5${chip} ${answer.readUInt8(1)}.${answer.readUInt8(2)}`);
  };
  return { name, code: 0x02, body: Buffer.alloc(0), reachesCard: false, parse };
}

/** The chip works at the new speed once the host has acknowledged the answer (§7.2.7). */
export function setSerialBaudRate(baud: number): ChipCommand<void> {
  const code = BAUD_CODES[baud];
  if (code === undefined) throw new RangeError(`the PN532 knows no speed of ${baud} baud`);
  return bare('SetSerialBaudRate', 0x10, [code]);
}

/** Normal mode: the chip's own SAM interface is not used. Ends the low-voltage mode. */
export function samConfiguration(): ChipCommand<void> {
  return bare('SAMConfiguration', 0x14, [0x01]);
}

/** Sleeps until bytes come over HSU. */
export function powerDown(): ChipCommand<void> {
  return withStatus('PowerDown', 0x16, 0x10);
}

export function rfField(on: boolean): ChipCommand<void> {
  return bare('RFConfiguration field', 0x32, [0x01, on ? 1 : 0]);
}

/** Time-out codes: 100 µs times two to the power of (code - 1). */
export function rfTimings(atrResponse: number, retry: number): ChipCommand<void> {
  return bare('RFConfiguration timings', 0x32, [0x02, 0x00, atrResponse, retry]);
}

/** How often the chip repeats a failed exchange by itself. */
export function rfExchangeRetries(retries: number): ChipCommand<void> {
  return bare('RFConfiguration MaxRtyCOM', 0x32, [0x04, retries]);
}

/** How often the chip repeats a search for cards; 0xFF is for ever. */
export function rfActivationRetries(retries: number): ChipCommand<void> {
  return bare('RFConfiguration MaxRetries', 0x32, [0x05, 0xff, 0x01, retries]);
}

export interface Target {
  readonly tg: number;
  /** SENS_RES (ATQA) as the chip sends it. */
  readonly sens: number;
  /** SEL_RES (SAK). */
  readonly sak: number;
  readonly uid: Buffer;
  /** With its length byte TL; empty when the target has none. */
  readonly ats: Buffer;
}

/** Looks for up to two type A targets at 106 kbit/s and activates them. */
export function inListPassiveTarget(): ChipCommand<readonly Target[]> {
  const name = 'InListPassiveTarget';
  const body = Buffer.from([0x02, 0x00]);
  const parse = (answer: Buffer) => {
    const targets = parseTargets(answer);
    return targets ? ok(targets) : malformed(name, answer);
  };
  return { name, code: 0x4a, body, reachesCard: false, parse };
}

function parseTargets(answer: Buffer): Target[] | undefined {
  const count = answer.at(0) ?? 0xff;
  const targets: Target[] = [];
  let rest = answer.subarray(1);
  while (targets.length < Math.min(count, 2)) {
    const target = parseTarget(rest);
    if (!target) return undefined;
    targets.push(target);
    rest = rest.subarray(5 + target.uid.length + target.ats.length);
  }
  return rest.length === 0 && targets.length === count ? targets : undefined;
}

function parseTarget(bytes: Buffer): Target | undefined {
  const uidLength = bytes.at(4) ?? 0;
  if (![4, 7, 10].includes(uidLength) || bytes.length < 5 + uidLength) return undefined;
  const sak = bytes.readUInt8(3);
  const atsAt = 5 + uidLength;
  const atsLength = sak & SAK_ISO14443_4 ? (bytes.at(atsAt) ?? 0) : 0;
  if (bytes.length < atsAt + atsLength) return undefined;
  return {
    tg: bytes.readUInt8(0),
    sens: bytes.readUInt16BE(1),
    sak,
    uid: Buffer.from(bytes.subarray(5, atsAt)),
    ats: Buffer.from(bytes.subarray(atsAt, atsAt + atsLength)),
  };
}

export function isIso14443_4(target: Target): boolean {
  return (target.sak & SAK_ISO14443_4) !== 0;
}

export interface Exchanged {
  /** The card's answer goes on: fetch it with an exchange of no data. */
  readonly more: boolean;
  readonly data: Buffer;
}

/** `more`: the command goes on in a further exchange. Carries at most `EXCHANGE_BYTES`. */
export function inDataExchange(tg: number, data: Buffer, more: boolean): ChipCommand<Exchanged> {
  const name = 'InDataExchange';
  return {
    name,
    code: 0x40,
    body: Buffer.concat([Buffer.from([tg | (more ? STATUS_MORE : 0)]), data]),
    reachesCard: true,
    parse(answer) {
      const status = parseStatus(name, answer, 'unknown');
      if (!status.ok) return status;
      return ok({ more: (status.value & STATUS_MORE) !== 0, data: answer.subarray(1) });
    },
  };
}

/** Ends the session with a target; 0 means all. */
export function inRelease(tg: number): ChipCommand<void> {
  return withStatus('InRelease', 0x52, tg);
}

/** A command whose answer is empty. */
function bare(name: string, code: number, body: number[]): ChipCommand<void> {
  const parse = (answer: Buffer) => (answer.length === 0 ? ok(undefined) : malformed(name, answer));
  return { name, code, body: Buffer.from(body), reachesCard: false, parse };
}

/** A command with one parameter whose answer is a status byte. */
function withStatus(name: string, code: number, parameter: number): ChipCommand<void> {
  const parse = (answer: Buffer) => {
    const status = parseStatus(name, answer, 'none');
    return status.ok ? ok(undefined) : status;
  };
  return { name, code, body: Buffer.from([parameter]), reachesCard: false, parse };
}

function parseStatus(name: string, answer: Buffer, effect: Effect): Reply<number> {
  const status = answer.at(0);
  if (status === undefined) return malformed(name, answer, effect);
  const error = status & STATUS_ERROR;
  if (error === 0) return ok(status);
  const [code, text] = ERRORS[error] ?? ['chip-garbled', 'unknown error code'];
  const detail = `${name}: ${text} (status ${status.toString(16).padStart(2, '0')})`;
  return failed(code, error === NOT_ACCEPTABLE ? 'none' : effect, detail);
}

function malformed(name: string, answer: Buffer, effect: Effect = 'none') {
  return failed('chip-garbled', effect, `${name}: malformed answer of ${answer.length} bytes`);
}
