/** The import rules are only worth something if the cruiser saw the sources. */

import { execFileSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';

const imports = feature('import rules');

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly { rule: { name: string }; from: string; to: string }[];
  };
}

imports.test(
  'GIVEN all sources WHEN their imports are followed THEN every module was seen and no rule broken',
  () => {
    const folders = ['firmware-bridge', 'controller', 'config', 'sim', 'test'];
    const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
    const cruise = JSON.parse(run('node_modules/.bin/depcruise', args)) as Cruise;
    const seen = new Set(cruise.modules.map((module) => module.source));
    const sources = run('git', [
      'ls-files',
      '--cached',
      '--others',
      '--exclude-standard',
      ...folders,
    ])
      .split('\n')
      .filter((path) => /\.tsx?$/.test(path));
    assert.equal(
      sources.filter((path) => !seen.has(path)),
      [],
    );
    assert.ok(seen.size > 100, `only ${seen.size} modules seen`);
    assert.equal(
      cruise.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
      [],
    );
  },
  60_000,
);

imports.run();

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' });
  } catch (error) {
    // The cruiser exits non-zero when a rule is broken; its report is still on standard output.
    if (error instanceof Error && 'stdout' in error) return String(error.stdout);
    throw error;
  }
}
