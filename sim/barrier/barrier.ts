/**
 * A virtual gate: two leaves, a safety zone, and one passenger at a time, or two at each other's
 * heels. It is honest hardware: told to shut on somebody it does and counts; preventing that is the
 * controller's duty.
 */

import {
  type Barrier,
  type BarrierEvent,
  type Clock,
  type Direction,
  ok,
  type Timer,
} from '../../firmware-bridge/ports.ts';

export type Position = 'closed' | 'opening' | 'open' | 'closing';

export interface BarrierOptions {
  readonly clock: Clock;
  /** Does a passenger who finds the gate open walk through? Asked whenever one could. */
  readonly walk: () => boolean;
  /** Does somebody go through at the heels of the one who is in the zone? Nobody, if absent. */
  readonly follows?: () => boolean;
  /** From closed to open; 400 if absent. */
  readonly travel_ms?: number;
  /** From the open gate into the zone; 700 if absent. */
  readonly approach_ms?: number;
  /** Through the zone; 900 if absent. */
  readonly pass_ms?: number;
}

export interface VirtualBarrier extends Barrier {
  readonly position: Position;
  readonly occupied: boolean;
  /** The way the leaves stand open, or stood last. */
  readonly direction: Direction;
  /** The fire input: opens the leaves and keeps them open as long as it is on. */
  fire(on: boolean): void;
  /** Somebody goes through without leave, or against the direction. */
  intrude(): void;
  /** After every change of position or zone. Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  /** Stops all motion and timers, for the end of a simulation. */
  stop(): void;
  counters(): Readonly<Record<BarrierCounter, number>>;
}

export type BarrierCounter =
  | 'opened'
  | 'closed'
  | 'passed'
  | 'intrusions'
  | 'closedOnPerson'
  | 'closeIgnoredByFire';

interface State {
  readonly options: BarrierOptions;
  readonly counters: Record<BarrierCounter, number>;
  readonly events: Set<(event: BarrierEvent) => void>;
  readonly changes: Set<() => void>;
  position: Position;
  direction: Direction;
  occupied: boolean;
  fire: boolean;
  /** How far the leaves were open (0 to 1) when they last started to move, and when that was. */
  from: { share: number; at_ms: number };
  leaves: Timer | null;
  passenger: Timer | null;
}

export function createVirtualBarrier(options: BarrierOptions): VirtualBarrier {
  const state: State = {
    options,
    counters: {
      opened: 0,
      closed: 0,
      passed: 0,
      intrusions: 0,
      closedOnPerson: 0,
      closeIgnoredByFire: 0,
    },
    events: new Set(),
    changes: new Set(),
    position: 'closed',
    direction: 'in',
    occupied: false,
    fire: false,
    from: { share: 0, at_ms: 0 },
    leaves: null,
    passenger: null,
  };
  return {
    get position() {
      return state.position;
    },
    get occupied() {
      return state.occupied;
    },
    get direction() {
      return state.direction;
    },
    name: 'simulated barrier',
    counters: () => ({ ...state.counters }),
    async open(direction) {
      state.direction = direction;
      // Leaves that stand open already let one more passenger through.
      if (state.position === 'open') approach(state);
      else move(state, 'open');
      return ok(undefined);
    },
    async shut() {
      if (state.fire) state.counters.closeIgnoredByFire += 1;
      else if (state.position === 'closed') emit(state, 'closed');
      else move(state, 'closed');
      return ok(undefined);
    },
    signal: () => {},
    probe: async () => ok('simulated barrier'),
    recover: async () => ok('simulated barrier'),
    close: async () => stop(state),
    fire(on) {
      if (state.fire === on) return;
      state.fire = on;
      emit(state, on ? 'fire-on' : 'fire-off');
      if (on) move(state, 'open');
    },
    intrude: () => intrude(state),
    onEvent: (listener) => subscribe(state.events, listener),
    onChange: (listener) => subscribe(state.changes, listener),
    stop: () => stop(state),
  };
}

function stop(state: State): void {
  clear(state, 'leaves');
  clear(state, 'passenger');
}

/** Sets the leaves in motion; half-way they turn round and need only the way they came. */
function move(state: State, goal: 'open' | 'closed'): void {
  const motion = goal === 'open' ? 'opening' : 'closing';
  if (state.position === goal || state.position === motion) return;
  if (goal === 'closed' && state.occupied) state.counters.closedOnPerson += 1;
  const { clock, travel_ms = 400 } = state.options;
  const share = openShare(state);
  state.from = { share, at_ms: clock.now_ms() };
  const way = goal === 'open' ? 1 - share : share;
  change(state, { position: motion });
  arm(state, { which: 'leaves', delay_ms: way * travel_ms }, () => {
    change(state, { position: goal });
    state.counters[goal === 'open' ? 'opened' : 'closed'] += 1;
    emit(state, goal === 'open' ? 'opened' : 'closed');
    if (goal === 'open') approach(state);
  });
}

function openShare(state: State): number {
  const { clock, travel_ms = 400 } = state.options;
  const gone = travel_ms > 0 ? (clock.now_ms() - state.from.at_ms) / travel_ms : 1;
  switch (state.position) {
    case 'closed':
      return 0;
    case 'open':
      return 1;
    case 'opening':
      return Math.min(1, state.from.share + gone);
    case 'closing':
      return Math.max(0, state.from.share - gone);
  }
}

/** One passenger for each opening; who does not want to walk may change their mind later. */
function approach(state: State): void {
  if (state.occupied) return;
  arm(state, { which: 'passenger', delay_ms: state.options.approach_ms ?? 700 }, () => {
    if (state.position !== 'open') return;
    if (state.options.walk()) enterZone(state, 'passed');
    else approach(state);
  });
}

function enterZone(state: State, purpose: 'passed' | 'intrusion'): void {
  change(state, { occupied: true });
  emit(state, 'zone-occupied');
  arm(state, { which: 'passenger', delay_ms: state.options.pass_ms ?? 900 }, () => {
    const followed = purpose === 'passed' && state.options.follows?.() === true;
    change(state, { occupied: followed });
    if (purpose === 'passed') {
      state.counters.passed += 1;
      emit(state, 'passed');
    }
    if (followed) follow(state);
    else emit(state, 'zone-free');
  });
}

/** Two at once: the zone is free when the second one has left it. */
function follow(state: State): void {
  arm(state, { which: 'passenger', delay_ms: state.options.pass_ms ?? 900 }, () => {
    change(state, { occupied: false });
    state.counters.passed += 1;
    emit(state, 'passed');
    emit(state, 'zone-free');
  });
}

function intrude(state: State): void {
  if (state.occupied) return;
  state.counters.intrusions += 1;
  emit(state, 'intrusion');
  enterZone(state, 'intrusion');
}

function change(state: State, to: { position?: Position; occupied?: boolean }): void {
  Object.assign(state, to);
  for (const listener of [...state.changes]) listener();
}

function emit(state: State, event: BarrierEvent): void {
  for (const listener of [...state.events]) listener(event);
}

function subscribe<T>(set: Set<T>, listener: T): () => void {
  set.add(listener);
  return () => {
    set.delete(listener);
  };
}

interface Alarm {
  readonly which: 'leaves' | 'passenger';
  readonly delay_ms: number;
}

function arm(state: State, { which, delay_ms }: Alarm, then: () => void): void {
  clear(state, which);
  state[which] = state.options.clock.setTimeout(() => {
    state[which] = null;
    then();
  }, delay_ms);
}

function clear(state: State, which: Alarm['which']): void {
  const timer = state[which];
  if (timer !== null) state.options.clock.clearTimeout(timer);
  state[which] = null;
}
