/** What a campaign did not reach: all states, transitions and faults, less those that it met. */

import { gateMachines } from '../../controller/gate/machines.ts';
import { type Direction, FAULT_KINDS, type FaultKind, LIST_FILES } from './faults.ts';
import type { Coverage } from './record.ts';

/** States that the world cannot reach, and why. A test fails when one of them is reached. */
export const UNREACHED: Readonly<Record<string, string>> = {
  'lane settling': 'left in the step that enters it',
  'lane free': 'by policy alone, and the shipped lanes close instead',
  'passage free': 'as the lane',
};

function lineWays(...directions: readonly Direction[]): string[] {
  const spoilings = ['lost', 'cut', 'corrupt', 'late', 'noise'];
  return spoilings.flatMap((what) => directions.map((way) => `line ${what} ${way}`));
}

/** Faults that come in several ways are counted by the way. */
const WAYS: { readonly [K in FaultKind]?: readonly string[] } = {
  tear: ['tear gone', 'tear glitch'],
  line: lineWays('to-chip', 'to-host'),
  'board-line': lineWays('to-board', 'from-board'),
  'list-import': LIST_FILES.map((file) => `list-import ${file}`),
  sam: ['slow', 'mute', 'refuse', 'wrong-mac1', 'wrong-mac2', 'reset'].map((does) => `sam ${does}`),
  'disk-fails': ['write', 'sync'].flatMap((on) => [`disk ${on} fails once`, `disk ${on} fails on`]),
};

export interface Gaps {
  /** `machine state`; those of `UNREACHED` as well. */
  readonly states: readonly string[];
  /** `machine from → to`, where the machine names both. */
  readonly transitions: readonly string[];
  readonly faults: readonly string[];
}

export function gapsOf({ states, transitions, faults }: Coverage): Gaps {
  const graphs = gateMachines();
  const all = graphs.flatMap(({ name, states: of }) => of.map(({ id }) => `${name} ${id}`));
  const steps = graphs.flatMap(({ name, transitions: of }) => {
    // Heard is where a machine comes to rest: a step into a state that is left at once goes on.
    const goesOn = of.filter(({ event }) => event === 'at once');
    const between = of.filter((one) => !goesOn.includes(one));
    return between.flatMap(({ from, to }) => {
      if (from === '*' || from === to) return [];
      const ends = [to, ...goesOn.flatMap((next) => (next.from === to ? [next.to] : []))];
      const heard = ends.some((end) => transitions[`${name} ${from} → ${end}`]);
      return heard ? [] : [`${name} ${from} → ${to}`];
    });
  });
  const ways = FAULT_KINDS.flatMap((kind) => WAYS[kind] ?? [kind]);
  return {
    states: all.filter((state) => !states[state]),
    transitions: [...new Set(steps)],
    faults: ways.filter((way) => !faults[way]),
  };
}
