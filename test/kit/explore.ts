/** Every state that a machine can reach, by trying every event in every one (xstate/graph). */

import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  getMicrosteps,
  transition,
} from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';

export interface Step {
  readonly from: AnyMachineSnapshot;
  /** Type of the event. */
  readonly event: string;
  readonly to: AnyMachineSnapshot;
  /** Actions of ours that ran, by name and in order. */
  readonly actions: readonly string[];
  /** Which of the declared transitions were taken, as `transitionsOf` names them. */
  readonly taken: readonly string[];
}

export interface Exploration {
  readonly events: readonly { readonly type: string }[];
  /** Facts that make two snapshots of one state different. */
  readonly key: (snapshot: AnyMachineSnapshot) => string;
  /** Beyond so many snapshots the exploration is a mistake. */
  readonly limit: number;
  readonly input?: unknown;
}

/** The event that a named delay of a state sends. */
export function afterEvent(machine: AnyStateMachine, state: string, delay: string) {
  return { type: `xstate.after.${delay}.${machine.id}.${state}` };
}

export function explore(machine: AnyStateMachine, exploration: Exploration): Step[] {
  const { events, key, limit, input } = exploration;
  const names = namesOf(machine);
  const reached = getAdjacencyMap(machine, {
    events: [...events],
    serializeState: (snapshot) => identity(snapshot, key),
    // the library counts the transitions that it follows
    limit: limit * events.length,
    ...(input !== undefined && { input }),
  });
  return Object.values(reached).flatMap(({ state: from }) =>
    // an actor that is done takes no event any more
    from.status === 'active' ? events.map((event) => stepOf(machine, { from, event, names })) : [],
  );
}

/** A snapshot as an exploration tells it from others. */
export function identity(snapshot: AnyMachineSnapshot, key: Exploration['key']): string {
  return `${String(snapshot.value)} ${key(snapshot)}`;
}

interface Trial {
  readonly from: AnyMachineSnapshot;
  readonly event: { readonly type: string };
  readonly names: ReadonlyMap<AnyTransitionDefinition, string>;
}

function stepOf(machine: AnyStateMachine, { from, event, names }: Trial): Step {
  const [to, ran] = transition(machine, from, event);
  const chosen = machine.getTransitionData(from, event) ?? [];
  const values = getMicrosteps(machine, from, event).map(([snapshot]) => String(snapshot.value));
  const passed = values
    .slice(1)
    .map((value, index) => alwaysBetween(machine, values[index] ?? '', value));
  const taken = [...chosen, ...passed].map((each) => (each && names.get(each)) ?? 'undeclared');
  return { from, event: event.type, to, actions: ran.map(({ type }) => type), taken };
}

/** Where a state is left without an event: its `always` that leads to the next. */
function alwaysBetween(machine: AnyStateMachine, state: string, next: string) {
  return machine.states[state]?.always?.find(({ target }) => target?.[0]?.key === next);
}

/** Every declared transition by name: those of each state, of the root (`*`), and `always`. */
export function transitionsOf(machine: AnyStateMachine): string[] {
  return [...namesOf(machine).values()];
}

function namesOf(machine: AnyStateMachine): Map<AnyTransitionDefinition, string> {
  const names = new Map<AnyTransitionDefinition, string>();
  for (const node of [machine.root, ...Object.values(machine.states)]) {
    const state = node === machine.root ? '*' : node.key;
    const groups = [...node.transitions, ['always', node.always ?? []] as const];
    for (const [event, group] of groups) {
      for (const [index, each] of group.entries()) {
        const goal = each.target?.[0]?.key ?? 'stays';
        names.set(each, `${state} ${event} ${index + 1}. ${goal}`);
      }
    }
  }
  return names;
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
