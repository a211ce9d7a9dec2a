import type { Size } from './scenario.ts';

/** What the product promises. */
export const LONG: Size = {
  ...{ rounds: 200, hidraw_rounds: 200, flicks: 100_000, taps: 100_000, seed: 1 },
};

/** A few seconds each. */
export const QUICK: Size = {
  ...{ rounds: 6, hidraw_rounds: 4, flicks: 1_000, taps: 600, seed: 1 },
};
