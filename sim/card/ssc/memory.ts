/** What a virtual Social Security Card remembers, and the shape of a command that changes it. */

import type { Answer, Apdu } from '../apdu.ts';
import type { Personalised } from './personalise.ts';

/** Survives the loss of power. JSON-able. */
export interface SscSnapshot {
  /** Random numbers drawn so far: none is ever given twice. */
  readonly draws: number;
  /** The bytes of VERIFY, upper-case hex; empty: the card has no PIN. */
  readonly pin: string;
  readonly pinTries: number;
  /** Tries left of the keys of EXTERNAL AUTHENTICATE, by two hex digits of the key id. */
  readonly keyTries: Readonly<Record<string, number>>;
}

/** Lost with the power. */
export interface SscSession {
  /** Name of the selected directory: `MF`, `SSSE`, `DF01` … */
  readonly directory: string;
  /** Selected file, EFxx; null when none. */
  readonly file: number | null;
  /** Current record of that file, from 0; null when none. */
  readonly record: number | null;
  /** Random of the latest GET CHALLENGE, until EXTERNAL AUTHENTICATE or a new directory. */
  readonly challenge: Buffer | null;
  /** Granted: `PIN`, or a key id such as `0A`. */
  readonly rights: readonly string[];
}

export const SSC_POWER_UP: SscSession = {
  directory: 'MF',
  file: null,
  record: null,
  challenge: null,
  rights: [],
};

/** Everything that a command may look at. */
export interface SscMoment {
  readonly card: Personalised;
  readonly stored: SscSnapshot;
  readonly session: SscSession;
}

/** What a command answers and what it changes; the caller makes the change at one point. */
export interface SscStep {
  readonly answer: Answer;
  readonly stored?: SscSnapshot;
  readonly session?: SscSession;
}

export type SscHandler = (moment: SscMoment, apdu: Apdu) => SscStep;

/** Two upper-case hex digits. */
export function keyName(kid: number): string {
  return kid.toString(16).toUpperCase().padStart(2, '0');
}
