/** The machine's own time: the one place where the bridge touches timers and the wall clock. */

import type { Clock } from './ports.ts';

export const systemClock: Clock = {
  now_ms: () => performance.now(),
  wall_ms: () => Date.now(),
  setTimeout: (callback, delay_ms) => setTimeout(callback, delay_ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

export function sleep(clock: Clock, duration_ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, duration_ms));
}

/** The promise's value, or undefined once `limit_ms` have passed; leaves no timer behind. */
export async function within<T>(
  clock: Clock,
  limit_ms: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  let timer: unknown;
  const late = new Promise<undefined>((resolve) => {
    timer = clock.setTimeout(() => resolve(undefined), limit_ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clock.clearTimeout(timer);
  }
}
