/** The stretches of work in which a process dies at an await, and who comes afterwards. */

import type { Fault } from '../../sim/world/faults.ts';
import { passengerComes, SETTLES_MS } from '../../sim/world/run.ts';
import type { CardClass, Fitting, LaneKind, Step } from '../../sim/world/story.ts';
import type { World } from '../../sim/world/world.ts';

export interface Flow {
  readonly name: string;
  readonly lane: LaneKind;
  readonly card: CardClass;
  /** What runs in the lane's own process besides; importers and office are other programs. */
  readonly fitted?: readonly Extract<Fitting, 'modbus' | 'index'>[];
  /** What was before; the lane serves when it ends. */
  readonly before?: (world: World) => Promise<void>;
  readonly stretch: (world: World) => Promise<void>;
  /** What the passenger reads when nothing goes wrong. */
  readonly usual?: string;
  /** What whoever comes back may read, where that is no matter of money. */
  readonly refusals?: readonly string[];
}

export const RETURNS = ['in time', 'another card first', 'late'] as const;
export type Return = (typeof RETURNS)[number];

/** Small, so that segments end within a flow and opening has several to read. */
export const SEGMENT_BYTES = 1_024;
const MINUTE_MS = 60_000;
/** Which command of a tap is 8054. */
const DEBIT = 5;
/** Whose tap is disturbed, and another passenger. */
const CARD = 0;
const OTHER = 1;

const tap = (world: World) => passengerComes(world, step(1, CARD));

/** A tap into which something else breaks, and what the lane does about it. */
function tapWith(...faults: Fault[]): Flow['stretch'] {
  return async (world) => {
    await passengerComes(world, { ...step(1, CARD), faults });
    await settled(world);
  };
}

/** A segment ends with every second ride or so. */
async function severalRides(world: World): Promise<void> {
  for (let nth = 0; nth < 3; nth += 1) {
    await passengerComes(world, { ...step(1, CARD), pause_ms: 10 * MINUTE_MS });
    await settled(world);
  }
}

/** The debit is done and the card has gone before it could say so. */
async function tornTap(world: World): Promise<void> {
  const tear = { kind: 'tear', nth: DEBIT, moment: 'after', stays: false } as const;
  await passengerComes(world, { ...step(1, CARD), faults: [tear] });
  if (world.checks.debits.length === 0) throw new Error(`command ${DEBIT} is no debit`);
}

/** Books of several segments, and a debit in the last one that nobody has settled. */
async function longBooks(world: World): Promise<void> {
  for (let nth = 0; nth < 6; nth += 1) {
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
  {
    name: 'start with an index',
    ...{ lane: 'flat', card: 'sm4', fitted: ['index'], before: longBooks, stretch: dieAndBoot },
  },
  {
    name: 'ride behind Modbus',
    ...{ lane: 'flat', card: 'sm4', fitted: ['modbus'], stretch: tap, usual: 'pass' },
  },
  { name: 'stop', lane: 'flat', card: 'sm4', before: tornTap, stretch: stop },
  { name: 'stop amid a tap', lane: 'flat', card: 'sm4', stretch: stopAmidTap },
  { name: 'rides over segments', lane: 'flat', card: 'sm4', stretch: severalRides },
  {
    name: 'listed card',
    ...{ lane: 'flat', card: 'listed', stretch: tap, usual: 'listed-lost' },
    refusals: ['listed-lost', 'card-blocked'],
  },
  {
    name: 'two cards',
    ...{ lane: 'flat', card: 'sm4' },
    stretch: tapWith({ kind: 'second-card', when: { on: 'time', after_ms: 0 }, card: OTHER }),
  },
  {
    name: 'damaged frame',
    ...{ lane: 'flat', card: 'sm4' },
    stretch: tapWith({ kind: 'line', direction: 'to-host', spoiling: 'corrupt', nth: 12 }),
  },
  {
    name: 'reader unplugged',
    ...{ lane: 'flat', card: 'sm4' },
    stretch: tapWith({ kind: 'unplug', when: { on: 'command', nth: 3 }, for_ms: 1_500 }),
  },
  {
    name: 'SAM pulled',
    ...{ lane: 'flat', card: 'sm4' },
    stretch: tapWith({ kind: 'sam-absent', when: { on: 'command', nth: 3 }, for_ms: 1_500 }),
  },
  {
    name: 'disk fails',
    ...{ lane: 'flat', card: 'sm4' },
    stretch: tapWith({
      ...{ kind: 'disk-fails', on: 'sync', once: true, for_ms: 1_500 },
      when: { on: 'command', nth: 3 },
    }),
  },
];

/** Until the lane serves and nothing is under way. */
export async function settled(world: World): Promise<void> {
  await world.clock.run(SETTLES_MS, () => world.quiet || world.checks.violation !== null);
}

export function cardsOf({ card }: Flow): readonly CardClass[] {
  return [card, 'sm4'];
}

export async function comeBack(world: World, how: Return): Promise<void> {
  const patience_ms = 4_000;
  const pause_ms = how === 'late' ? 30 * MINUTE_MS : 200;
  if (how === 'another card first') await passengerComes(world, { ...step(2, OTHER), patience_ms });
  if (world.checks.violation) return;
  await passengerComes(world, { ...step(3, CARD), patience_ms, pause_ms });
}

function step(id: number, card: number): Step {
  const walks = { walks: true, crosses_ms: 80 };
  return { id, card, pause_ms: 200, patience_ms: 500, lingers_ms: 0, faults: [], ...walks };
}
