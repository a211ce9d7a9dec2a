/**
 * Purchase and compound purchase of the virtual transit card: 805C, 8050, 80DC, 8054, 805A
 * (docs/protocol.md §2.2–2.6). Not modelled: load, overdraft above zero, a limit of wrong MAC1.
 */

import { mac, sessionKey } from '../crypto.ts';
import { type Answer, answer, SW } from './apdu.ts';
import {
  type CardSnapshot,
  type Handler,
  type Moment,
  type Proof,
  type Purchase,
  RECORDS_MAX,
  TRIP_LENGTH,
} from './memory.ts';

const COUNTER_MAX = 0xffff;
const TRIP_FILE = 0x1e << 3;
const NO_OVERDRAFT = Buffer.alloc(3);

/** 805C P1 02: 00 balance, 01 overdraft limit, 02 overdraft used, 03 available. */
export const getBalance: Handler = ({ stored }, { p1, p2, data, le }) => {
  if (p2 !== 0x02 || p1 > 0x03) return { answer: answer(SW.wrongParameters) };
  if (data.length > 0 || (le !== 4 && le !== 256)) return { answer: answer(SW.wrongLength) };
  const shown = p1 === 0x01 || p1 === 0x02 ? 0 : stored.balance_fen;
  return { answer: answer(SW.ok, uint(shown, 4)) };
};

/** 8050: P1 01 simple, 03 compound. Checks key index and funds, changes nothing that lasts. */
export const initialise: Handler = (moment, { p1, p2, data, le }) => {
  const { card, stored } = moment;
  const session = { ...moment.session, purchase: null };
  const refuse = (sw: number) => ({ answer: answer(sw), session });
  if ((p1 !== 0x01 && p1 !== 0x03) || p2 !== 0x02) return refuse(SW.wrongParameters);
  if (data.length !== 11 || !fits(le, 15)) return refuse(SW.wrongLength);
  const amount_fen = data.readUInt32BE(1);
  if (data.readUInt8(0) !== card.keyIndex) return refuse(SW.keyIndex);
  if (stored.counter === COUNTER_MAX) return refuse(SW.counterEnd);
  if (amount_fen > stored.balance_fen) return refuse(SW.insufficient);
  const random = moment.random(stored.draws, 4);
  const purchase: Purchase = {
    type: p1 === 0x03 ? 0x09 : 0x06,
    amount_fen,
    terminal: Buffer.from(data.subarray(5)),
    random,
    trip: null,
  };
  const told = Buffer.concat([
    uint(stored.balance_fen, 4),
    uint(stored.counter, 2),
    NO_OVERDRAFT,
    Buffer.from([card.keyVersion, card.algorithmId]),
    random,
  ]);
  return {
    answer: answer(SW.ok, told),
    stored: { ...stored, draws: stored.draws + 1 },
    session: { ...session, purchase },
  };
};

/** 80DC 00 F0 30: keeps one trip record for 8054; a second one takes its place. */
export const cacheTrip: Handler = ({ session }, { p1, p2, data }) => {
  const { purchase } = session;
  if (purchase?.type !== 0x09) return { answer: answer(SW.badState) };
  if ((p2 & 0xf8) !== TRIP_FILE) return { answer: answer(SW.fileNotFound) };
  if (p1 !== 0x00 || p2 !== TRIP_FILE) return { answer: answer(SW.wrongParameters) };
  if (data.length !== TRIP_LENGTH) return { answer: answer(SW.wrongLength) };
  const cached = { ...purchase, trip: Buffer.from(data) };
  return { answer: answer(SW.ok), session: { ...session, purchase: cached } };
};

/** 8054: verifies MAC1, then debit, counter, trip record, log and proof change as one. */
export const debit: Handler = (moment, { p1, p2, data, le }) => {
  const { purchase } = moment.session;
  const session = { ...moment.session, purchase: null };
  const refuse = (sw: number) => ({ answer: answer(sw), session });
  if (!purchase) return refuse(SW.badState);
  if (p1 !== 0x01 || p2 !== 0x00) return refuse(SW.wrongParameters);
  if (data.length !== 15 || !fits(le, 8)) return refuse(SW.wrongLength);
  const request: Request = {
    purchase,
    termSeq: data.subarray(0, 4),
    at: data.subarray(4, 11),
  };
  const macs = expectedMacs(moment, request);
  if (!macs.mac1.equals(data.subarray(11))) return refuse(SW.wrongMac);
  const stored = debited(moment.stored, request, macs);
  return { answer: answer(SW.ok, Buffer.concat([macs.tac, macs.mac2])), stored, session };
};

/** 805A 00 type 02 n+1: MAC2 ‖ TAC of the latest debit, of that one only. */
export const prove: Handler = ({ stored: { proof } }, { p1, p2, data, le }) => {
  if (p1 !== 0x00) return { answer: answer(SW.wrongParameters) };
  if (data.length !== 2 || !fits(le, 8)) return { answer: answer(SW.wrongLength) };
  const wanted = proof?.type === p2 && proof.counter === data.readUInt16BE();
  return { answer: proof && wanted ? proven(proof) : answer(SW.proofGone) };
};

function proven(proof: Proof): Answer {
  return answer(SW.ok, Buffer.from(proof.mac2 + proof.tac, 'hex'));
}

interface Request {
  readonly purchase: Purchase;
  readonly termSeq: Buffer;
  readonly at: Buffer;
}

interface Macs {
  readonly mac1: Buffer;
  readonly mac2: Buffer;
  readonly tac: Buffer;
}

/** §3.3 with the session key of §3.2. */
function expectedMacs({ card, stored }: Moment, { purchase, termSeq, at }: Request): Macs {
  const { algorithm } = card.profile;
  const input = Buffer.concat([purchase.random, uint(stored.counter, 2), termSeq.subarray(2)]);
  const key = sessionKey(algorithm, card.purchaseKey, { input });
  const amount = uint(purchase.amount_fen, 4);
  const where = Buffer.concat([Buffer.from([purchase.type]), purchase.terminal]);
  return {
    mac1: mac(algorithm, key, Buffer.concat([amount, where, at])),
    mac2: mac(algorithm, key, amount),
    tac: mac(algorithm, card.tacKey, Buffer.concat([amount, where, termSeq, at])),
  };
}

function debited(before: CardSnapshot, { purchase, at }: Request, macs: Macs): CardSnapshot {
  const counter = before.counter + 1;
  const line = Buffer.concat([
    uint(counter, 2), // after the debit, as deployed cards have it (§1.4)
    NO_OVERDRAFT,
    uint(purchase.amount_fen, 4),
    Buffer.from([purchase.type]),
    purchase.terminal,
    at,
  ]);
  const trips = purchase.trip ? newestFirst(purchase.trip, before.trips) : before.trips;
  return {
    ...before,
    balance_fen: before.balance_fen - purchase.amount_fen,
    counter,
    log: newestFirst(line, before.log),
    trips,
    proof: { type: purchase.type, counter, mac2: upper(macs.mac2), tac: upper(macs.tac) },
  };
}

function newestFirst(bytes: Buffer, older: readonly string[]): readonly string[] {
  return [upper(bytes), ...older].slice(0, RECORDS_MAX);
}

/** A missing Le or 00 takes what comes. */
function fits(le: number | undefined, length: number): boolean {
  return le === undefined || le === 256 || le === length;
}

function uint(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

function upper(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
