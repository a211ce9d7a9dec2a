/** Processes that are killed, two at a time: one bundle that starts in some tens of ms. */

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { Task } from './child.ts';

const root = mkdtempSync(join(tmpdir(), 'tapway-crash-'));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  killAll();
  rmSync(root, { recursive: true, force: true });
});

/** For `after`: what a failed test has left running. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** A fresh directory, removed at the end of this process. */
export function scratch(): string {
  return mkdtempSync(join(root, 'd-'));
}

/** `to` becomes a copy of `from`, and nothing else. */
export function restore(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let built: string | null = null;

/** The children's program, with the keeper process of the product beside it. */
function program(): string {
  built ??= build();
  return built;
}

function build(): string {
  const outdir = join(root, 'program');
  buildSync({
    entryPoints: [source('./child.ts'), source('../../controller/blacklist/keeper-process.ts')],
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', outdir },
    ...{ outbase: '', entryNames: '[name]', outExtension: { '.js': '.cjs' } },
    external: ['level'],
    logOverride: { 'empty-import-meta': 'silent' },
  });
  symlinkSync(resolve('node_modules'), join(outdir, 'node_modules'));
  return join(outdir, 'child.cjs');
}

export interface Ended {
  /** Null when it ended by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** Whole lines of standard output. */
  readonly lines: readonly string[];
  readonly errors: string;
}

export interface Child {
  readonly ended: Promise<Ended>;
  /** Resolves with the next line; null when it has ended. */
  line(): Promise<string | null>;
  say(line: string): void;
  kill(): void;
}

export function start(task: Task): Child {
  const child = spawn(process.execPath, [program(), JSON.stringify(task)]);
  running.add(child);
  let text = '';
  let errors = '';
  let taken = 0;
  let over = false;
  let wake = () => {};
  const lines = () => text.split('\n').slice(0, -1);
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => {
      running.delete(child);
      over = true;
      wake();
      done({ signal, code, lines: lines(), errors });
    });
  });
  return {
    ended,
    say: (line) => void child.stdin.write(`${line}\n`),
    kill: () => void child.kill('SIGKILL'),
    async line() {
      while (lines().length <= taken && !over) {
        await new Promise<void>((heard) => {
          wake = heard;
        });
      }
      taken += 1;
      return lines()[taken - 1] ?? null;
    },
  };
}

/** `before sync` … as mortal-disk.ts says it. */
export function dyingWords({ lines }: Ended): string {
  return /^DIES (\w+ \w+)/.exec(lines.at(-1) ?? '')?.[1] ?? 'unseen';
}

/** Kills it so long after it began its work. */
export async function killAfter(child: Child, delay_ms: number): Promise<Ended> {
  await child.line();
  await new Promise((resolve) => setTimeout(resolve, delay_ms));
  child.kill();
  return child.ended;
}

/** Works off the list on two processors; the first failure ends it. */
export async function inTwos<T>(items: readonly T[], work: (item: T) => Promise<void>) {
  const left = [...items];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await work(next).catch((error: unknown) => {
        left.length = 0;
        throw error;
      });
    }
  };
  await Promise.all([worker(), worker()]);
}

/** How often each thing happened, for the last line of a campaign. */
export class Tally {
  readonly #counts = new Map<string, number>();
  /** What took how long: how often, and the longest. */
  readonly #times = new Map<string, { count: number; longest_ms: number }>();

  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Of everything whose name begins so. */
  total(beginning: string): number {
    return [...this.#counts].reduce(
      (sum, [what, times]) => sum + (what.startsWith(beginning) ? times : 0),
      0,
    );
  }

  /** Does some work and notes how long it took. */
  async time<T>(what: string, work: () => Promise<T>): Promise<T> {
    const begin_ms = performance.now();
    const result = await work();
    const { count, longest_ms } = this.#times.get(what) ?? { count: 0, longest_ms: 0 };
    const time_ms = performance.now() - begin_ms;
    this.#times.set(what, { count: count + 1, longest_ms: Math.max(longest_ms, time_ms) });
    return result;
  }

  /** The longest of all; 0 when there was none. */
  longest_ms(what: string): number {
    return this.#times.get(what)?.longest_ms ?? 0;
  }

  toString(): string {
    const counts = [...this.#counts].map(([what, times]) => `${times} ${what}`);
    const times = [...this.#times].map(
      ([what, { count, longest_ms }]) => `${count} ${what}, at most ${Math.ceil(longest_ms)} ms`,
    );
    return [...counts, ...times].join(', ');
  }
}

/** Adds to an error how the very same case is met again. */
export async function replayable(how: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const details = error instanceof Error && 'details' in error ? error.details : '';
    throw new Error(`${how}: ${text}\n${details}`);
  }
}
