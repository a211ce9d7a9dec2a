/** What the virtual transit card remembers, and the shape of a command that changes it. */

import type { Answer, Apdu } from './apdu.ts';
import type { Blocked, Personalised } from './personalise.ts';

/** Survives the loss of power. JSON-able; byte fields are upper-case hex. */
export interface CardSnapshot {
  readonly balance_fen: number;
  /** Offline purchase counter. */
  readonly counter: number;
  /** Random numbers drawn so far: none is ever given twice. */
  readonly draws: number;
  /** EF18, newest first, 23 bytes each, at most 10. */
  readonly log: readonly string[];
  /** EF1E, newest first, 48 bytes each, at most 10. */
  readonly trips: readonly string[];
  /** What 805A gives for the latest debit. */
  readonly proof: Proof | null;
  readonly blocked: Blocked;
}

export interface Proof {
  readonly type: number;
  /** After the debit (n+1). */
  readonly counter: number;
  readonly mac2: string;
  readonly tac: string;
}

/** Lost with the power. */
export interface Session {
  readonly application: 'mf' | 'pse' | 'ppse' | 'purse';
  /** Short id of the file that SELECT named, if any. */
  readonly file: number | null;
  /** Good for the very next command only. */
  readonly challenge: Buffer | null;
  /** Between 8050 and 8054. */
  readonly purchase: Purchase | null;
}

export interface Purchase {
  readonly type: 0x06 | 0x09;
  readonly amount_fen: number;
  readonly terminal: Buffer;
  readonly random: Buffer;
  /** Record of 80DC, written by 8054 or never. */
  readonly trip: Buffer | null;
}

export const POWER_UP: Session = {
  application: 'mf',
  file: null,
  challenge: null,
  purchase: null,
};

/** Random bytes of the `draw`-th call on this card. */
export type Random = (draw: number, length: number) => Buffer;

/** Everything that a command may look at. */
export interface Moment {
  readonly card: Personalised;
  readonly random: Random;
  readonly stored: CardSnapshot;
  readonly session: Session;
}

/** What a command answers and what it changes; the caller makes the change at one point. */
export interface Step {
  readonly answer: Answer;
  readonly stored?: CardSnapshot;
  readonly session?: Session;
}

export type Handler = (moment: Moment, apdu: Apdu) => Step;

export const RECORDS_MAX = 10;
export const TRIP_LENGTH = 48;
