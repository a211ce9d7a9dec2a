import { createTapLane, type Kind, type Spent } from '../kit/lane.ts';
import { type Line, lineOf, quantilesOf, type Row } from '../measure.ts';

const WARM_UP = 500;

export const tap: Row = {
  name: 'tap',
  what: "the controller's own share of a paid tap, back to back; card, SAM, links, disk excluded",
  async run({ quick }) {
    const rounds = quick ? 3 : 10;
    const taps = quick ? 300 : 2_000;
    const flat = await createTapLane('flat');
    const entry = await createTapLane('entry');
    for (const lane of [flat, entry]) await lane.play(WARM_UP);
    const taken: Record<Kind, Spent[][]> = { flat: [], entry: [] };
    for (let round = 0; round < rounds; round += 1) {
      taken.flat.push(await flat.play(taps));
      taken.entry.push(await entry.play(taps));
    }
    return [...linesFor('flat', taken.flat), ...linesFor('entry', taken.entry)];
  },
};

function linesFor(kind: Kind, rounds: readonly Spent[][]): Line[] {
  const target = { p50: 0.5, p99: 2 };
  const of = (pick: (spent: Spent) => number) =>
    quantilesOf(rounds.map((round) => round.map(pick)));
  const wall = of(({ wall_ms }) => wall_ms);
  return [
    lineOf(`tap, own share, ${kind} lane`, 'ms', { ...wall, target }),
    lineOf(
      `the same, CPU of all threads`,
      'ms',
      of(({ cpu_ms }) => cpu_ms),
    ),
  ];
}
