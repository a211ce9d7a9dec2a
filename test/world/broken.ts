/** Builds the world with one line of the product changed, and lives stories in it. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Bundle, workerBuild } from '../../sim/world/bundle.ts';
import type { Order, Report } from '../../sim/world/worker.ts';
import type { Mutant } from './mutants.ts';

export async function buildMutant(mutant: Mutant): Promise<Bundle> {
  const { options, bundle } = workerBuild();
  await build({ ...options, plugins: [changing(mutant)] });
  return bundle;
}

function changing({ name, file, find, put }: Mutant): Plugin {
  return {
    name: 'mutant',
    setup({ onLoad }) {
      const path = resolve(file);
      const filter = new RegExp(`^${path.replaceAll(/[.]/g, '\\.')}$`);
      onLoad({ filter }, () => {
        const parts = readFileSync(path, 'utf8').split(find);
        if (parts.length !== 2) throw new Error(`${name}: ${parts.length - 1} places in ${file}`);
        return { contents: parts.join(put), loader: 'ts' };
      });
    },
  };
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
