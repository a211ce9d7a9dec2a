/**
 * Devices under real supervision and under traffic, pulled and plugged in again. Timed in each
 * round: from the pull until the supervisor declares the loss, and from the plug until the traffic
 * gets its next answer.
 */

import { sleep, systemClock } from '../../firmware-bridge/clock.ts';
import { describeFault } from '../../firmware-bridge/ports.ts';
import { createSupervisor, type Device } from '../../firmware-bridge/supervise/supervisor.ts';
import { createChance } from '../../sim/lane/chance.ts';
import { figureOf, type Line, lineOf, quantilesOf } from '../bench/measure.ts';
import { type Census, census, leftOver } from './census.ts';
import type { Outcome } from './scenario.ts';

/** The device's side of the plug, and what may be pulled. */
export interface Plant {
  readonly name: string;
  readonly devices: readonly Device[];
  /** One piece of work that needs every device; a fault ends it, and is told to its watch. */
  work(watches: readonly Watch[]): Promise<Worked>;
  /** Pulled in turn. */
  readonly pulls: readonly Pull[];
  /** After the devices were closed. */
  end(): Promise<void>;
}

export type Watch = ReturnType<typeof createSupervisor>;

/** `idle`: there was nothing to do; else the fault that ended it, as `code effect`. */
export type Worked = 'done' | 'idle' | `${string} ${string}`;

export interface Pull {
  readonly what: string;
  /** Index of the device that is lost by it; null: none is, only a card. */
  readonly device: number | null;
  /** So long at least it stays out, however hasty the hand. */
  readonly hand_ms: number;
  out(): Promise<unknown>;
  /** Resolves when the hardware is there again. */
  in(): Promise<unknown>;
}

const LOST_MS = 2_000;
const BACK_MS = 5_000;
/** After so many times the limit it is taken for frozen. */
const PATIENCE = 3;
const HEARTBEAT_MS = 1_000;
/** The pull meets another moment of an exchange each time. */
const MOMENT_MS = 200;
const OUT_MS = 800;
/** Every so often it is in again before anybody may have noticed. */
const BLINK_EVERY = 4;
const BLINK_MS = 250;
const HEAP_MAX_MIB = 1;
const IDLE_MS = 5;
const LOOK_MS = 2;
const clock = systemClock;

interface Times {
  readonly lost: number[];
  readonly back: number[];
  readonly blink: number[];
}

