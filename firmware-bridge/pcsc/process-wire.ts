/** The pipes to a process of pcsc-process.ts. To close the wire is to kill the process. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { within } from '../clock.ts';
import type { Link } from '../link/link.ts';
import { type Clock, failed, ok } from '../ports.ts';

/** `write` takes the bytes over and wipes them once they are sent. */
export type Wire = Pick<Link, 'write' | 'listen' | 'close'>;

/** A process that was killed is gone at once, unless the kernel holds it. */
const KILL_MS = 1_500;
const WORDS_MAX = 500;

export function openProcessWire(pattern: string, clock: Clock): Wire {
  const child = spawn(process.execPath, [...loaders(), programPath(), pattern], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const words = lastWords(child.stderr);
  let alive = true;
  const ended = new Promise<string>((resolve) => {
    const end = (why: string) => {
      alive = false;
      resolve(words() || `the PC/SC process ended (${why})`);
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

/** The source itself in a checkout, a second bundle beside ours in a build. */
function programPath(): string {
  const url: string | undefined = import.meta.url;
  return url === undefined
    ? join(__dirname, 'pcsc-process.cjs')
    : fileURLToPath(new URL('pcsc-process.ts', url));
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

function lastWords(stream: Readable | undefined): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk}`.slice(-WORDS_MAX);
  });
  return () => text.trim().split('\n').at(-1) ?? '';
}
