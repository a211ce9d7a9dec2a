/** Taps in which no money moves, and what their cards read on coming back. */

import type { PurseCard } from '../../sim/card/purse.ts';
import type { Bench, BenchOptions } from '../kit/lane-bench.ts';

export const RETURNS = [
  'in time',
  'late',
  'another card first',
  'restart',
  'crash',
  'stays',
] as const;
export type Return = (typeof RETURNS)[number];

export interface Scene extends BenchOptions {
  readonly name: string;
  /** The card in its state before the tap that is torn. */
  readonly prepare: (bench: Bench) => Promise<PurseCard>;
  /** What it reads on coming back. */
  readonly back: (back: Return) => readonly string[];
}

export const SCENES: readonly Scene[] = [
  {
    name: 'listed card, blocked by 841E',
    lane: 'flat',
    prepare: async (bench) => {
      const card = bench.card();
      bench.listed.set(card.serial, 'lost');
      return card;
    },
    back: () => ['listed-lost', 'card-blocked'],
  },
  {
    name: 'too little on the card, 805C',
    lane: 'flat',
    prepare: async (bench) => bench.card({ balance_fen: 10 }),
    back: () => ['insufficient'],
  },
  {
    name: 'too little for the entry',
    lane: 'entry',
    prepare: async (bench) => bench.card({ balance_fen: 10 }),
    back: () => ['insufficient'],
  },
  {
    name: 'passed, one tap too many',
    lane: 'flat',
    prepare: async (bench) => {
      const card = bench.card();
      await bench.pass(await bench.tap(card));
      return card;
    },
    back: () => ['passback'],
  },
  {
    name: 'paid and not passed, opens again',
    lane: 'flat',
    prepare: async (bench) => {
      const card = bench.card();
      await bench.tap(card);
      await bench.later(1_000);
      return card;
    },
    // 120 s later it is a new trip.
    back: (back) => [back === 'late' ? 'pass' : 'pass-again'],
  },
];
