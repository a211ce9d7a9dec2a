/**
 * Runs every `*.test.ts` (or those whose path matches the argument) and counts the tests. Some
 * processes work side by side, each on one file at a time; what a file prints comes out whole.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type FileResult, RESULT } from './worker.ts';

/** After its last test nothing may keep a process alive: no timer, port, child or socket. */
const END_MS = 15_000;
/** A file that takes longer hangs. */
const FILE_MS = 15 * 60_000;
/** What a process printed before it ended arrives within this time. */
const LAST_WORDS_MS = 100;
const SLOWEST = 10;

/** Files that want the machine to themselves: they run last, one at a time. */
const ALONE: readonly { readonly files: RegExp; readonly because: string }[] = [
  { files: /^crash\//, because: 'kills processes on every processor at random moments' },
  { files: /^peers\//, because: 'programs with time limits of their own: QEMU, pcscd, libnfc' },
];
/** Folders whose files take longest begin first, so that none is left over at the end. */
const FIRST = [
  'kiosk/page',
  'tear/',
  'soak/',
  'world/',
  'tidy/',
  'page/',
  'controller/blacklist/',
  'controller/ledger/',
  'commands/',
];

interface Finished extends FileResult {
  readonly file: string;
}

class Worker {
  readonly #child: ChildProcess;
  readonly #died: Promise<string>;
  #output = '';
  #heard = () => {};

  constructor() {
    const script = fileURLToPath(new URL('worker.ts', import.meta.url));
    this.#child = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#heard();
      });
    }
    this.#died = new Promise((resolve) => {
      // Not `close`: that waits for every process that a test left behind with our pipe.
      this.#child.on('exit', (code, signal) => {
        setTimeout(() => resolve(signal ?? `exit code ${code}`), LAST_WORDS_MS);
      });
    });
  }

  /** Prints what the file printed and resolves with its counts; null when the process died. */
  async run(file: string): Promise<FileResult | null> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), FILE_MS);
    this.#child.send(`test/${file}`);
    const died = await Promise.race([this.#died, this.#result()]);
    clearTimeout(timer);
    const at = this.#output.indexOf(RESULT);
    const end = this.#output.indexOf('\n', at);
    const printed = at < 0 ? this.#output : this.#output.slice(0, at);
    process.stdout.write(`${file}\n${printed.trimEnd()}\n`);
    if (died !== null) {
      process.stdout.write(`FAILED: the process died in this file or the one before: ${died}\n`);
      return null;
    }
    const result = JSON.parse(this.#output.slice(at + RESULT.length, end));
    this.#output = this.#output.slice(end + 1);
    return result;
  }

  #result(): Promise<null> {
    return new Promise((resolve) => {
      this.#heard = () => {
        const at = this.#output.indexOf(RESULT);
        if (at >= 0 && this.#output.indexOf('\n', at) >= 0) resolve(null);
      };
    });
  }

  /** True when the process ends by itself, now that it has nothing to do. */
  async end(): Promise<boolean> {
    this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    const died = await this.#died;
    clearTimeout(timer);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    if (died !== 'exit code 0') process.stdout.write(`${this.#output}\n`);
    if (died === 'SIGKILL') {
      process.stdout.write('FAILED: the tests are done, but something keeps the process alive\n');
    }
    return died === 'exit code 0';
  }
}

/** Works through the files; one that kills its process costs itself alone. */
async function workOff(files: string[]): Promise<Finished[]> {
  const finished: Finished[] = [];
  let worker: Worker | null = null;
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    worker ??= new Worker();
    const result: FileResult | null = await worker.run(file);
    if (!result) worker = null;
    finished.push({ file, ...(result ?? { passed: 0, failed: 1, skipped: 0, time_ms: 0 }) });
  }
  if (worker && !(await worker.end())) {
    const all = finished.map(({ file }) => file).join(' ');
    finished.push({ file: `the end of ${all}`, passed: 0, failed: 1, skipped: 0, time_ms: 0 });
  }
  return finished;
}

async function main(pattern: string): Promise<void> {
  const wanted = new RegExp(`(?:${pattern}).*\\.test\\.tsx?$`, 'i');
  const found = readdirSync('test', { recursive: true }).map(String);
  const files = found.filter((file) => wanted.test(file)).sort();
  const alone = files.filter((file) => ALONE.some((each) => each.files.test(file)));
  const shared = files.filter((file) => !alone.includes(file));
  const queue = shared.sort((a, b) => rankOf(a) - rankOf(b));
  const workers = Math.min(Math.max(2, availableParallelism()), queue.length);
  const sides = await Promise.all(Array.from({ length: workers }, () => workOff(queue)));
  const finished = [...sides.flat(), ...(await workOff(alone))];
  summarise(finished);
}

function rankOf(file: string): number {
  const rank = FIRST.findIndex((folder) => file.startsWith(folder));
  return rank < 0 ? FIRST.length : rank;
}

function summarise(finished: readonly Finished[]): void {
  const slowest = [...finished].sort((a, b) => b.time_ms - a.time_ms).slice(0, SLOWEST);
  process.stdout.write('\nslowest files:\n');
  for (const { file, time_ms } of slowest) {
    process.stdout.write(`${(time_ms / 1_000).toFixed(1).padStart(7)} s  ${file}\n`);
  }
  const sum = (key: 'passed' | 'failed' | 'skipped') =>
    finished.reduce((total, each) => total + each[key], 0);
  const failed = finished.filter((each) => each.failed > 0);
  for (const { file } of failed) process.stdout.write(`FAILED: ${file}\n`);
  process.stdout.write(
    `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`,
  );
  process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
}

await main(process.argv[2] ?? '');
