/** What a part of the soak is, and what it tells at its end. */

import type { Line } from '../bench/measure.ts';

export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** What this machine lacks for it, with the cure; null: nothing. */
  lacking?(): string | null;
  run(size: Size): Promise<Outcome>;
}

export interface Size {
  /** Unplugged and plugged in so many times, each wire. */
  readonly rounds: number;
  /** The same on a real hidraw device, which may have to be emulated. */
  readonly hidraw_rounds: number;
  readonly flicks: number;
  readonly taps: number;
  readonly seed: number;
}

export interface Outcome {
  readonly lines: readonly Line[];
  /** Promises that were broken, in words: something leaked, froze, or was paid twice. */
  readonly wrong: readonly string[];
  /** What befell the traffic, for the reader. */
  readonly notes: readonly string[];
}
