/**
 * A gate behind its I/O board, as the bytes of a Modbus line: leaves that need time, beams that
 * people break, a height sensor, fire loop, service key, lamps, and a watchdog that opens. Honest
 * hardware: told to close on somebody it closes and counts; a fire it only reports.
 */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import { createWalker, PASSAGE, type Passenger, type Walker } from './people.ts';
import { createSlave, type Tables } from './slave.ts';

/** How this board is wired; zero-based addresses. */
export const BOARD_MAP = {
  coils: {
    ...{ open_in: 0, open_out: 1, close: 2 },
    ...{ near_green: 3, near_red: 4, far_green: 5, far_red: 6, concession: 7, buzzer: 8 },
  },
  inputs: { open: 0, closed: 1, beams: [2, 3, 4, 5, 6, 7], height: 8, fire: 9, service_key: 10 },
  /** Holding register: tenths of a second until the leaves open, unless written anew; 0: never. */
  watchdog: 0,
} as const;

export interface BoardOptions {
  readonly clock: Clock;
  readonly unit?: number;
  /** From shut to open; 400 if absent. */
  readonly travel_ms?: number;
  /** How finely people and leaves move; 10 if absent. */
  readonly step_ms?: number;
  /** From the end of a request to its answer; 0 if absent: at once. */
  readonly answer_ms?: number;
  /** What a bad line makes of an answer; null swallows it. */
  readonly spoil?: (answer: Buffer) => Buffer | null;
}

export interface VirtualBoard {
  receive(bytes: Buffer): void;
  onSend(listener: (bytes: Buffer) => void): void;
  /** Somebody sets out; several at once are legal. */
  walk(passenger: Passenger): void;
  /** The fire loop: opened by a fire, and by a broken wire. */
  fire(on: boolean): void;
  key(on: boolean): void;
  /** Without power the leaves open by their springs, and nothing answers. */
  power(on: boolean): void;
  readonly leaves: 'closed' | 'opening' | 'open' | 'closing';
  readonly people: number;
  /** The leaves have shut on somebody who is still between them. */
  readonly holds: boolean;
  readonly lamps: Readonly<Record<keyof typeof BOARD_MAP.coils, boolean>>;
  counters(): Readonly<Record<string, number>>;
  /** Told when the leaves come to stand open, with their direction. */
  onOpen(listener: (direction: 'in' | 'out') => void): void;
  stop(): void;
}

/** Leaves this far open let a person through. */
const PASSABLE = 0.6;

