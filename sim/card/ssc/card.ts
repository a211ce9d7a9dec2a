/**
 * The Social Security application of a card: SSSE, DF01 to DF04, keys and PIN. Every command is a
 * pure function from memory to answer and new memory, and `exchange` swaps the memory at one point,
 * as in the purse: a card torn away has done the command or has not.
 */

import { type Apdu, answer, encodeAnswer, parseApdu, SW } from '../apdu.ts';
import type { Random } from '../memory.ts';
import { challenge, external, internal, KEY_TRIES } from './authenticate.ts';
import type { Application } from './combined.ts';
import { SSC_KEYS } from './keys.ts';
import {
  keyName,
  SSC_POWER_UP,
  type SscHandler,
  type SscMoment,
  type SscSnapshot,
  type SscStep,
} from './memory.ts';
import { personalise, type SscProfile } from './personalise.ts';
import { change, PIN_TRIES, reset, verify } from './pin.ts';
import { binary, record } from './read.ts';
import { select } from './select.ts';

export interface SscApplication extends Application {
  /** 16 bytes. */
  readonly cardId: Buffer;
  /** 13 historical bytes for the answers to reset and select. */
  readonly history: Buffer;
  snapshot(): SscSnapshot;
  /** Also takes the power away. */
  restore(snapshot: SscSnapshot): void;
}

const COMMANDS: ReadonlyMap<number, SscHandler> = new Map([
  [0x00a4, select],
  [0x00b2, record],
  [0x00b0, binary],
  [0x0084, challenge],
  [0x0088, internal],
  [0x0082, external],
  [0x0020, verify],
  [0x805e, change],
  [0x8424, reset],
]);

const CLASSES = new Set([...COMMANDS.keys()].map((name) => name >> 8));
const SELECT = 0xa4;
const BY_NAME = 0x04;

/** [I] Nobody published times; of the order of one contact read at 9600 baud and two ciphers. */
const WORK_MS: ReadonlyMap<number, number> = new Map([
  [0xa4, 20],
  [0x88, 25],
  [0x82, 25],
  [0x20, 15],
  [0xb0, 15],
]);
const OTHER_MS = 10;

/**
 * Throws when the profile is malformed.
 * @param random replaces the card's own reproducible generator, as published traces need
 */
export function createSscApplication(profile: SscProfile, random?: Random): SscApplication {
  const card = personalise(profile, random);
  let stored = freshMemory(profile);
  let session = SSC_POWER_UP;
  return {
    names: card.directories.map(({ aid }) => aid),
    label: null,
    cardId: card.cardId,
    history: card.history,
    exchange(bytes) {
      const apdu = parseApdu(bytes);
      const step = execute({ card, stored, session }, apdu);
      stored = step.stored ?? stored;
      session = step.session ?? session;
      const work_ms = WORK_MS.get(apdu?.ins ?? 0) ?? OTHER_MS;
      return { answer: encodeAnswer(step.answer), work_ms };
    },
    powerDown() {
      session = SSC_POWER_UP;
    },
    snapshot: () => stored,
    restore(snapshot) {
      stored = snapshot;
      session = SSC_POWER_UP;
    },
  };
}

function execute(moment: SscMoment, apdu: Apdu | null): SscStep {
  if (!apdu) return { answer: answer(SW.wrongLength) };
  const handler = COMMANDS.get((apdu.cla << 8) | apdu.ins);
  const unknown = CLASSES.has(apdu.cla) ? SW.wrongInstruction : SW.wrongClass;
  if (!handler) return { answer: answer(unknown) };
  const shut = (moment.card.profile.locked ?? 'no') !== 'no';
  if (shut && !(apdu.ins === SELECT && apdu.p1 === BY_NAME))
    return { answer: answer(SW.conditions) };
  return handler(moment, apdu);
}

function freshMemory({ pin = '123456', pinTries, keyTries }: SscProfile): SscSnapshot {
  return {
    draws: 0,
    pin: pin.length % 2 === 1 ? `${pin}F` : pin,
    pinTries: pinTries ?? PIN_TRIES,
    keyTries: { [keyName(SSC_KEYS.RKSSSE.kid)]: keyTries ?? KEY_TRIES },
  };
}
