/**
 * Taps without a restart: the lane of `tapway-sim` with its real stores on the real disk. Does the
 * process grow? One tap in eight is torn in the middle of the debit and comes back at once.
 */

import { systemClock } from '../../firmware-bridge/clock.ts';
import type { PurseCard } from '../../sim/card/purse.ts';
import type { TearPlan } from '../../sim/chip/field.ts';
import { type OpenLane, openLane } from '../../sim/commands/lane.ts';
import { agrees, moneyIn, settle } from '../../sim/lane/headless.ts';
import { present } from '../../sim/lane/passenger.ts';
import { createSkippingClock, type SkippingClock } from '../../sim/lane/skipping-clock.ts';
import { cardNumber } from '../bench/kit/lane.ts';
import { scratch } from '../bench/kit/scratch.ts';
import { figureOf } from '../bench/measure.ts';
import { type Census, census, leftOver } from './census.ts';
import type { Outcome, Scenario, Size } from './scenario.ts';

export const taps: Scenario = {
  name: 'taps',
  what: 'taps without a restart, a month of virtual days: does the lane grow?',
  run,
};

const CARDS = 256;
/** A month for 100,000. */
const APART_MS = 26_000;
const TEAR_EVERY = 8;
const PATIENCE_MS = 4_000;
const LOW_FEN = 1_000;
const FULL_FEN = 5_000;
const LOOKS = 50;
/** A look takes half a second. */
const LOOK_EVERY = 200;
/** Caches fill, code is compiled. */
const WARM_UP = 0.2;
const PER_TAPS = 10_000;
const SLOPE_MAX_MIB = 1;
/** Below so many taps a slope is noise. */
const SLOPE_FROM = 20_000;

interface Look {
  readonly taps: number;
  readonly seen: Census;
}

async function run({ taps: count }: Size): Promise<Outcome> {
  const before = await census();
  const lane = await Lane.open();
  const looks: Look[] = [];
  const wrong: string[] = [];
  try {
    await lane.tap(Math.ceil(count * WARM_UP));
    looks.push({ taps: lane.tapped, seen: await census() });
    const step = Math.max(LOOK_EVERY, Math.ceil(count / LOOKS));
    while (lane.tapped < count) {
      await lane.tap(Math.min(step, count - lane.tapped));
      looks.push({ taps: lane.tapped, seen: await census() });
    }
    wrong.push(...(await lane.audit()));
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  } finally {
    await lane.close();
  }
  const [first, last] = [looks[0], looks.at(-1)];
  if (first && last) wrong.push(...leftOver('under way', first.seen, last.seen));
  wrong.push(...leftOver('when all was closed', before, await census()));
  return { lines: linesFor(count, looks, wrong), wrong, notes: [story(looks)] };
}

function linesFor(count: number, looks: readonly Look[], wrong: readonly string[]) {
  const slope = (what: 'rss_MiB' | 'heap_MiB') => {
    const points = looks.map((look): [number, number] => [look.taps / PER_TAPS, look.seen[what]]);
    return slopeOf(points);
  };
  const judged = count >= SLOPE_FROM ? { target: { p50: SLOPE_MAX_MIB } } : {};
  return [
    figureOf('taps without restart', 'taps', { values: [count] }),
    figureOf('resident memory, slope per 10,000 taps', 'MiB', {
      values: [slope('rss_MiB')],
      ...judged,
    }),
    figureOf('heap, slope per 10,000 taps', 'MiB', { values: [slope('heap_MiB')] }),
    figureOf('resident memory at the end', 'MiB', { values: [looks.at(-1)?.seen.rss_MiB ?? 0] }),
    figureOf('handles, timers, listeners left over', 'kinds', {
      values: [wrong.length],
      target: { p50: 0 },
    }),
  ];
}

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const products = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return products / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}

function story(looks: readonly Look[]): string {
  const step = Math.max(1, Math.floor(looks.length / 10));
  const some = looks.filter((_, index) => index % step === 0);
  const told = some.map(({ taps: at, seen }) => `${seen.rss_MiB.toFixed(1)} at ${at}`);
  return `MiB resident ${told.join(', ')}`;
}

class Lane {
  tapped = 0;
  readonly #cards: readonly PurseCard[];
  readonly #clock: SkippingClock;
  readonly #lane: OpenLane;
  readonly #before_fen: number;
  #toppedUp_fen = 0;

  static async open(): Promise<Lane> {
    const cards = Array.from({ length: CARDS }, (_, number) => cardNumber(number));
    const clock = createSkippingClock(systemClock);
    const opened = await openLane({
      choice: { lane: 'flat', data: scratch() },
      ...{ clock, timed: false, logLevel: 'error', walk: () => true, onSign: () => {}, cards },
    });
    await opened.station.gate.start();
    return new Lane(cards, clock, opened);
  }

  constructor(cards: readonly PurseCard[], clock: SkippingClock, lane: OpenLane) {
    this.#cards = cards;
    this.#clock = clock;
    this.#lane = lane;
    this.#before_fen = this.#sum_fen();
  }

  async tap(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      const card = this.#cards[this.tapped % CARDS];
      if (!card) throw new Error('no such card');
      this.#clock.skip(APART_MS);
      if (card.balance_fen < LOW_FEN) this.#topUp(card);
      const torn = this.tapped % TEAR_EVERY === 0;
      if (torn) await this.#present(card, { ins: 0x54, moment: 'after' });
      const kind = await this.#present(card);
      if (kind !== 'granted') throw new Error(`tap ${this.tapped} was ${kind}`);
      this.tapped += 1;
    }
  }

  /** Cards and ledger agree to the fen. */
  async audit(): Promise<string[]> {
    const kept = await moneyIn(this.#lane.station.stores.ledger, 0, this.#cards);
    const cards_fen = this.#before_fen + this.#toppedUp_fen - this.#sum_fen();
    const money = { ...kept, cards_fen };
    return agrees(money) ? [] : [`cards and ledger disagree: ${JSON.stringify(money)}`];
  }

  close(): Promise<void> {
    return this.#lane.station.close();
  }

  async #present(card: PurseCard, tear?: TearPlan): Promise<string> {
    const { station } = this.#lane;
    const gesture = { targets: [card], patience_ms: PATIENCE_MS, ...(tear && { tear }) };
    const told = await present(station, this.#clock, gesture);
    await settle(station, this.#clock);
    return told?.kind ?? 'never told: frozen';
  }

  #topUp(card: PurseCard): void {
    this.#toppedUp_fen += FULL_FEN - card.balance_fen;
    card.restore({ ...card.snapshot(), balance_fen: FULL_FEN });
  }

  #sum_fen(): number {
    return this.#cards.reduce((sum, { balance_fen }) => sum + balance_fen, 0);
  }
}
