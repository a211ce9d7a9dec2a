/** Builds the world with one line of the product changed, and lives stories in it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Bundle, workerBuild } from '../../sim/world/bundle.ts';
import type { Order, Report } from '../../sim/world/worker.ts';
import type { Change, Mutant } from './mutants.ts';

export async function buildMutant(mutant: Mutant): Promise<Bundle> {
  const { options, bundle } = workerBuild();
  await build({ ...options, plugins: [changing(mutant)] });
  return bundle;
}

function changing(mutant: Mutant): Plugin {
  return {
    name: 'mutant',
    setup({ onLoad }) {
      const path = resolve(mutant.file);
      const filter = new RegExp(`^${path.replaceAll(/[.]/g, '\\.')}$`);
      onLoad({ filter }, () => ({
        contents: changed(readFileSync(path, 'utf8'), mutant),
        loader: 'ts',
      }));
    },
  };
}

/** The source of the mutant's file, with its change. */
export function changed(source: string, { name, file, find, put }: Change): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${name}: ${parts.length - 1} places in ${file}`);
  return parts.join(put);
}

/** One story in a process of its own. */
export async function liveIn(bundle: Bundle, order: Order): Promise<Report> {
  const child = fork(bundle.path, { execArgv: [] });
  try {
    child.send(order);
    const [report] = (await once(child, 'message')) as [Report];
    return report;
  } finally {
    child.disconnect();
  }
}
