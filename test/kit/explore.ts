/** Every state that a machine can reach, by trying every event in every one: breadth first. */

import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  initialTransition,
  transition,
} from 'xstate';

export interface Step {
  readonly from: AnyMachineSnapshot;
  /** Type of the event. */
  readonly event: string;
  readonly to: AnyMachineSnapshot;
  /** Actions of ours that ran, by name and in order. */
  readonly actions: readonly string[];
}

interface Exploration {
  readonly events: readonly { readonly type: string }[];
  /** Facts that make two snapshots of one state different. */
  readonly key: (snapshot: AnyMachineSnapshot) => string;
  /** Beyond this the exploration is a mistake. */
  readonly limit: number;
}

/** The event that a named delay of a state sends. */
export function afterEvent(machine: AnyStateMachine, state: string, delay: string) {
  return { type: `xstate.after.${delay}.${machine.id}.${state}` };
}

export function explore(machine: AnyStateMachine, { events, key, limit }: Exploration): Step[] {
  const steps: Step[] = [];
  const [first] = initialTransition(machine);
  const seen = new Set([identity(first)]);
  const queue: AnyMachineSnapshot[] = [first];
  for (const from of queue) {
    // an actor that is done takes no event any more
    if (from.status !== 'active') continue;
    for (const event of events) {
      const [to, ran] = transition(machine, from, event);
      steps.push({ from, event: event.type, to, actions: ran.map((action) => action.type) });
      if (seen.has(identity(to))) continue;
      if (seen.size === limit) throw new Error(`more than ${limit} snapshots`);
      seen.add(identity(to));
      queue.push(to);
    }
  }
  return steps;

  function identity(snapshot: AnyMachineSnapshot): string {
    return `${String(snapshot.value)} ${key(snapshot)}`;
  }
}

/** States of a flat machine. */
export function statesOf(machine: AnyStateMachine): string[] {
  return Object.keys(machine.states).sort();
}

/** States that the steps reach, the first one included. */
export function visited(steps: readonly Step[]): string[] {
  return [
    ...new Set(steps.flatMap(({ from, to }) => [String(from.value), String(to.value)])),
  ].sort();
}
