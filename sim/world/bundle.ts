/** Bundles the worker: tsx keeps the name of every function at run time, which costs a third. */

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';
import { shippedDirectory } from '../../config/load.ts';

export interface Bundle {
  readonly path: string;
  remove(): void;
}

const NATIVE = ['serialport', 'node-hid', 'pcsclite', 'level'];

/** Where the worker goes, and how; for builds of its own kind as well. */
export function workerBuild(): { readonly options: BuildOptions; readonly bundle: Bundle } {
  const directory = mkdtempSync(join(tmpdir(), 'tapway-world-'));
  const path = join(directory, 'worker.cjs');
  symlinkSync(shippedDirectory(), join(directory, 'config'));
  const options: BuildOptions = {
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    outfile: path,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', external: NATIVE },
    logOverride: { 'empty-import-meta': 'silent' },
  };
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return { options, bundle: { path, remove } };
}

export function bundleWorker(): Bundle {
  const { options, bundle } = workerBuild();
  buildSync(options);
  return bundle;
}
