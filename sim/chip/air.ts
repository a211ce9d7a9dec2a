/** The state of the chip's contactless side: field, sessions with cards, retries. */

import type { Clock } from '../../firmware-bridge/ports.ts';
import type { Target } from '../card/target.ts';
import type { Field } from './field.ts';
import type { RfRate, Timing } from './timing.ts';

/** The PN532's error codes as far as they occur here (UM0701-02 §7.1). */
export const STATUS = { ok: 0x00, timeOut: 0x01, overflow: 0x0e, context: 0x27 } as const;

export interface Session {
  /** Logical number, 1 or 2. */
  readonly number: number;
  readonly target: Target;
  /** RATS was sent: commands travel in ISO 14443-4 blocks. */
  readonly blocks: boolean;
  selected: boolean;
  /** The card left the field; should it come back, it knows nothing of this session. */
  gone: boolean;
  rate: RfRate;
  /** No block was exchanged yet: only now does a card accept PPS. */
  fresh: boolean;
  /** Parts of a chained command, and what the host has not yet fetched of a long answer. */
  command: Buffer[];
  rest: Buffer;
}

export interface Air {
  readonly clock: Clock;
  readonly field: Field;
  readonly timing: Timing;
  readonly sessions: Map<number, Session>;
  /** Cards left in the block protocol without session: they answer no REQA (14443-3 §6.3). */
  readonly deaf: Set<Target>;
  on: boolean;
  /** The front end hangs: no card is heard until the field goes off. */
  hung: boolean;
  /** MxRtyCOM: how often a lost block is asked for again (RFConfiguration item 04). */
  comRetries: number;
  /** MxRtyPassiveActivation: 0xff searches for ever (RFConfiguration item 05). */
  activationRetries: number;
}

export function createAir(parts: Pick<Air, 'clock' | 'field' | 'timing'>): Air {
  const sessions = new Map<number, Session>();
  const deaf = new Set<Target>();
  const { field } = parts;
  field.onChange(() => {
    const present = new Set(field.targets());
    for (const session of sessions.values()) session.gone ||= !present.has(session.target);
    for (const target of deaf) if (!present.has(target)) deaf.delete(target);
  });
  return {
    ...parts,
    sessions,
    deaf,
    on: false,
    hung: false,
    comRetries: 0,
    activationRetries: 0xff,
  };
}

/** RF off: every card in the field loses power. */
export function switchOff(air: Air): void {
  air.on = false;
  air.hung = false;
  air.sessions.clear();
  air.deaf.clear();
  for (const target of air.field.targets()) target.powerDown();
}

export function openSession(air: Air, target: Target, blocks: boolean): Session {
  const session: Session = {
    number: air.sessions.has(1) ? 2 : 1,
    target,
    blocks,
    selected: true,
    gone: false,
    rate: 1,
    fresh: true,
    command: [],
    rest: Buffer.alloc(0),
  };
  air.sessions.set(session.number, session);
  return session;
}

/** Forgets all sessions without a word to the cards. */
export function abandonSessions(air: Air): void {
  for (const { blocks, selected, gone, target } of air.sessions.values()) {
    if (blocks && selected && !gone) air.deaf.add(target);
  }
  air.sessions.clear();
}

/** How long the chip waits for a card that does not answer, retries included. */
export function silenceOf_ms(air: Air, session: Session): number {
  return air.timing.silence_ms(readAts(session.target.ats).fwi) * (1 + air.comRetries);
}

const FRAME_SIZES = [16, 24, 32, 40, 48, 64, 96, 128, 256];

/**
 * What the chip takes from an ATS (TL T0 TA TB …, ISO/IEC 14443-4 §5.2): the card's frame size,
 * its waiting time, and the fastest rate that it offers in both directions.
 */
export function readAts(ats: Buffer): { fsc: number; fwi: number; fastest: RfRate } {
  const format = ats.length > 1 ? ats.readUInt8(1) : 0x02;
  let at = 2;
  const next = (present: boolean) => (present ? ats.at(at++) : undefined);
  const ta = next((format & 0x10) !== 0) ?? 0;
  const tb = next((format & 0x20) !== 0) ?? 0x40;
  const both = ta & (ta >> 4);
  return {
    fsc: FRAME_SIZES[format & 0x0f] ?? 256,
    fwi: tb >> 4 === 15 ? 4 : tb >> 4,
    fastest: (both & 0x02) !== 0 ? 4 : (both & 0x01) !== 0 ? 2 : 1,
  };
}
