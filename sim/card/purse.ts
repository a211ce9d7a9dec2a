/**
 * A virtual T-Union dual-interface transit card (docs/protocol.md §1–§3). Every command is a pure
 * function from what the card remembers to an answer and a new memory, and `exchange` swaps the
 * memory at one point. So a card whose field dies has either done the command or has not: call
 * `powerDown` instead of `exchange` for a tear before that point, after it for a tear behind it.
 */

import { hash } from 'node:crypto';
import type { KeyAlgorithm, KeySet } from '../keys.ts';
import { type Apdu, answer, encodeAnswer, parseApdu, SW } from './apdu.ts';
import { binary, record, select } from './files.ts';
import { block, challenge } from './locking.ts';
import {
  type CardSnapshot,
  type Handler,
  type Moment,
  POWER_UP,
  type Random,
  type Step,
  TRIP_LENGTH,
} from './memory.ts';
import { type CardProfile, type Personalised, personalise } from './personalise.ts';
import { cacheTrip, debit, getBalance, initialise, prove } from './purchase.ts';
import type { Target } from './target.ts';
import { work_ms } from './timing.ts';

export interface PurseCard extends Target {
  /** Application serial, 10 bytes, upper-case hex. */
  readonly serial: string;
  readonly algorithm: KeyAlgorithm;
  readonly balance_fen: number;
  readonly counter: number;
  readonly blocked: CardSnapshot['blocked'];
  /** The newest trip record, 48 bytes. */
  readonly lastTrip: Buffer;
  snapshot(): CardSnapshot;
  /** Also powers the card down. */
  restore(snapshot: CardSnapshot): void;
}

export function createPurseCard(profile: CardProfile, keys: KeySet): PurseCard {
  return purseOf(personalise(profile, keys));
}

/** @param random replaces the card's own reproducible generator, as published traces need */
export function purseOf(card: Personalised, random: Random = hashed(card.profile)): PurseCard {
  const { profile } = card;
  let stored = freshMemory(profile);
  let session = POWER_UP;
  return {
    name: profile.name,
    uid: Buffer.from(profile.uid, 'hex'),
    atqa: Buffer.from(profile.uid.length === 14 ? '0044' : '0004', 'hex'),
    sak: 0x20,
    // TL, T0 (TA1 TB1 TC1, FSCI 8), 106 kbit/s both ways, FWI 8 SFGI 0, CID; no historical bytes
    ats: Buffer.from('0578808002', 'hex'),
    serial: profile.serial.toUpperCase(),
    algorithm: profile.algorithm,
    get balance_fen() {
      return stored.balance_fen;
    },
    get counter() {
      return stored.counter;
    },
    get blocked() {
      return stored.blocked;
    },
    get lastTrip() {
      return Buffer.from(stored.trips[0] ?? '', 'hex');
    },
    exchange(bytes) {
      const apdu = parseApdu(bytes);
      const step = execute({ card, random, stored, session }, apdu);
      stored = step.stored ?? stored;
      session = step.session ?? session;
      return { answer: encodeAnswer(step.answer), work_ms: work_ms(apdu) };
    },
    powerDown() {
      session = POWER_UP;
    },
    snapshot: () => stored,
    restore(snapshot) {
      stored = snapshot;
      session = POWER_UP;
    },
  };
}

/** Commands of the file system, which any application answers. */
const FILE_COMMANDS: ReadonlyMap<number, Handler> = new Map([
  [0x00a4, select],
  [0x00b0, binary],
  [0x00b2, record],
  [0x0084, challenge],
]);

/** Commands of the purse application, which a block stops. */
const PURSE_COMMANDS: ReadonlyMap<number, Handler> = new Map([
  [0x805c, getBalance],
  [0x8050, initialise],
  [0x80dc, cacheTrip],
  [0x8054, debit],
  [0x805a, prove],
  [0x841e, block],
]);

const CLASSES = new Set([...FILE_COMMANDS.keys(), ...PURSE_COMMANDS.keys()].map((k) => k >> 8));

function execute(moment: Moment, apdu: Apdu | null): Step {
  const step = apdu ? dispatch(moment, apdu) : { answer: answer(SW.wrongLength) };
  const session = step.session ?? moment.session;
  const stale = session.challenge === moment.session.challenge;
  return { ...step, session: stale ? { ...session, challenge: null } : session };
}

function dispatch(moment: Moment, apdu: Apdu): Step {
  const name = (apdu.cla << 8) | apdu.ins;
  const ofFiles = FILE_COMMANDS.get(name);
  if (ofFiles) return ofFiles(moment, apdu);
  const ofPurse = PURSE_COMMANDS.get(name);
  if (!ofPurse)
    return { answer: answer(CLASSES.has(apdu.cla) ? SW.wrongInstruction : SW.wrongClass) };
  if (moment.session.application !== 'purse') return { answer: answer(SW.conditions) };
  if (moment.stored.blocked !== 'no') return { answer: answer(SW.blocked) };
  return ofPurse(moment, apdu);
}

function freshMemory({ balance_fen, trip, blocked }: CardProfile): CardSnapshot {
  const newest = (trip ?? '00'.repeat(TRIP_LENGTH)).toUpperCase();
  if (newest.length !== TRIP_LENGTH * 2) throw new RangeError('card profile: trip is not 48 bytes');
  return {
    balance_fen,
    counter: 0,
    draws: 0,
    log: [],
    trips: [newest],
    proof: null,
    blocked: blocked ?? 'no',
  };
}

/** Reproducible, different for every card and every draw. No secret: this is a simulation. */
function hashed({ serial, uid }: CardProfile): Random {
  return (draw, length) => hash('sha256', `${serial} ${uid} ${draw}`, 'buffer').subarray(0, length);
}