export async function replugUnderTraffic(
  setUp: () => Promise<Plant>,
  { rounds, seed }: { readonly rounds: number; readonly seed: number },
): Promise<Outcome> {
  const before = await census();
  const plant = await setUp();
  const bench = new Bench(plant);
  const chance = createChance(seed);
  const times: Times = { lost: [], back: [], blink: [] };
  const warmUp = Math.max(2, Math.floor(rounds / 10));
  const wrong: string[] = [];
  let steady: [Census, Census] = [before, before];
  try {
    await bench.start();
    await bench.rounds(warmUp, chance, { lost: [], back: [], blink: [] });
    const begin = await bench.steady();
    await bench.rounds(rounds, chance, times);
    steady = [begin, await bench.steady()];
    wrong.push(...leftOver(`${plant.name}, under way`, ...steady));
  } catch (error) {
    wrong.push(`${plant.name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await bench.stop();
  }
  wrong.push(...leftOver(`${plant.name}, when all was closed`, before, await census()));
  const grown_MiB = Math.max(0, steady[1].heap_MiB - steady[0].heap_MiB);
  const lines = [...linesFor(plant.name, times), leftLine(plant.name, { wrong, grown_MiB })];
  return { lines: lines.flat(), wrong, notes: [`${plant.name}: ${bench.story()}`] };
}

function linesFor(name: string, { lost, back, blink }: Times): Line[] {
  const line = (what: string, values: readonly number[], limit_ms: number) =>
    lineOf(`${what}, ${name}`, 'ms', {
      ...quantilesOf([values]),
      target: { p999: limit_ms },
    });
  return [
    line(`lost declared (${lost.length})`, lost, LOST_MS),
    line(`service back (${back.length})`, back, BACK_MS),
    ...(blink.length > 0
      ? [line(`service back, out ≤ ${BLINK_MS} ms (${blink.length})`, blink, BACK_MS)]
      : []),
  ];
}

function leftLine(name: string, of: { wrong: readonly string[]; grown_MiB: number }): Line[] {
  const left = figureOf(`handles, timers, children left over, ${name}`, 'kinds', {
    values: [of.wrong.length],
    target: { p50: 0 },
  });
  const heap = figureOf(`heap grown from warm-up to end, ${name}`, 'MiB', {
    values: [of.grown_MiB],
    target: { p50: HEAP_MAX_MIB },
  });
  return [left, heap];
}

class Bench {
  readonly #plant: Plant;
  readonly #watches: Watch[];
  /** When each device was last declared lost. */
  readonly #lostAt_ms: number[];
  readonly #faults = new Map<string, number>();
  /** What the traffic threw. */
  #broken: unknown;
  /** Of any device, in words. */
  #lastFault = 'no fault';
  /** The latest work, and how it ended. */
  #begunAt_ms = 0;
  #last: Worked = 'idle';
  #busy = false;
  #going = false;
  #traffic: Promise<void> = Promise.resolve();
  #done = 0;
  #doneAt_ms = 0;

  constructor(plant: Plant) {
    this.#plant = plant;
    this.#lostAt_ms = plant.devices.map(() => 0);
    this.#watches = plant.devices.map((device, index) =>
      createSupervisor({
        ...{ device, clock, heartbeat_ms: HEARTBEAT_MS, busy: () => this.#busy },
        onState: (state, { fault }) => {
          if (state === 'lost') this.#lostAt_ms[index] = clock.now_ms();
          if (fault) this.#lastFault = describeFault(fault);
        },
      }),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.start()));
    this.#resume();
  }

  async stop(): Promise<void> {
    await this.#pause();
    await Promise.all(this.#watches.map((watch) => watch.stop()));
    await this.#plant.end();
  }

  story(): string {
    const told = [...this.#faults].map(([fault, times]) => `${times} ${fault}`);
    return `${this.#done} pieces of work done; ended by a fault: ${told.join(', ') || 'none'}`;
  }

  /** Nothing is under way, every device is well. */
  async steady(): Promise<Census> {
    await this.#pause();
    const well = () => this.#watches.every(({ state }) => state === 'ready');
    await this.#until('every device is ready', well, BACK_MS);
    await sleep(clock, HEARTBEAT_MS);
    const seen = await census();
    this.#resume();
    return seen;
  }

  async rounds(count: number, chance: ReturnType<typeof createChance>, times: Times) {
    const { pulls } = this.#plant;
    for (let round = 0; round < count; round += 1) {
      const pull = pulls[round % pulls.length];
      if (!pull) throw new Error('nothing can be pulled');
      await this.#nextDone('traffic', 0);
      await sleep(clock, chance.below(MOMENT_MS));
      const cut_ms = clock.now_ms();
      await pull.out();
      const blink = Math.floor(round / pulls.length) % BLINK_EVERY === BLINK_EVERY - 1;
      const { what, device, hand_ms } = pull;
      if (!blink && device !== null) {
        await this.#until(
          `${what} is declared lost`,
          () => this.#lostSince(device, cut_ms),
          LOST_MS,
        );
        times.lost.push((this.#lostAt_ms[device] ?? 0) - cut_ms);
      }
      await sleep(clock, hand_ms + chance.below(blink ? BLINK_MS : OUT_MS));
      await pull.in();
      const in_ms = clock.now_ms();
      await this.#nextDone(`service after ${pull.what} was back`, in_ms);
      times[blink ? 'blink' : 'back'].push(this.#doneAt_ms - in_ms);
    }
  }

  #lostSince(device: number, from_ms: number): boolean {
    return (this.#lostAt_ms[device] ?? 0) >= from_ms;
  }

  /** Work that is done from now on. */
  async #nextDone(what: string, from_ms: number): Promise<void> {
    const before = this.#done;
    const done = () => this.#done > before && this.#doneAt_ms >= from_ms;
    await this.#until(what, done, BACK_MS);
  }

  #resume(): void {
    this.#going = true;
    this.#traffic = this.#work().catch((error: unknown) => {
      this.#broken = error;
    });
  }

  #pause(): Promise<void> {
    this.#going = false;
    return this.#traffic;
  }

  async #work(): Promise<void> {
    while (this.#going) {
      await Promise.all(this.#watches.map((watch) => watch.settled()));
      if (this.#watches.some(({ state }) => state === 'lost')) {
        await sleep(clock, IDLE_MS);
        continue;
      }
      this.#busy = true;
      this.#begunAt_ms = clock.now_ms();
      const worked = await this.#plant.work(this.#watches);
      this.#busy = false;
      this.#last = worked;
      if (worked === 'done') {
        this.#done += 1;
        this.#doneAt_ms = clock.now_ms();
      } else {
        if (worked !== 'idle') this.#faults.set(worked, (this.#faults.get(worked) ?? 0) + 1);
        await sleep(clock, IDLE_MS);
      }
    }
  }

  /** Throws when it takes several times its limit: then it is frozen, not slow. */
  async #until(what: string, holds: () => boolean, limit_ms: number): Promise<void> {
    const end_ms = clock.now_ms() + PATIENCE * limit_ms;
    while (!holds()) {
      if (this.#broken) throw this.#broken;
      if (clock.now_ms() > end_ms) throw new Error(this.#frozen(what, PATIENCE * limit_ms));
      await sleep(clock, LOOK_MS);
    }
  }

  #frozen(what: string, limit_ms: number): string {
    const watches = this.#watches.map(
      (watch) => `${watch.state} ${JSON.stringify(watch.counters())}`,
    );
    const for_ms = Math.round(clock.now_ms() - this.#begunAt_ms);
    const work = this.#busy ? `work under way for ${for_ms} ms` : `last work ${this.#last}`;
    return `not in ${limit_ms} ms: ${what}; ${work}; ${watches.join('; ')}; ${this.#lastFault}`;
  }
}
