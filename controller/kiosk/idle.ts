/** Nobody touches the screen: a warning that counts down, and then the end. */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';

export interface IdleOptions {
  readonly clock: Clock;
  /** Seconds until the warning, and from then to the end; asked at every touch. */
  readonly limits: () => { readonly idle_s: number; readonly warn_s: number };
  readonly onIdle: () => void;
  readonly changed: () => void;
}

export interface Idle {
  /** Somebody is here; the time begins anew. */
  touch(): void;
  /** Nobody needs to be here: no time runs. */
  rest(): void;
  /** While the warning stands. */
  readonly clearsIn_s: number | null;
}

export function createIdle({ clock, limits, onIdle, changed }: IdleOptions): Idle {
  let timer: Timer | null = null;
  let left_s: number | null = null;

  return {
    touch() {
      rest();
      const { idle_s, warn_s } = limits();
      timer = clock.setTimeout(() => warn(Math.round(warn_s)), idle_s * 1_000);
    },
    rest,
    get clearsIn_s() {
      return left_s;
    },
  };

  function rest(): void {
    clock.clearTimeout(timer);
    timer = null;
    left_s = null;
  }

  function warn(seconds: number): void {
    left_s = seconds;
    if (seconds <= 0) {
      rest();
      onIdle();
      return;
    }
    timer = clock.setTimeout(() => warn(seconds - 1), 1_000);
    changed();
  }
}
