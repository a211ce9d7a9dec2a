/** Runs a scenario in a process of its own: what leaks there is nobody else's. */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome, Size } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

export interface Errand {
  readonly name: string;
  readonly size: Size;
}

/** In the child. */
export async function runErrand({ name, size }: Errand): Promise<void> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario ${name}`);
  const outcome = await scenario.run(size);
  process.send?.(outcome);
  process.disconnect?.();
}

/** Throws what the child wrote at last when it tells no outcome. */
export function runInChild(errand: Errand): Promise<Outcome> {
  const program = fileURLToPath(new URL('cli.ts', import.meta.url));
  const child = fork(program, ['child', JSON.stringify(errand)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-WORDS_MAX);
  });
  return new Promise((resolve, reject) => {
    let told: Outcome | undefined;
    child.once('message', (outcome) => {
      told = outcome as Outcome;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (told && code === 0) resolve(told);
      else reject(new Error(`${errand.name} ended with ${signal ?? code}: ${words.trim()}`));
    });
  });
}

const WORDS_MAX = 2_000;
