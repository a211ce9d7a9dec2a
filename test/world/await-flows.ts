/** The stretches of work in which a process dies at an await, and who comes afterwards. */

import { passengerComes, SETTLES_MS } from '../../sim/world/run.ts';
import type { CardClass, LaneKind, Step } from '../../sim/world/story.ts';
import type { World } from '../../sim/world/world.ts';

export interface Flow {
  readonly name: string;
  readonly lane: LaneKind;
  readonly card: CardClass;
  /** What was before; the lane serves when it ends. */
  readonly before?: (world: World) => Promise<void>;
  readonly stretch: (world: World) => Promise<void>;
  /** What the passenger reads when nothing goes wrong. */
  readonly usual?: string;
}

export const RETURNS = ['in time', 'another card first', 'late'] as const;
export type Return = (typeof RETURNS)[number];

/** Small, so that segments end within a flow and opening has several to read. */
export const SEGMENT_BYTES = 4_096;
const MINUTE_MS = 60_000;
/** Which command of a tap is 8054. */
const DEBIT = 5;
/** Whose tap is disturbed, and another passenger. */
const CARD = 0;
const OTHER = 1;

const tap = (world: World) => passengerComes(world, step(1, CARD));

/** The debit is done and the card has gone before it could say so. */
async function tornTap(world: World): Promise<void> {
  const tear = { kind: 'tear', nth: DEBIT, moment: 'after', stays: false } as const;
  await passengerComes(world, { ...step(1, CARD), faults: [tear] });
  if (world.checks.debits.length === 0) throw new Error(`command ${DEBIT} is no debit`);
}

/** Books of several segments, and a debit in the last one that nobody has settled. */
async function longBooks(world: World): Promise<void> {
  for (let nth = 0; nth < 12; nth += 1) {
    await passengerComes(world, { ...step(1, OTHER), pause_ms: 10 * MINUTE_MS });
  }
  await tornTap(world);
}

async function dieAndBoot(world: World): Promise<void> {
  world.die({ kind: 'kill', down_ms: MINUTE_MS });
  world.boot();
  await settled(world);
}

async function stop(world: World): Promise<void> {
  await world.stop();
  if (world.checks.violation) return;
  world.boot();
}

/** Stops while a tap waits for the disk. */
async function stopAmidTap(world: World): Promise<void> {
  const { clock, field, cards } = world;
  world.begin(step(1, CARD));
  const target = cards[CARD]?.target;
  if (!target) throw new Error('no card');
  field.enter(target);
  await clock.run(SETTLES_MS, () => world.life?.lane?.gate.snapshot().tap !== 'idle');
  await stop(world);
  field.leave(target);
}

export const FLOWS: readonly Flow[] = [
  { name: 'flat ride', lane: 'flat', card: 'sm4', stretch: tap, usual: 'pass' },
  { name: 'flat ride, 3DES', lane: 'flat', card: '3des', stretch: tap, usual: 'pass' },
  { name: 'free ride', lane: 'flat', card: 'elderly', stretch: tap, usual: 'pass-free' },
  { name: 'entry', lane: 'entry', card: 'sm4', stretch: tap, usual: 'pass' },
  { name: 'exit', lane: 'exit', card: 'sm4', stretch: tap, usual: 'pass' },
  {
    name: 'recovery',
    ...{ lane: 'flat', card: 'sm4', before: tornTap, stretch: tap, usual: 'pass-recovered' },
  },
  {
    name: 'recovery at an exit',
    ...{ lane: 'exit', card: 'sm4', before: tornTap, stretch: tap, usual: 'pass-recovered' },
  },
  {
    name: 'recovery after a restart',
    ...{ lane: 'flat', card: 'sm4', stretch: tap, usual: 'paid-see-staff' },
    async before(world) {
      await tornTap(world);
      await dieAndBoot(world);
    },
  },
  { name: 'start', lane: 'flat', card: 'sm4', before: longBooks, stretch: dieAndBoot },
  { name: 'stop', lane: 'flat', card: 'sm4', before: tornTap, stretch: stop },
  { name: 'stop amid a tap', lane: 'flat', card: 'sm4', stretch: stopAmidTap },
];

/** Until the lane serves and nothing is under way. */
export async function settled(world: World): Promise<void> {
  await world.clock.run(SETTLES_MS, () => world.quiet || world.checks.violation !== null);
}

export function cardsOf({ card }: Flow): readonly CardClass[] {
  return [card, 'sm4'];
}

export async function comeBack(world: World, how: Return): Promise<void> {
  if (how === 'another card first') await passengerComes(world, step(2, OTHER));
  const late = how === 'late' ? { pause_ms: 30 * MINUTE_MS } : {};
  if (!world.checks.violation) await passengerComes(world, { ...step(3, CARD), ...late });
}

function step(id: number, card: number): Step {
  const walks = { walks: true, crosses_ms: 80 };
  return { id, card, pause_ms: 200, patience_ms: 500, lingers_ms: 0, faults: [], ...walks };
}
