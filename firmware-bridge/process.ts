/** Programs of our own that run in processes of their own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface OwnProgram {
  /** Of the file, without its ending: `name.ts` beside the caller, in a build `name.cjs`. */
  readonly name: string;
  /** `import.meta.url` of the caller; undefined in a build, which is CommonJS. */
  readonly beside: string | undefined;
  readonly args: readonly string[];
  /** Absent: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Its three streams are pipes; where descriptors have run out they are missing. */
export function startOwn({ name, beside, args, env }: OwnProgram): ChildProcess {
  const path =
    beside === undefined
      ? join(__dirname, `${name}.cjs`)
      : fileURLToPath(new URL(`${name}.ts`, beside));
  return spawn(process.execPath, [...loaders(), path, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(env && { env }),
  });
}

/** Of our own options those that load TypeScript. */
function loaders(): string[] {
  const names = ['--import', '--require', '-r', '--loader'];
  return process.execArgv.filter(
    (each, at, all) =>
      names.some((name) => each === name || each.startsWith(`${name}=`)) ||
      names.includes(all[at - 1] ?? ''),
  );
}

const WORDS_MAX = 500;

/** The end of what a stream says, to be asked for when its process has ended. */
export function lastWords(stream: Readable | null | undefined): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(-WORDS_MAX);
  });
  return () => text.trim();
}