export function createVirtualBoard(options: BoardOptions): VirtualBoard {
  const { clock, unit = 1, travel_ms = 400, step_ms = 10, answer_ms = 0 } = options;
  const { spoil = (answer) => answer } = options;
  const { coils: wires, inputs } = BOARD_MAP;
  const tables: Tables = {
    coils: Array.from({ length: 16 }, () => false),
    inputs: Array.from({ length: 16 }, () => false),
    holding: Array.from({ length: 8 }, () => 0),
  };
  const counts = { passed_in: 0, passed_out: 0, turned_back: 0, crushed: 0, watchdog_trips: 0 };
  let send = (_: Buffer) => {};
  let opened = (_: 'in' | 'out') => {};
  let walkers: Walker[] = [];
  let share = 0;
  let goal: 0 | 1 = 0;
  let powered = true;
  let caught = false;
  let ticking: Timer | null = null;
  let watching: Timer | null = null;
  const answers = new Set<Timer>();
  const slave = createSlave({
    ...{ unit, tables },
    send: reply,
    written(what, first) {
      if (what === 'coils') obey();
      else if (first === BOARD_MAP.watchdog) watch();
    },
  });
  tables.inputs[inputs.fire] = true;
  sense();

  return {
    receive(bytes) {
      if (powered) slave.receive(bytes, clock.now_ms());
    },
    onSend(listener) {
      send = listener;
    },
    walk(passenger) {
      walkers.push(createWalker(passenger));
      tick();
    },
    fire(on) {
      tables.inputs[inputs.fire] = !on;
    },
    key(on) {
      tables.inputs[inputs.service_key] = on;
    },
    power(on) {
      powered = on;
      clock.clearTimeout(watching);
      tables.coils.fill(false);
      tables.holding.fill(0);
      if (!on) head(1);
    },
    get leaves() {
      if (share === goal) return goal === 1 ? 'open' : 'closed';
      return goal === 1 ? 'opening' : 'closing';
    },
    get people() {
      return walkers.length;
    },
    get holds() {
      return caught;
    },
    get lamps() {
      const lit = Object.entries(wires).map(([name, at]) => [name, tables.coils[at] ?? false]);
      return Object.fromEntries(lit) as VirtualBoard['lamps'];
    },
    counters: () => ({ ...counts, ...slave.counters() }),
    onOpen(listener) {
      opened = listener;
    },
    stop() {
      powered = false;
      for (const timer of [ticking, watching, ...answers]) clock.clearTimeout(timer);
      answers.clear();
      walkers = [];
    },
  };

  function reply(answer: Buffer): void {
    const bytes = spoil(answer);
    if (!bytes) return;
    if (answer_ms === 0) {
      send(bytes);
      return;
    }
    const timer = clock.setTimeout(() => {
      answers.delete(timer);
      if (powered) send(bytes);
    }, answer_ms);
    answers.add(timer);
  }

  function obey(): void {
    const on = (address: number) => tables.coils[address] ?? false;
    if (on(wires.open_in) || on(wires.open_out)) head(1);
    else if (on(wires.close)) head(0);
  }

  function head(to: 0 | 1): void {
    if (goal === to) return;
    goal = to;
    caught = false;
    tick();
  }

  function watch(): void {
    clock.clearTimeout(watching);
    const tenths = tables.holding[BOARD_MAP.watchdog] ?? 0;
    if (tenths === 0) return;
    watching = clock.setTimeout(() => {
      counts.watchdog_trips += 1;
      tables.coils.fill(false);
      head(1);
    }, tenths * 100);
  }

  /** Time runs only while something moves. */
  function tick(): void {
    ticking ??= clock.setTimeout(() => {
      ticking = null;
      const before = share;
      step(before);
      if (before < 1 && share === 1) opened(tables.coils[wires.open_out] ? 'out' : 'in');
      if (share !== goal || walkers.length > 0) tick();
    }, step_ms);
  }

  function step(before: number): void {
    const stride = travel_ms > 0 ? step_ms / travel_ms : 1;
    share = goal === 1 ? Math.min(1, share + stride) : Math.max(0, share - stride);
    for (const walker of walkers) walker.step(step_ms, share >= PASSABLE);
    const between = walkers.some((walker) => walker.betweenLeaves);
    caught = between && (caught || share < before);
    if (between && share < before) counts.crushed += 1;
    walkers = walkers.filter(settle);
    sense();
  }

  function settle({ end, direction }: Walker): boolean {
    if (end === 'turned-back') counts.turned_back += 1;
    if (end === 'passed') counts[direction === 'in' ? 'passed_in' : 'passed_out'] += 1;
    return end === null;
  }

  function sense(): void {
    tables.inputs[inputs.open] = share === 1;
    tables.inputs[inputs.closed] = share === 0;
    const covers = (walker: Walker, at_m: number) =>
      walker.spans.some(([back_m, front_m]) => back_m <= at_m && at_m <= front_m);
    for (const [index, address] of inputs.beams.entries()) {
      const at_m = PASSAGE.beams_m[index] ?? 0;
      tables.inputs[address] = walkers.some((walker) => covers(walker, at_m));
    }
    tables.inputs[inputs.height] = walkers.some(
      (walker) => walker.tall && covers(walker, PASSAGE.height_m),
    );
  }
}
