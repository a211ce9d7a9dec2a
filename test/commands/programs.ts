/** Real processes in a directory of their own; neither outlives the tests, not even on failure. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  said(): { readonly out: string; readonly err: string };
  /** Resolves with the match as soon as standard output or error fits; rejects when it ends. */
  until(pattern: RegExp, from?: number): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

const children = new Set<ChildProcess>();
const root = mkdtempSync(join(tmpdir(), 'tapway-commands-'));
process.on('exit', () => {
  killAll();
  rmSync(root, { recursive: true, force: true });
});

/** For `after`: what a failed test has left running. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** A fresh directory, removed when the tests end. */
export function scratch(): string {
  return mkdtempSync(join(root, 'dir-'));
}

export const SOURCE = ['--import', import.meta.resolve('tsx'), resolve('controller/cli.ts')];
export const SIM = ['--import', import.meta.resolve('tsx'), resolve('sim/cli.ts')];

let built: string | undefined;

/** The product's bundle, built by the recipe of package.json into a directory of its own. */
export function bundle(): readonly string[] {
  return [join(buildings(), 'tapway.cjs')];
}

/** The simulator bundled by the same recipe: nothing ships it, but it starts much faster. */
export function quickSim(): readonly string[] {
  return [join(buildings(), 'tapway-sim.cjs')];
}

function buildings(): string {
  if (built) return built;
  built = scratch();
  // Native packages stay outside the bundle; on a board they lie beside it.
  symlinkSync(resolve('node_modules'), `${built}/node_modules`);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const recipe = String(scripts.build).replaceAll('dist/', `${built}/`);
  const path = `${resolve('node_modules/.bin')}:${process.env.PATH}`;
  const options = { stdio: 'pipe', env: { ...process.env, PATH: path } } as const;
  execFileSync('sh', ['-c', recipe], options);
  const sim = recipe
    .replaceAll('tapway=controller/cli.ts', 'tapway-sim=sim/cli.ts --external:esbuild')
    .replaceAll('tapway.cjs', 'tapway-sim.cjs');
  execFileSync('sh', ['-c', sim], options);
  return built;
}

export function start(
  program: readonly string[],
  args: readonly string[],
  { env = {}, input = '', cwd = process.cwd() }: RunOptions = {},
): Running {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { ...process.env, ...env },
  });
  children.add(child);
  let out = '';
  let err = '';
  const watchers = new Set<() => void>();
  const heard = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.on('data', (text: Buffer) => {
    out += text;
    heard();
  });
  child.stderr.on('data', (text: Buffer) => {
    err += text;
    heard();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code) => {
      children.delete(child);
      done({ code, out, err });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    said: () => ({ out, err }),
    kill: (signal) => void child.kill(signal),
    until: (pattern, from = 0) =>
      new Promise((found, failed) => {
        const look = () => {
          const match = pattern.exec(out) ?? pattern.exec(err.slice(from));
          if (!match) return;
          watchers.delete(look);
          found(match[0]);
        };
        watchers.add(look);
        void ended.then(() => failed(new Error(`ended without ${pattern}: ${out}${err}`)));
        look();
      }),
  };
}

export function run(
  program: readonly string[],
  args: readonly string[],
  options?: RunOptions,
): Promise<Ended> {
  return start(program, args, options).ended;
}
