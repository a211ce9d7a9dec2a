/**
 * Virtual time that also passes while the controller computes and while the real disk works. Card,
 * wire and SAM are timers of the simulation: time jumps to them. What the simulation itself
 * computes takes no time. So no timer is ever late, and what is left is model plus program.
 */

import type { Clock, Timer } from '../../../firmware-bridge/ports.ts';

export interface MeteredClock extends Clock {
  /** While true, program and disk take no time either: what then passes is the floor. */
  free: boolean;
  /** For simulated devices: the work of their timers takes no time. */
  readonly devices: Clock;
  /** Work of a simulated device. */
  outside<T>(work: () => T): T;
  /** A real operation, which takes as much virtual as real time. */
  real<T>(work: () => Promise<T>): Promise<T>;
  /** Moves from timer to timer until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Moves the wall clock alone. */
  skip(wall_ms: number): void;
}

interface Alarm {
  readonly id: number;
  readonly due_ms: number;
  readonly callback: () => void;
}

const START_MS = Date.UTC(2026, 0, 1, 1);

export function createMeteredClock(): MeteredClock {
  let now_ms = 0;
  let skipped_ms = 0;
  /** Real time up to which the program was charged. */
  let mark_ms = performance.now();
  let counting = false;
  let alarms: Alarm[] = [];
  let ids = 0;
  let underWay = 0;
  let allEnded = () => {};

  const charge = () => {
    const real_ms = performance.now();
    if (counting && !clock.free) now_ms += real_ms - mark_ms;
    mark_ms = real_ms;
  };
  const uncounted = <T>(work: () => T): T => {
    charge();
    const before = counting;
    counting = false;
    try {
      return work();
    } finally {
      charge();
      counting = before;
    }
  };
  const at = (due_ms: number, callback: () => void): Timer => {
    ids += 1;
    const alarm = { id: ids, due_ms, callback };
    alarms.push(alarm);
    return alarm;
  };
  const clearTimeout = (timer: Timer) => {
    alarms = alarms.filter((alarm) => alarm !== timer);
  };
  const now = () => {
    charge();
    return now_ms;
  };
  const wall_ms = () => START_MS + skipped_ms + now();

  const clock: MeteredClock = {
    free: false,
    now_ms: now,
    wall_ms,
    setTimeout: (callback, delay_ms) => at(now() + Math.max(0, delay_ms), callback),
    clearTimeout,
    devices: {
      now_ms: now,
      wall_ms,
      setTimeout: (callback, delay_ms) =>
        at(now() + Math.max(0, delay_ms), () => uncounted(callback)),
      clearTimeout,
    },
    outside: uncounted,
    async real(work) {
      const from_ms = now();
      underWay += 1;
      const began_ms = performance.now();
      const result = await work().finally(() => {
        underWay -= 1;
        if (underWay === 0) allEnded();
      });
      const took_ms = clock.free ? 0 : performance.now() - began_ms;
      await new Promise<void>((resolve) => at(from_ms + took_ms, resolve));
      return result;
    },
    async until(promise) {
      let over = false;
      const end = () => {
        over = true;
      };
      promise.then(end, end);
      mark_ms = performance.now();
      counting = true;
      for (;;) {
        await turn();
        charge();
        if (over) break;
        if (underWay > 0) await wait();
        step();
      }
      counting = false;
      return promise;
    },
    skip(time_ms) {
      skipped_ms += time_ms;
    },
  };
  return clock;

  /** How long a real operation takes is known when it has ended: time stands still until then. */
  async function wait(): Promise<void> {
    charge();
    counting = false;
    while (underWay > 0) {
      await new Promise<void>((resolve) => {
        allEnded = resolve;
      });
      // Whatever waits for its result has gone to sleep on a timer of its own.
      await turn();
    }
    mark_ms = performance.now();
    counting = true;
  }

  function step(): void {
    const first = alarms.reduce<Alarm | null>(earlier, null);
    if (!first) throw new Error('something waits, but no timer does');
    clearTimeout(first);
    charge();
    now_ms = Math.max(now_ms, first.due_ms);
    first.callback();
  }
}

function earlier(best: Alarm | null, alarm: Alarm): Alarm {
  if (!best || alarm.due_ms < best.due_ms) return alarm;
  return alarm.due_ms === best.due_ms && alarm.id < best.id ? alarm : best;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
