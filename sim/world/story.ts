/**
 * A story: all that happens in one world, as data drawn from a seed beforehand. Whatever a step
 * needs of chance while it runs (which sectors survive) comes from a seed of its own, so that a
 * story with steps or faults taken out is still the same story.
 */

import type { Fault } from './faults.ts';

/**
 * What of the lane is real in a story beyond what always is: the Modbus driver with its gate board,
 * the blacklist with its signed files, an index of the ledger, a back office that comes meanwhile.
 */
export const FITTINGS = ['modbus', 'files', 'index', 'office'] as const;
export type Fitting = (typeof FITTINGS)[number];

export type LaneKind = 'flat' | 'entry' | 'exit';

export type CardClass =
  | 'sm4'
  | '3des'
  | 'elderly'
  | 'poor'
  | 'expired'
  | 'foreign'
  | 'listed'
  | 'listed-later'
  | 'bank'
  | 'mifare'
  /** No keys: a fixed MAC2. */
  | 'forged'
  /** Files and serial of another card of the world, and no keys. */
  | 'cloned'
  /** Answers 8054 with what another card answered the last time. */
  | 'replayed'
  /** Shows another balance at 8050 than it has. */
  | 'inconsistent';

export interface Step {
  readonly id: number;
  /** Since the step before. */
  readonly pause_ms: number;
  /** Index into the story's cards. */
  readonly card: number;
  /** How long the passenger holds the card at most, without a result. */
  readonly patience_ms: number;
  /** How long the card stays after the result. */
  readonly lingers_ms: number;
  /** Does the passenger walk once the gate is open? */
  readonly walks: boolean;
  /** Through the zone; a slow one may still stand there when the lane starts anew. */
  readonly crosses_ms: number;
  /** Somebody goes through at this one's heels, who may or may not have paid. */
  readonly followed?: boolean;
  /** The next one taps before this one has walked: two rights at once. */
  readonly hurried?: boolean;
  readonly faults: readonly Fault[];
  /** The back office fetches the books meanwhile, and may confirm what it took. */
  readonly office?: 'fetch' | 'settle';
}

export interface Story {
  readonly seed: number;
  readonly lane: LaneKind;
  /** Do reader, cards and SAM take the time of real ones? */
  readonly timed: boolean;
  readonly sync_ms: number;
  readonly segment_bytes: number;
  readonly fitted: readonly Fitting[];
  readonly cards: readonly CardClass[];
  readonly steps: readonly Step[];
}
