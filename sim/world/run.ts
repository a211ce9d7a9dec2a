/** Lives a story from its first passenger to the question whether the next one gets through. */

import { bcdStamp, hexOf } from '../../controller/card/bytes.ts';
import { buildTrip } from '../../controller/card/purse/trip-record.ts';
import { loadLibrary } from '../../firmware-bridge/barrier/board.ts';
import { hearStates } from './actors.ts';
import { balanceBooks } from './books.ts';
import type { WorldCard } from './cards.ts';
import type { Violation } from './checks.ts';
import { lived } from './clock.ts';
import { configFor } from './lane.ts';
import type { Coverage } from './record.ts';
import type { Step, Story } from './story.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly violation: Violation | null;
  /** Hash over every event. */
  readonly digest: string;
  readonly lines: readonly string[];
  readonly coverage: Coverage;
  /** Passengers that came. */
  readonly taps: number;
}

const LIVED_MS = 150;
/** While the lane is closed, or mends something, time passes as it is; but no more than that. */
const RESTLESS_MS = 6_000;
export const SETTLES_MS = 12_000;
/** Everything mended: by then the lane must serve again. */
const HEALS_MS = 20_000;
const MINUTE_MS = 60_000;

export async function runStory(story: Story, { whole = false } = {}): Promise<Outcome> {
  if (story.fitted.includes('modbus')) await loadLibrary();
  const world = new World(story, whole);
  const { checks, log, clock } = world;
  let taps = 0;
  await lived(world.clock, world.lists.renew());
  world.boot();
  await clock.run(SETTLES_MS, () => world.serving);
  for (const step of story.steps) {
    if (checks.violation) break;
    await passengerComes(world, step);
    taps += 1;
  }
  await conclude(world);
  const { violation } = checks;
  if (violation) log.write(`VIOLATION ${violation.rule}: ${violation.text}`);
  return { violation, digest: log.digest(), lines: log.lines, coverage: log.coverage, taps };
}

/** Faults stop: the next card is served, the books agree, the lane stops in order. */
export async function conclude(world: World): Promise<void> {
  const { checks } = world;
  if (!checks.violation) await expectLiveness(world);
  if (!checks.violation) await balanceBooks(world);
  if (!checks.violation) await world.stop();
  hearStates(null);
}

export async function passengerComes(world: World, step: Step): Promise<void> {
  const { clock, field, checks, cards, log } = world;
  const card = cards[step.card];
  if (!card) throw new Error(`step ${step.id} names card ${step.card}, which is not there`);
  await passTime(world, step.pause_ms);
  await staffLooks(world);
  log.write(`step ${step.id} ${card.target.name}`);
  prepare(world, card);
  world.begin(step);
  for (const fault of step.faults) {
    if (fault.kind === 'tear') field.tearNext(fault);
  }
  if (step.office) world.office.visit(step.office);
  field.enter(card.target);
  await clock.run(step.patience_ms, () => world.told.length > 0 || checks.violation !== null);
  if (step.lingers_ms > 0) await clock.run(step.lingers_ms, () => checks.violation !== null);
  for (const target of field.targets()) field.leave(target);
  field.clearTears();
  // The next one taps while this one walks.
  if (step.hurried && world.told.some(({ kind }) => kind === 'granted')) return;
  const settled = await clock.run(SETTLES_MS, () => world.quiet || checks.violation !== null);
  if (!settled) world.expectShut();
  world.hazards.disarm();
}

/** An idle lane only polls an empty field: a little of that is lived through, the rest skipped. */
async function passTime(world: World, pause_ms: number): Promise<void> {
  const { clock } = world;
  const lived_ms = Math.min(pause_ms, LIVED_MS);
  await clock.run(lived_ms);
  const left_ms = pause_ms - lived_ms;
  if (world.quiet) {
    world.rests(false);
    clock.skip(left_ms);
  } else await clock.run(Math.min(left_ms, RESTLESS_MS));
}

/** Nothing but staff ends a distrust of the SAM: it is examined, and the lane started anew. */
async function staffLooks(world: World): Promise<void> {
  if (!world.distrusted) return;
  world.log.write('staff starts the lane anew');
  await world.stop();
  world.boot();
}

/** Loads an empty card, and lets it enter elsewhere before an exit. */
function prepare({ story, clock, checks }: World, card: WorldCard): void {
  const { purse } = card;
  if (!purse) return;
  const { balance_fen, counter, lastTrip } = purse;
  const last = checks.latest(card);
  if (card.class !== 'poor' && balance_fen < 1_000) {
    purse.restore({ ...purse.snapshot(), balance_fen: balance_fen + 4_000 });
    card.given_fen += 4_000;
  }
  if (story.lane !== 'exit' || lastTrip[0] === 0x03) return;
  // Whoever paid and could not pass still stands inside, until staff lets him out.
  const inside = last && !last.passed && clock.wall_ms() - last.stamp_ms < 10 * MINUTE_MS;
  if (inside) return;
  const config = configFor(story);
  const others = config.fare.distance?.stations.filter(({ place }) => place !== config.lane.place);
  const station = others?.[counter % others.length];
  if (!station) return;
  const entry = buildTrip({
    kind: '03',
    terminal: Buffer.from('332099000099', 'hex'),
    industry: config.site.industry_codes[config.site.industry] ?? 0,
    place: station.place,
    amount_fen: 0,
    balanceAfter_fen: purse.balance_fen,
    at: hexOf(bcdStamp(clock.wall_ms() - 12 * MINUTE_MS, config.site.utc_offset_minutes)),
    city: config.site.city_code,
    acquirer: config.site.acquirer,
    incompleteMax_fen: config.fare.distance?.max_fen ?? 0,
    tripMax_minutes: config.fare.distance?.max_minutes ?? 0,
  });
  const before = purse.snapshot();
  const trips = [hexOf(entry), ...before.trips].slice(0, 10);
  purse.restore({ ...before, counter: before.counter + 1, trips, proof: null });
}

/** Faults stop; the next valid card opens at the first attempt. */
async function expectLiveness(world: World): Promise<void> {
  const { clock, checks, cards, field, log } = world;
  world.mend();
  world.step = null;
  // A card that a fault put there late may still lie on the reader.
  for (const target of field.targets()) field.leave(target);
  log.write('faults have stopped');
  await staffLooks(world);
  const healed = await clock.run(HEALS_MS, () => world.serving && world.quiet);
  if (!healed) {
    const now = world.life?.lane?.gate.snapshot();
    checks.fail('liveness', `not in service after ${HEALS_MS} ms: ${JSON.stringify(now)}`);
    return;
  }
  await lived(world.clock, world.lists.renew());
  // A card that no story taps: nothing of its past can refuse it.
  const card = cards.at(-1);
  if (!card) throw new Error('a world has a card more than its story');
  clock.skip(30 * MINUTE_MS);
  // So long a reader may need until it serves again (docs/operating.md).
  await clock.run(5_000);
  world.rests(true);
  prepare(world, card);
  world.told = [];
  world.walks = true;
  field.enter(card.target);
  await clock.run(4_000, () => world.told.length > 0);
  field.leave(card.target);
  const [result] = world.told;
  if (result?.kind !== 'granted') {
    checks.fail('liveness', `the next valid card got ${result?.message ?? 'nothing'}`);
    return;
  }
  const opened = await clock.run(SETTLES_MS, () => world.board.position === 'open');
  if (!opened) checks.fail('liveness', 'the next valid card paid and the gate stayed shut');
  await clock.run(SETTLES_MS, () => world.quiet);
}
