/**
 * What the ledger holds. A tap with money is a small story of records that share `ref`, the seq of
 * its intent:  intent → (authorised) → debited → outcome → passage. A story without an outcome is
 * open: its card may or may not have been debited (灰记录 until settled). Byte fields are upper
 * case hex, money is integer fen, `at` is BCD `YYYYMMDDHHMMSS` as sent to card and SAM.
 */

import type { Direction } from '../../firmware-bridge/ports.ts';

/** Trip record kinds (EF1E byte 0): 03 entry, 04 exit, 06 flat single ride, 08 supplement. */
export type TripKind = '03' | '04' | '06' | '08';

/** Durable before `8054` is sent. */
export interface Intent {
  readonly type: 'intent';
  readonly card: string; // application serial, 10 bytes
  readonly issuer: string; // issuer id, 8 bytes
  readonly card_kind: string | null; // EF17 byte 10; read for cards of other cities alone
  readonly counter: number; // n: the EP counter before this debit
  readonly txn_type: '09'; // compound purchase
  readonly kind: TripKind;
  readonly amount_fen: number;
  readonly balance_before_fen: number;
  readonly at: string;
  readonly terminal: string; // 6 bytes
  readonly psam: string; // PSAM serial, 10 bytes
  readonly key_version: string;
  readonly algorithm: string;
  readonly trip: string; // the 48 bytes sent with 80DC
  readonly entry: string | null; // EF1E as read, when the trip closes an earlier entry
  readonly fare_rule: string;
  /** Does this debit, once verified, open the gate? A supplement before an entry does not. */
  readonly opens: boolean;
  /** In which the gate opens for it; absent in books of earlier versions. */
  readonly direction?: Direction;
}

/** What the SAM gave. Written beside `8054`; makes the TAC of a torn tap checkable. */
export interface Authorised {
  readonly type: 'authorised';
  readonly ref: number;
  readonly term_seq: string; // 4 bytes
  readonly mac1: string;
}

/** The card's answer to `8054`, or to `805A` when recovered. Durable before the gate opens. */
export interface Debited {
  readonly type: 'debited';
  readonly ref: number;
  readonly tac: string;
  readonly mac2: string;
  readonly by: '8054' | '805A';
}

export type Status =
  /** Debited and MAC2 verified. */
  | 'done'
  /** Torn, proved by `805A`, MAC verified. */
  | 'recovered'
  /** Torn, proved by `805A`, but the SAM session was gone; the host checks the TAC. */
  | 'mac2-unverified'
  /** MAC2 wrong: suspicious, nothing was opened. */
  | 'mac2-wrong'
  /** The card refused or never got the command: nothing was debited. */
  | 'not-debited'
  /**
   * Cannot be settled any more here: the card's counter moved on and the host decides, or the host
   * has decided (reason `settled by the host`).
   */
  | 'grey';

export interface Outcome {
  readonly type: 'outcome';
  readonly ref: number;
  readonly status: Status;
  /** Why, in the field's words: `9000`, `9302`, `805A 9406` … */
  readonly reason: string;
}

/** The gate was walked through on the strength of this tap. */
export interface Passage {
  readonly type: 'passage';
  readonly ref: number;
}

/** A listed card was met; `blocked` when 841E was accepted. No money moves. */
export interface Sighting {
  readonly type: 'sighting';
  readonly card: string;
  readonly reason: string;
  readonly at: string;
  readonly blocked: boolean;
}

/**
 * A segment file was settled in full and is removed once this is durable. It vouches for the
 * first record that is left: its number and its predecessor's hash.
 */
export interface Retired {
  readonly type: 'retired';
  readonly segment: number;
  readonly first_seq: number;
  readonly last_seq: number;
  /** Of record `last_seq`, as the record behind it names it, lower-case hex. */
  readonly hash: string;
  /** The highest termSeq up to there, 4 bytes. */
  readonly term_seq: string;
  readonly at: string;
  /** It was damaged, and the operator let it go with `--accept-damage`. */
  readonly damaged?: true;
}

/**
 * Everybody passed unpaid, by policy, from `begins` to `ends`: explains takings that are missing.
 * A period that a power cut ended has no `ends`; the books behind it go on as usual.
 */
export interface FreePassage {
  readonly type: 'free-passage';
  readonly phase: 'begins' | 'ends';
  /** Which part was lost. */
  readonly reason: string;
  readonly at: string;
  /** At the end: how many were seen to pass unpaid meanwhile. */
  readonly passed: number;
}

export type LedgerRecord =
  | Intent
  | Authorised
  | Debited
  | Outcome
  | Passage
  | Sighting
  | FreePassage
  | Retired;

/** A tap's story, gathered from its records. */
export interface Story {
  readonly ref: number;
  readonly intent: Intent;
  readonly authorised?: Authorised;
  readonly debited?: Debited;
  readonly outcome?: Outcome;
  readonly passed: boolean;
}
