/**
 * Virtual time. Nothing waits for a real clock: the world moves from timer to timer, and between
 * two timers every promise settles that can settle without time. The same timers, set in the same
 * order, fire in the same order on every machine.
 */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';

/** Whoever sets timers through it loses them all when `alive` ends: a process that was killed. */
export interface Owner {
  alive: boolean;
  /** Timers that wait. */
  timers: number;
}

export interface VirtualClock extends Clock {
  /** The clock as one process sees it. */
  of(owner: Owner): Clock;
  /**
   * Moves from timer to timer until `done`, which is asked after each; false when `limit_ms` from
   * now has passed instead. Rejects with what a timer threw.
   */
  run(limit_ms: number, done?: () => boolean): Promise<boolean>;
  /** Lets idle time pass: both clocks move, timers keep what is left of their delay. */
  skip(duration_ms: number): void;
  /** Somebody sets the wall clock. */
  stepWall(step_ms: number): void;
}

interface Alarm {
  readonly due_ms: number;
  readonly order: number;
  readonly owner: Owner;
  callback: (() => void) | null;
}

const SOON = Promise.resolve();
/** Not zero, which hides mistakes. */
const START_MS = 1_000;
const START_WALL_MS = Date.UTC(2026, 2, 1, 0, 0, 0);

export function createVirtualClock(): VirtualClock {
  const queue = createQueue();
  const world: Owner = { alive: true, timers: 0 };
  let time_ms = START_MS;
  let skipped_ms = 0;
  let wallStep_ms = 0;
  let order = 0;

  const now_ms = () => time_ms + skipped_ms;
  const wall_ms = () => START_WALL_MS + now_ms() + wallStep_ms;
  const of = (owner: Owner): Clock => ({
    now_ms,
    wall_ms,
    setTimeout: (callback, delay_ms) => {
      order += 1;
      const due_ms = time_ms + Math.max(0, delay_ms);
      const alarm: Alarm = { due_ms, order, owner, callback };
      owner.timers += 1;
      queue.push(alarm);
      return alarm;
    },
    clearTimeout,
  });

  return { ...of(world), of, run, skip, stepWall };

  function skip(duration_ms: number): void {
    skipped_ms += duration_ms;
  }

  function stepWall(step_ms: number): void {
    wallStep_ms += step_ms;
  }

  function run(limit_ms: number, done = () => false): Promise<boolean> {
    const until_ms = time_ms + limit_ms;
    return new Promise((resolve, reject) => {
      const turn = () => {
        try {
          if (done()) return resolve(true);
          if (!step(until_ms)) return resolve(false);
        } catch (error) {
          return reject(error);
        }
        settled(turn);
      };
      settled(turn);
    });
  }

  /** Fires the next timer; false when there is none until then. */
  function step(until_ms: number): boolean {
    for (let first = queue.first(); first; first = queue.first()) {
      const { callback, due_ms, owner } = first;
      if (callback && owner.alive) {
        if (due_ms > until_ms) break;
        queue.pop();
        time_ms = Math.max(time_ms, due_ms);
        clearTimeout(first);
        callback();
        return true;
      }
      queue.pop();
    }
    time_ms = Math.max(time_ms, until_ms);
    return false;
  }
}

/** Lets time go on until this is done. */
export async function lived<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  await clock.run(Number.POSITIVE_INFINITY, () => over);
  return ended;
}

function clearTimeout(timer: Timer): void {
  const alarm = timer as Alarm | null | undefined;
  if (!alarm?.callback) return;
  alarm.callback = null;
  alarm.owner.timers -= 1;
}

/**
 * Calls `then` when no promise can settle any more. A tick runs only when the queue of microtasks
 * is empty; asked for from a microtask, it comes behind all that are under way.
 */
function settled(then: () => void): void {
  void SOON.then(() => process.nextTick(then));
}

/** A binary heap by time, then by order of setting. */
function createQueue() {
  const heap: Alarm[] = [];
  const before = (a: Alarm, b: Alarm) =>
    a.due_ms < b.due_ms || (a.due_ms === b.due_ms && a.order < b.order);
  const at = (index: number) => heap[index] as Alarm;

  return {
    first: () => heap[0],
    push(alarm: Alarm): void {
      let hole = heap.length;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        if (!before(alarm, at(parent))) break;
        heap[hole] = at(parent);
        hole = parent;
      }
      heap[hole] = alarm;
    },
    pop(): void {
      const last = heap.pop();
      if (!last || heap.length === 0) return;
      let hole = 0;
      for (let child = 1; child < heap.length; child = hole * 2 + 1) {
        if (child + 1 < heap.length && before(at(child + 1), at(child))) child += 1;
        if (!before(at(child), last)) break;
        heap[hole] = at(child);
        hole = child;
      }
      heap[hole] = last;
    },
  };
}
