/** A program: lives the cases of one flow and one return, dying at one moment after the other. */

import { loadLibrary } from '../../firmware-bridge/barrier/board.ts';
import { conclude, SETTLES_MS } from '../../sim/world/run.ts';
import type { Story } from '../../sim/world/story.ts';
import { World } from '../../sim/world/world.ts';
import {
  cardsOf,
  comeBack,
  FLOWS,
  type Flow,
  type Return,
  SEGMENT_BYTES,
  settled,
} from './await-flows.ts';
import { type AwaitHook, installHook, type Moments } from './await-hook.ts';

export interface AwaitOrder {
  readonly flow: string;
  readonly returns: Return;
  readonly death: 'kill' | 'power-cut';
  /** Every so many moments, from the first to be taken on; 1 and 1: all. */
  readonly every: number;
  readonly first: number;
}

export interface AwaitReport {
  readonly order: AwaitOrder;
  /** Of the stretch that nobody disturbs. */
  readonly begun: number;
  readonly resumed: number;
  readonly cases: number;
  /** Moments of the source at which a process died. */
  readonly places: readonly string[];
  /** What whoever came back read → how often. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

const DOWN_MS = 1_000;
const BROKEN_MAX = 5;
/** What whoever was disturbed may read afterwards; whether it is true is a matter of the rules. */
const TOLD = [
  ...['pass', 'pass-free', 'pass-again', 'pass-recovered'],
  ...['passback', 'paid-see-staff'],
];

process.on('message', (order: AwaitOrder) => {
  void enumerate(order).then((report) => process.send?.(report));
});

async function enumerate(order: AwaitOrder): Promise<AwaitReport> {
  const flow = FLOWS.find(({ name }) => name === order.flow);
  if (!flow) throw new Error(`there is no flow ${order.flow}`);
  // By nobody's process: it takes real time, which no world has.
  installHook(() => undefined);
  if (flow.fitted?.includes('modbus')) await loadLibrary();
  const sound = await live(flow, order, Number.POSITIVE_INFINITY);
  const { begun, resumed } = sound;
  const outcomes: Record<string, number> = {};
  const broken = sound.broken === null ? [] : [`undisturbed: ${sound.broken}`];
  const places = new Set<string>();
  let cases = 0;
  for (let nth = order.first; nth <= begun + resumed; nth += order.every) {
    const { died, outcome, broken: text } = await live(flow, order, nth);
    cases += 1;
    places.add(died ?? '');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (died === null) broken.push(`moment ${nth}: nobody died`);
    if (text !== null) broken.push(`moment ${nth}, ${died}: ${text}`);
    if (broken.length >= BROKEN_MAX) break;
  }
  return { order, begun, resumed, cases, places: [...places], outcomes, broken };
}

interface Lived extends Moments {
  readonly died: string | null;
  readonly outcome: string;
  readonly broken: string | null;
}

async function live(flow: Flow, order: AwaitOrder, nth: number): Promise<Lived> {
  const world = new World(storyOf(flow));
  const { clock, checks } = world;
  const hook = installHook(() => world.life?.owner);
  world.boot();
  await clock.run(SETTLES_MS, () => world.serving);
  await flow.before?.(world);
  const { died, moments } = await stretch(world, hook, { flow, order, nth });
  await settled(world);
  world.told = [];
  if (!checks.violation) await comeBack(world, order.returns);
  const outcome = world.told[0]?.message ?? 'nothing';
  if (![...TOLD, ...(flow.refusals ?? [])].includes(outcome))
    checks.fail('liveness', `whoever came back got ${outcome}`);
  await conclude(world);
  const { violation } = checks;
  return { ...moments, died, outcome, broken: violation && `${violation.rule}: ${violation.text}` };
}

interface Stretch {
  readonly flow: Flow;
  readonly order: AwaitOrder;
  readonly nth: number;
}

async function stretch(world: World, hook: AwaitHook, { flow, order, nth }: Stretch) {
  const { checks, field } = world;
  let died: string | null = null;
  hook.arm(nth, (place) => {
    died = place;
    world.die({ kind: order.death, down_ms: DOWN_MS });
    for (const target of field.targets()) field.leave(target);
  });
  await flow.stretch(world);
  const moments = hook.disarm();
  const [read] = world.told;
  if (nth === Number.POSITIVE_INFINITY && flow.usual !== undefined && !checks.violation) {
    const message = read?.message ?? 'nothing';
    if (message !== flow.usual) checks.fail('liveness', `undisturbed, the card got ${message}`);
  }
  return { died, moments };
}

function storyOf(flow: Flow): Story {
  return {
    ...{ seed: 1, lane: flow.lane, timed: false, sync_ms: 3, segment_bytes: SEGMENT_BYTES },
    ...{ fitted: flow.fitted ?? [], cards: cardsOf(flow), steps: [] },
  };
}
