/** A machine as a picture needs it: flat lists, walked from an XState machine. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';

export interface GraphState {
  /** Path below the machine, e.g. `inService` or `open.obstructed`. */
  readonly id: string;
  readonly parent: string | null;
  readonly initial: boolean;
  readonly final: boolean;
}

export interface GraphTransition {
  readonly from: string;
  readonly to: string;
  /** Event name, or `after 2000 ms`. */
  readonly event: string;
  readonly guard: string | null;
}

export interface MachineGraph {
  readonly name: string;
  readonly states: readonly GraphState[];
  readonly transitions: readonly GraphTransition[];
}

export function describeMachine(machine: AnyStateMachine): MachineGraph {
  const states: GraphState[] = [];
  const transitions: GraphTransition[] = [];
  visit(machine.root, null);
  return { name: machine.id, states, transitions };

  function visit(node: AnyStateNode, parent: AnyStateNode | null): void {
    if (parent) {
      states.push({
        id: pathOf(node),
        parent: parent.parent ? pathOf(parent) : null,
        initial: parent.initial?.target[0] === node,
        final: node.type === 'final',
      });
    }
    for (const definition of [...[...node.transitions.values()].flat(), ...(node.always ?? [])]) {
      const target = definition.target?.[0] ?? node;
      transitions.push({
        from: pathOf(node),
        to: pathOf(target),
        event: eventLabel(definition.eventType),
        guard: guardLabel(definition.guard),
      });
    }
    for (const child of Object.values(node.states)) visit(child, node);
  }
}

function pathOf(node: AnyStateNode): string {
  return node.path.length === 0 ? '*' : node.path.join('.');
}

function eventLabel(event: string): string {
  if (event === '') return 'at once';
  const after = /^xstate\.after\.(.+?)\./.exec(event);
  return after ? `after ${after[1]}` : event;
}

function guardLabel(guard: unknown): string | null {
  if (guard === undefined) return null;
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : '?';
}
