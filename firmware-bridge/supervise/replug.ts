/** Runs the command of the configuration that switches a device's power off and on. */

import { execFile } from 'node:child_process';
import { failed, ok, type Reply } from '../faults.ts';

/** No shell: the arguments arrive as they are written. Killed at its deadline. */
export function runReplug(command: readonly string[], timeout_ms = 5_000): Promise<Reply<void>> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const limits = { timeout: timeout_ms, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 } as const;
    execFile(program, args, limits, (error) => {
      if (!error) return resolve(ok(undefined));
      const why = error.killed ? `no end in ${timeout_ms} ms` : firstLine(error.message);
      resolve(failed('link-lost', 'none', `replug with ${program}: ${why}`));
    });
  });
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
