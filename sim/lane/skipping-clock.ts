/** A clock that can be told to skip: minutes pass between passengers, and nobody waits for them. */

import type { Clock } from '../../firmware-bridge/ports.ts';

export interface SkippingClock extends Clock {
  /** Moves both clocks forward; timers keep their real delay. */
  skip(time_ms: number): void;
}

export function createSkippingClock(real: Clock): SkippingClock {
  let skipped_ms = 0;
  return {
    now_ms: () => real.now_ms() + skipped_ms,
    wall_ms: () => real.wall_ms() + skipped_ms,
    setTimeout: (callback, delay_ms) => real.setTimeout(callback, delay_ms),
    clearTimeout: (timer) => real.clearTimeout(timer),
    skip(time_ms) {
      skipped_ms += time_ms;
    },
  };
}
