/** The gate board between the virtual barrier and the process that runs: it may be lost. */

import {
  type Barrier,
  type BarrierEvent,
  failed,
  ok,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import type { Position, VirtualBarrier } from '../barrier/barrier.ts';
import type { Border } from './ports.ts';

/** What whoever gives an order could know. */
export interface Doors {
  readonly occupied: boolean;
  readonly fire: boolean;
}

export interface BoardEars {
  ordered(what: 'open' | 'shut', doors: Doors): void;
  event(event: BarrierEvent): void;
  /** A rule of the doors was broken, whoever knew what. */
  broken(what: string): void;
}

/** The gate as the world moves it, whatever the process has before it. */
export interface Board {
  /** `closed` with nobody in the passage. */
  readonly position: Position;
  /** At least as many as have gone through on a right: some are counted who are still inside. */
  readonly walked: number;
  /** A passenger has paid: he walks, be the gate open already. */
  invite(): void;
  intrude(): void;
  lose(): void;
  /** Found, plugged in, and whole. */
  find(): void;
  setFire(on: boolean): void;
  key(on: boolean): void;
  unplug(): void;
  power(on: boolean): void;
  /** The port of one process. */
  portOf(border: Border): Barrier;
}

/** The board as a port of the world: no line, no driver. */
export function createBoard(barrier: VirtualBarrier, ears: BoardEars): Board {
  const state = { fire: false, key: false, lost: false };
  /** Has the process that runs asked for the board, and has it been told that it is there? */
  const known = { wanted: false, found: false };
  let tell = (_event: BarrierEvent) => {};
  barrier.onEvent((event) => {
    ears.event(event);
    if (known.found) tell(event);
  });

  return {
    get position() {
      return barrier.position;
    },
    get walked() {
      return barrier.counters().passed ?? 0;
    },
    invite: () => {},
    intrude: () => barrier.intrude(),
    unplug: () => {},
    power: () => {},
    lose() {
      if (state.lost) return;
      state.lost = true;
      known.found = false;
      tell('lost');
    },
    find() {
      if (!state.lost) return;
      state.lost = false;
      if (known.wanted) found();
    },
    setFire(on) {
      state.fire = on;
      barrier.fire(on);
    },
    key(on) {
      if (state.key === on) return;
      state.key = on;
      if (known.found) tell(on ? 'key-on' : 'key-off');
    },
    portOf,
  };

  /**
   * As the Modbus driver does: who was there before is told anew, then that the board is found;
   * and nothing before that.
   */
  function found(): void {
    known.found = true;
    tell('zone-free');
    if (barrier.occupied) tell('zone-occupied');
    tell(state.fire ? 'fire-on' : 'fire-off');
    tell(state.key ? 'key-on' : 'key-off');
    tell('found');
  }

  function portOf({ owner, cross }: Border): Barrier {
    const listeners = new Set<(event: BarrierEvent) => void>();
    Object.assign(known, { wanted: false, found: false });
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
        if (!owner.alive) return health();
        known.wanted = true;
        if (!state.lost && !known.found) found();
        return health();
      },
      counters: () => ({}),
      close: async () => {
        listeners.clear();
      },
    };
  }
}
