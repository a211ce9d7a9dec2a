/** The gate board between the virtual barrier and the process that runs: it may be lost. */

import {
  type Barrier,
  type BarrierEvent,
  failed,
  ok,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import type { VirtualBarrier } from '../barrier/barrier.ts';
import type { Owner } from './clock.ts';

/** What whoever gives an order could know. */
export interface Doors {
  readonly occupied: boolean;
  readonly fire: boolean;
}

export interface BoardEars {
  ordered(what: 'open' | 'shut', doors: Doors): void;
  event(event: BarrierEvent): void;
}

export interface Board {
  readonly fire: boolean;
  readonly lost: boolean;
  lose(): void;
  find(): void;
  setFire(on: boolean): void;
  key(on: boolean): void;
  /** The port of one process. */
  portOf(owner: Owner, cross: () => void): Barrier;
}

export function createBoard(barrier: VirtualBarrier, ears: BoardEars): Board {
  const state = { fire: false, key: false, lost: false };
  let tell = (_event: BarrierEvent) => {};
  barrier.onEvent((event) => {
    ears.event(event);
    if (!state.lost) tell(event);
  });

  return {
    get fire() {
      return state.fire;
    },
    get lost() {
      return state.lost;
    },
    lose() {
      if (state.lost) return;
      state.lost = true;
      tell('lost');
    },
    find() {
      if (!state.lost) return;
      state.lost = false;
      found();
    },
    setFire(on) {
      state.fire = on;
      barrier.fire(on);
    },
    key(on) {
      if (state.key === on) return;
      state.key = on;
      if (!state.lost) tell(on ? 'key-on' : 'key-off');
    },
    portOf,
  };

  /** As the Modbus driver does: who was there before is told anew, then that the board is found. */
  function found(): void {
    tell('zone-free');
    if (barrier.occupied) tell('zone-occupied');
    tell(state.fire ? 'fire-on' : 'fire-off');
    tell(state.key ? 'key-on' : 'key-off');
    tell('found');
  }

  function portOf(owner: Owner, cross: () => void): Barrier {
    const listeners = new Set<(event: BarrierEvent) => void>();
    tell = (event) => {
      if (!owner.alive) return;
      for (const listener of [...listeners]) listener(event);
    };
    const order = async (what: 'open' | 'shut', obey: () => Promise<Reply<void>>) => {
      // Whatever comes in this very call, whoever gave the order could not know.
      const doors = { occupied: barrier.occupied, fire: state.fire };
      cross();
      if (!owner.alive) return ok(undefined);
      if (state.lost) return failed('barrier-lost', 'none', 'the board does not answer');
      ears.ordered(what, doors);
      return obey();
    };
    const health = () =>
      state.lost ? failed('barrier-lost', 'none', 'the board does not answer') : ok('board');
    return {
      name: 'board',
      open: (direction) => order('open', () => barrier.open(direction)),
      shut: () => order('shut', () => barrier.shut()),
      signal: () => {},
      onEvent(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      probe: async () => health(),
      async recover() {
        if (!state.lost && owner.alive) found();
        return health();
      },
      counters: () => ({}),
      close: async () => {
        listeners.clear();
      },
    };
  }
}
