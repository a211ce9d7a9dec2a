/** A clock that moves only when told, and lets promises settle after each timer. */

import type { Clock } from '../../firmware-bridge/ports.ts';

export interface FakeClock extends Clock {
  /** Runs every timer that falls due within the next `duration_ms`, in order of time. */
  advance(duration_ms: number): Promise<void>;
  /** Moves from timer to timer until the promise settles; throws when no timer is left. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Timers that wait. */
  timers(): number;
}

export function createFakeClock(start_ms = 0): FakeClock {
  let now_ms = start_ms;
  let count = 0;
  const waiting = new Map<number, { due_ms: number; callback: () => void }>();

  const next = () => [...waiting].sort(([a, x], [b, y]) => x.due_ms - y.due_ms || a - b).at(0);

  async function step(limit_ms: number): Promise<boolean> {
    await settled();
    const first = next();
    if (!first || first[1].due_ms > limit_ms) return false;
    const [id, { due_ms, callback }] = first;
    waiting.delete(id);
    now_ms = Math.max(now_ms, due_ms);
    callback();
    await settled();
    return true;
  }

  return {
    now_ms: () => now_ms,
    wall_ms: () => Date.UTC(2026, 0, 1) + now_ms,
    setTimeout(callback, delay_ms) {
      count += 1;
      waiting.set(count, { due_ms: now_ms + Math.max(0, delay_ms), callback });
      return count;
    },
    clearTimeout(timer) {
      if (typeof timer === 'number') waiting.delete(timer);
    },
    async advance(duration_ms) {
      const limit_ms = now_ms + duration_ms;
      while (await step(limit_ms));
      now_ms = limit_ms;
    },
    async until(promise) {
      let over = false;
      const end = () => {
        over = true;
      };
      promise.then(end, end);
      await settled();
      while (!over) {
        const moved = await step(Number.POSITIVE_INFINITY);
        if (!moved && !over) throw new Error('the promise waits, but no timer does');
      }
      return promise;
    },
    timers: () => waiting.size,
  };
}

/** Every promise that can settle without time has settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
