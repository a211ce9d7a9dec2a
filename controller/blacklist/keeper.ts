/**
 * The lane's side of keeper-process.ts: starts it, asks it, starts it again when it dies. Look-ups
 * travel as raw bytes on pipes. The lane never runs code of LevelDB itself.
 */

import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import { lastWords, startOwn } from '../../firmware-bridge/process.ts';
import { type Answer, answerOf } from './blacklist.ts';
import { DAMAGED, LOOKUP_FAILED } from './keeper-codes.ts';

export interface KeeperOptions {
  readonly clock: Clock;
  /** Directory of the sealed store. */
  readonly store: string;
  /** SM3 of the list file that the store must be built from, hex. */
  readonly list: string;
  /** Directory for the work copy; on the same file system. */
  readonly work: string;
  readonly onState: (state: KeeperState) => void;
  /** Deadline of one look-up. */
  readonly ask_timeout_ms?: number;
}

export type KeeperState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready' }
  /** `damaged`: the store differs from its seal or from its list; starting again is of no use. */
  | { readonly kind: 'trouble'; readonly detail: string; readonly damaged: boolean };

interface Slot {
  readonly settle: (answer: Answer) => void;
  timer: Timer;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const ASK_MS = 200;
/** No answer for so long: the process hangs. A slow disk may well take longer than `ASK_MS`. */
const HANG_MS = 5_000;
/** Verifying a large store on a slow board takes its time. */
const START_MS = 120_000;
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 30_000;
const PENDING_MAX = 64;
const STOP_MS = 1_000;
const NO_FILES = 'no process can be started: too many open files';
/** Nothing else of our environment: it may hold the passphrase of a key file. */
const PASSED_ON = ['PATH', 'TMPDIR', 'NODE_PATH', 'NODE_OPTIONS', 'NODE_V8_COVERAGE'];

export class Keeper {
  /** Look-ups refused because too many waited. */
  dropped = 0;
  readonly #options: KeeperOptions;
  #child: Child | null = null;
  #state: KeeperState = { kind: 'starting' };
  #pending: Slot[] = [];
  #pause_ms = PAUSE_MIN_MS;
  #timer: Timer = null;
  #stopped = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get state(): KeeperState {
    return this.#state;
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the process is ready or has failed for the first time. */
  start(): Promise<KeeperState> {
    return new Promise((resolve) => this.#launch(resolve));
  }

  /** @param card application serial, 10 bytes; a late, garbled or missing answer is `unreadable` */
  ask(card: Buffer): Promise<Answer> {
    const child = this.#child;
    if (this.#state.kind !== 'ready' || !child) {
      return Promise.resolve(unreadable('the store of the blacklist does not answer'));
    }
    if (this.#pending.length === PENDING_MAX) {
      this.dropped += 1;
      return Promise.resolve(unreadable(`${PENDING_MAX} look-ups wait`));
    }
    return new Promise((settle) => {
      const { clock, ask_timeout_ms = ASK_MS } = this.#options;
      const slot: Slot = { settle, timer: null };
      slot.timer = clock.setTimeout(() => {
        settle(unreadable(`no answer in ${ask_timeout_ms} ms`));
        slot.timer = clock.setTimeout(() => child.kill('SIGKILL'), HANG_MS);
      }, ask_timeout_ms);
      this.#pending.push(slot);
      child.stdin.write(Buffer.from(card));
    });
  }

  /** The store was found damaged from outside: nothing that it says counts any more. */
  distrust(detail: string): void {
    this.#enter({ kind: 'trouble', detail, damaged: true });
  }

  /** Within two seconds. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#stopped = true;
    clock.clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const timer = clock.setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.stdin.end();
    await closed;
    clock.clearTimeout(timer);
  }

  #launch(verdict: (state: KeeperState) => void = () => {}): void {
    const { clock, store, list, work } = this.#options;
    this.#enter({ kind: 'starting' });
    const child = spawnKeeper(['serve', store, list, work]);
    if (!child) {
      this.#fail({ detail: NO_FILES, damaged: false }, verdict);
      return;
    }
    this.#child = child;
    const words = lastWords(child.stderr);
    const late = clock.setTimeout(() => child.kill('SIGKILL'), START_MS);
    child.stdin.on('error', () => {});
    child.stdout.once('data', (bytes: Buffer) => {
      clock.clearTimeout(late);
      this.#pause_ms = PAUSE_MIN_MS;
      child.stdout.on('data', (answers: Buffer) => this.#take(answers));
      this.#enter({ kind: 'ready' });
      verdict(this.#state);
      this.#take(bytes.subarray(1));
    });
    void ending(child).then((end) => {
      clock.clearTimeout(late);
      this.#child = null;
      this.#failPending();
      if (this.#stopped) return verdict(this.#state);
      const damaged = end === DAMAGED;
      const detail = words() || `the process of the blacklist's store ended (${end})`;
      this.#fail({ detail, damaged }, verdict);
    });
  }

  #fail(
    trouble: { detail: string; damaged: boolean },
    verdict: (state: KeeperState) => void,
  ): void {
    this.#enter({ kind: 'trouble', ...trouble });
    verdict(this.#state);
    if (trouble.damaged) return;
    this.#timer = this.#options.clock.setTimeout(() => this.#launch(), this.#pause_ms);
    this.#pause_ms = Math.min(2 * this.#pause_ms, PAUSE_MAX_MS);
  }

  #take(answers: Buffer): void {
    for (const byte of answers) {
      const slot = this.#pending.shift();
      if (!slot) continue;
      this.#options.clock.clearTimeout(slot.timer);
      slot.settle(answerOf(byte) ?? unreadable('a page of the store cannot be read'));
      if (byte === LOOKUP_FAILED) {
        this.distrust('a page of the store cannot be read');
      }
    }
  }

  #failPending(): void {
    for (const { settle, timer } of this.#pending.splice(0)) {
      this.#options.clock.clearTimeout(timer);
      settle(unreadable('the process of the store died'));
    }
  }

  #enter(state: KeeperState): void {
    if (this.#stopped) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

/** A verb that runs to its end: `verify` or `rebuild`. */
export interface Errand {
  /** Exit code, and what it said when that is not 0. */
  readonly ended: Promise<{ readonly code: number; readonly words: string }>;
  kill(): void;
}

export function runErrand(...args: readonly string[]): Errand {
  const child = spawnKeeper(args);
  if (!child) return { ended: Promise.resolve({ code: -1, words: NO_FILES }), kill: () => {} };
  child.stdin.on('error', () => {});
  child.stdout.resume();
  const words = lastWords(child.stderr);
  return {
    ended: ending(child).then((end) => {
      const code = typeof end === 'number' ? end : -1;
      return { code, words: words() || `ended (${end})` };
    }),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Null when this process may open no more files: Node then makes no pipes. */
function spawnKeeper(args: readonly string[]): Child | null {
  const env = Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
  const child = startOwn({ name: 'keeper-process', beside: import.meta.url, args, env });
  child.on('error', () => {});
  const { stdin, stdout, stderr } = child;
  return stdin && stdout && stderr ? (child as Child) : null;
}

/** Exit code, signal, or why it could not be started. */
function ending(child: Child): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

function unreadable(detail: string): Answer {
  return { kind: 'unreadable', detail };
}
