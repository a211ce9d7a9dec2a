/** A validator post without leaves: whoever has paid counts as passed. */

import { sleep } from '../clock.ts';
import { type Barrier, type BarrierEvent, type Clock, ok } from '../ports.ts';

/** Time a passenger is given before the post counts the passage. */
const STEP_MS = 300;

export function createNoBarrier(clock: Clock): Barrier {
  const name = 'no barrier';
  const listeners = new Set<(event: BarrierEvent) => void>();
  const tell = (event: BarrierEvent) => {
    for (const listener of listeners) listener(event);
  };
  return {
    name,
    async open() {
      tell('opened');
      void walkThrough();
      return ok(undefined);
    },
    async shut() {
      tell('closed');
      return ok(undefined);
    },
    signal: () => {},
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    probe: async () => ok(name),
    recover: async () => ok(name),
    counters: () => ({}),
    close: async () => listeners.clear(),
  };

  async function walkThrough(): Promise<void> {
    await sleep(clock, STEP_MS);
    for (const event of ['zone-occupied', 'passed', 'zone-free'] as const) tell(event);
  }
}
