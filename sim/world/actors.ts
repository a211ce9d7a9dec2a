/**
 * What the state machines of the product do, seen from outside: XState tells nobody who listens to
 * an actor, and shows its states only to whoever made it. So its own class is watched here, in the
 * simulator alone; the product has no hooks.
 */

import { Actor, type AnyMachineSnapshot, type StateValue } from 'xstate';

/** Hears of every state that a machine enters; `before` is null at its start. */
export type StateEar = (machine: string, state: string, before: string | null) => void;

interface Subscription {
  unsubscribe(): void;
}
type Subscribe = (listener: unknown, ...rest: unknown[]) => Subscription;
/** As much of an actor as is needed here. */
interface Watched {
  readonly logic: { readonly id?: string };
  getSnapshot(): AnyMachineSnapshot;
}

let listeners = 0;
let ear: StateEar | null = null;
const subscribe = Actor.prototype.subscribe as Subscribe;
const start = Actor.prototype.start;

/** Listeners at all actors so far, less those that unsubscribed. */
export function listenersAtActors(): number {
  return listeners;
}

/** Actors that start from now on are heard by this ear, or by none: one world lives at a time. */
export function hearStates(next: StateEar | null): void {
  ear = next;
}

Actor.prototype.subscribe = function counted(this: unknown, ...given: Parameters<Subscribe>) {
  const { unsubscribe } = subscribe.apply(this, given);
  let listens = true;
  listeners += 1;
  return {
    unsubscribe() {
      if (listens) listeners -= 1;
      listens = false;
      unsubscribe();
    },
  };
};

Actor.prototype.start = function heard() {
  if (ear) follow(this as unknown as Watched, ear);
  return start.call(this);
};

function follow(actor: Watched, told: StateEar): void {
  const machine = actor.logic.id ?? '';
  let last: StateValue = actor.getSnapshot().value;
  told(machine, nameOf(last), null);
  const listener = ({ value }: AnyMachineSnapshot) => {
    if (value === last) return;
    told(machine, nameOf(value), nameOf(last));
    last = value;
  };
  subscribe.call(actor, listener);
}

/** `open`, or `open.obstructed` in a machine with states within states. */
function nameOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  const inner = Object.entries(value).map(([name, below]) => below && `${name}.${nameOf(below)}`);
  return inner.join(' + ');
}
