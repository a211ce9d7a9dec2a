import { cardNumber } from '../kit/lane.ts';
import { scratch } from '../kit/scratch.ts';
import { openTimedLane, type TimedLane, type TimedTap } from '../kit/timed-lane.ts';
import { type Line, lineOf, quantilesOf, type Row } from '../measure.ts';

const WARM_UP = 30;
const CARDS = 16;

export const open: Row = {
  name: 'open',
  what: 'from the card to the order to open, against a program that costs nothing',
  async run({ quick }) {
    const rounds = quick ? 2 : 6;
    const taps = quick ? 20 : 100;
    const fast = await openTimedLane(scratch(), 921_600);
    const slow = await openTimedLane(scratch(), 115_200);
    for (const lane of [fast, slow]) await play(lane, WARM_UP);
    const taken: Record<'fast' | 'slow', Pair[][]> = { fast: [], slow: [] };
    for (let round = 0; round < rounds; round += 1) {
      taken.fast.push(await play(fast, taps));
      taken.slow.push(await play(slow, taps));
    }
    await fast.close();
    await slow.close();
    return [...linesFor('921600 baud', taken.fast, true), ...linesFor('115200 baud', taken.slow)];
  },
};

interface Pair {
  readonly real: TimedTap;
  readonly floor: TimedTap;
}

async function play(lane: TimedLane, taps: number): Promise<Pair[]> {
  const cards = Array.from({ length: CARDS }, (_, number) => cardNumber(number));
  const pairs: Pair[] = [];
  for (let tap = 0; tap < taps; tap += 1) {
    const card = cards[tap % CARDS];
    if (!card) throw new Error('no such card');
    // One after the other, so that whatever disturbs the machine disturbs both.
    pairs.push({ real: await lane.tap(card, false), floor: await lane.tap(card, true) });
  }
  return pairs;
}

function linesFor(baud: string, rounds: readonly Pair[][], judged = false): Line[] {
  const of = (pick: (pair: Pair) => number) =>
    quantilesOf(rounds.map((round) => round.map((pair) => pick(pair))));
  const real = of(({ real: { toOpen_ms } }) => toOpen_ms);
  const floor = of(({ floor: { toOpen_ms } }) => toOpen_ms);
  const times = of((pair) => pair.real.toOpen_ms / pair.floor.toOpen_ms);
  const ratio = { times: real.p50 / floor.p50, of: 'floor' };
  const both = [
    lineOf(`tap to open, ${baud}`, 'ms', { ...real, ratio }),
    lineOf(`floor of these taps, ${baud}`, 'ms', floor),
  ];
  if (!judged) return both;
  return [
    ...both,
    lineOf('tap to open / floor', '×', { ...times, target: { p50: 1.03, p99: 1.1 } }),
    lineOf('waited for the disk', 'ms', {
      ...of(({ real: { forDisk_ms } }) => forDisk_ms),
      target: { p50: 0, p99: 0 },
    }),
    lineOf(
      'intent to disk, beside 80DC and 8070',
      'ms',
      of((pair) => pair.real.intent_ms),
    ),
    lineOf(
      'debit to disk, beside 8072',
      'ms',
      of((pair) => pair.real.outcome_ms),
    ),
  ];
}
