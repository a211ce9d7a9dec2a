/** The pipes to a process of pcsc-process.ts. To close the wire is to kill the process. */

import { within } from '../clock.ts';
import type { Link } from '../link/link.ts';
import { type Clock, failed, ok } from '../ports.ts';
import { lastWords, startOwn } from '../process.ts';

/** `write` takes the bytes over and wipes them once they are sent. */
export type Wire = Pick<Link, 'write' | 'listen' | 'close'>;

/** A process that was killed is gone at once, unless the kernel holds it. */
const KILL_MS = 1_500;

export function openProcessWire(pattern: string, clock: Clock): Wire {
  const child = startOwn({ name: 'pcsc-process', beside: import.meta.url, args: [pattern] });
  const words = lastWords(child.stderr);
  let alive = true;
  const ended = new Promise<string>((resolve) => {
    const end = (why: string) => {
      alive = false;
      resolve(words().split('\n').at(-1) || `the PC/SC process ended (${why})`);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(String(code ?? signal)));
  });
  // Where descriptors have run out, the child has no pipes at all.
  child.stdin?.on('error', () => {});
  return {
    write(bytes) {
      if (!alive || !child.stdin?.writable) {
        return failed('link-lost', 'none', 'the PC/SC process is gone');
      }
      // A command to a card may hold a PIN. The frame is ours alone.
      child.stdin.write(bytes, () => bytes.fill(0));
      return ok(undefined);
    },
    listen({ data, lost }) {
      child.stdout?.on('data', data);
      void ended.then((detail) => lost({ code: 'link-lost', effect: 'unknown', detail }));
    },
    async close() {
      child.kill('SIGKILL');
      await within(clock, KILL_MS, ended);
    },
  };
}
