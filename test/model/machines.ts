/** Finds every machine of the product in its sources, and explores each by its model. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyStateMachine, StateMachine } from 'xstate';
import { afterEvent, explore, identity, type Step } from '../kit/explore.ts';
import { MODELS, type Model } from './models.ts';

export interface Found {
  readonly file: string;
  readonly machine: AnyStateMachine;
}

export interface Explored extends Found {
  readonly model: Model;
  readonly steps: readonly Step[];
  /** Different snapshots. */
  readonly snapshots: number;
  /** A shortest way there, event by event. */
  readonly wayTo: (step: Step) => string;
}

/** The machines that each source file makes and exports. */
export async function findMachines(): Promise<Found[]> {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  const files = listed
    .toString()
    .split('\n')
    .filter((file) => /^(firmware-bridge|controller|config|sim)\/.*\.ts$/.test(file))
    .filter((file) => /\bcreateMachine\(/.test(readFileSync(file, 'utf8')));
  const found: Found[] = [];
  for (const file of files) {
    const exported: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
    const machines = Object.values(exported).filter((each) => each instanceof StateMachine);
    if (machines.length === 0) throw new Error(`${file} makes a machine and exports none`);
    found.push(...machines.map((machine) => ({ file, machine })));
  }
  return found;
}

/** One exploration for each input of the machine. */
export function exploreAll({ file, machine }: Found): Explored[] {
  const model = MODELS[machine.id];
  if (!model)
    throw new Error(`${file}: machine ${machine.id} has no model in test/model/models.ts`);
  const { inputs = [undefined] } = model;
  return inputs.map((input) => exploreOne({ file, machine }, model, input));
}

function exploreOne({ file, machine }: Found, model: Model, input: unknown): Explored {
  const { key, limit } = model;
  const events = [...model.events, ...timeOuts(machine)];
  const steps = explore(machine, { events, key, limit, input });
  const id = (snapshot: Step['from']) => identity(snapshot, key);
  const parents = new Map<string, Step>();
  for (const step of steps) if (!parents.has(id(step.to))) parents.set(id(step.to), step);
  const start = steps[0] && id(steps[0].from);
  const wayTo = (step: Step): string => {
    const way = [step];
    for (let at = id(step.from); at !== start; at = id(way[0]?.from ?? step.from)) {
      const before = parents.get(at);
      if (!before) break;
      way.unshift(before);
    }
    return way.reduce((told, { event, to }) => `${told}, ${event} → ${to.value}`, 'start');
  };
  const snapshots = new Set(steps.flatMap(({ from, to }) => [id(from), id(to)])).size;
  return { file, machine, model, steps, snapshots, wayTo };
}

/** The event of every delay that a state declares, by its full name. */
function timeOuts(machine: AnyStateMachine) {
  return Object.values(machine.states).flatMap(({ key, after }) =>
    after.map(({ delay }) => afterEvent(machine, key, String(delay))),
  );
}

/** For a machine without input. */
export function explored(machine: AnyStateMachine): Explored {
  const [only, ...more] = exploreAll({ file: 'a machine', machine });
  if (!only || more.length > 0) throw new Error(`${machine.id} has several explorations`);
  return only;
}
