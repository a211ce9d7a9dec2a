/** Lets the process of a lane die at every await of its flows, on two cores, and counts. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { type AwaitBuild, buildWithAwaits } from './await-build.ts';
import type { AwaitOrder, AwaitReport } from './await-child.ts';
import { FLOWS, RETURNS } from './await-flows.ts';
import type { Change } from './mutants.ts';

export interface AwaitOptions {
  readonly deaths: readonly AwaitOrder['death'][];
  /** Lives one moment in so many; 1: all of them. */
  readonly every: number;
  readonly flows?: readonly string[];
  readonly change?: Change;
}

export interface AwaitRun {
  readonly reports: readonly AwaitReport[];
  readonly cases: number;
  /** Awaits of the undisturbed flows, each flow once. */
  readonly awaits: number;
  readonly resumptions: number;
  /** Awaits in the source at which a process died. */
  readonly places: readonly string[];
  /** Awaits of the files that the lane loads, and of both folders. */
  readonly loaded: readonly string[];
  readonly everywhere: number;
  readonly broken: readonly string[];
}

const WORKERS = 2;

export async function dieAtAwaits(options: AwaitOptions): Promise<AwaitRun> {
  const built = await buildWithAwaits(options.change);
  const orders = ordersOf(options);
  const reports: AwaitReport[] = [];
  const work = async () => {
    const child = fork(built.bundle.path, { execArgv: [] });
    const died = once(child, 'exit').then(() => null);
    try {
      for (let order = orders.shift(); order; order = orders.shift()) {
        child.send(order);
        const answer = await Promise.race([once(child, 'message'), died]);
        if (!answer) throw new Error(`the world died: ${JSON.stringify(order)}`);
        reports.push(answer[0] as AwaitReport);
      }
    } finally {
      child.kill('SIGKILL');
    }
  };
  try {
    const workers = Math.min(WORKERS, availableParallelism());
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    built.bundle.remove();
  }
  return summed(reports, built);
}

/** Each takes another first moment, so that all of them together miss little. */
function ordersOf({ deaths, every, flows }: AwaitOptions): AwaitOrder[] {
  const chosen = FLOWS.filter(({ name }) => flows?.includes(name) ?? true);
  const cases = chosen.flatMap(({ name }) =>
    deaths.flatMap((death) => RETURNS.map((returns) => ({ flow: name, returns, death }))),
  );
  return cases.map((one, index) => ({ ...one, every, first: 1 + ((index * 5) % every) }));
}

function summed(reports: readonly AwaitReport[], built: AwaitBuild): AwaitRun {
  const flows = FLOWS.flatMap(({ name }) => reports.find(({ order }) => order.flow === name) ?? []);
  const moments = reports.flatMap(({ places }) => places);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  return {
    reports,
    cases: sum(reports.map(({ cases }) => cases)),
    awaits: sum(flows.map(({ begun }) => begun)),
    resumptions: sum(flows.map(({ resumed }) => resumed)),
    places: [...new Set(moments.map((moment) => moment.split(' ')[0] ?? ''))].sort(),
    ...{ loaded: built.loaded, everywhere: built.everywhere },
    broken: reports.flatMap(({ order, broken }) =>
      broken.map((text) => `${order.flow}, ${order.death}, ${order.returns}: ${text}`),
    ),
  };
}

/** Lines for a person. */
export function tellRun(run: AwaitRun): string[] {
  const { reports, cases, awaits, resumptions, places, loaded, everywhere, broken } = run;
  const outcomes: Record<string, number> = {};
  for (const report of reports) {
    for (const [name, count] of Object.entries(report.outcomes)) {
      outcomes[name] = (outcomes[name] ?? 0) + count;
    }
  }
  const told = Object.entries(outcomes).map(([name, count]) => `${name} ${count}`);
  const rows = FLOWS.flatMap(({ name }) => {
    const of = reports.filter(({ order }) => order.flow === name);
    const [first] = of;
    const lived = of.reduce((sum, report) => sum + report.cases, 0);
    if (!first) return [];
    return [`  ${name.padEnd(26)} ${first.begun} awaits, ${first.resumed} resumed: ${lived} cases`];
  });
  return [
    ...rows,
    `${awaits} awaits and ${resumptions} resumptions; ${cases} deaths at ${places.length} places`,
    `of ${loaded.length} awaits in the files of a lane (${everywhere} in both folders)`,
    `whoever came back read: ${told.join(', ')}`,
    `${broken.length} violations`,
    ...broken,
  ];
}
