/**
 * What JavaScript cannot wipe — names and numbers as strings — goes when garbage is collected, so
 * it is collected when a person has gone. Nothing happens unless Node was started with
 * `--expose-gc`, as the unit file does (config/board).
 */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';

export interface Forgetter {
  /** The person has gone: soon, when nobody is kept waiting. */
  soon(): void;
  stop(): void;
}

/** Until the last view is sent and nothing refers to it any more. */
const SOON_MS = 1_000;

export function createForgetter(clock: Clock): Forgetter {
  let timer: Timer = null;
  return {
    soon() {
      clock.clearTimeout(timer);
      timer = clock.setTimeout(collect, SOON_MS);
    },
    stop() {
      clock.clearTimeout(timer);
      timer = null;
    },
  };
}

/** Node cuts small buffers from one block; this many of nearly half a block begin a fresh one. */
const BLOCK_ENDS = 3;

function collect(): void {
  for (let nth = 0; nth < BLOCK_ENDS; nth += 1) Buffer.allocUnsafe((Buffer.poolSize >>> 1) - 1);
  // Without arguments: Node 20 takes any for the small collection.
  globalThis.gc?.();
}
