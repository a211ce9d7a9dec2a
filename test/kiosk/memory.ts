/** What stands in the memory of another process of ours: searched, never changed. Linux. */

import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export interface Found {
  /** What was looked for. */
  readonly what: string;
  /** `[heap]`, `[stack]`, a file, or `anonymous`. */
  readonly where: string;
  readonly times: number;
}

/** Small enough that whoever shares our event loop hardly waits. */
const CHUNK = 1024 * 1024;

/**
 * Every mapping that can be read and written, from /proc/PID/mem.
 * @param patterns by name; of at most 4 KiB
 */
export async function searchMemory(
  pid: number,
  patterns: ReadonlyMap<string, Buffer>,
): Promise<Found[]> {
  const found = new Map<string, Found>();
  const memory = await open(`/proc/${pid}/mem`, 'r');
  try {
    for (const { from, to, where } of mappings(pid)) {
      for await (const bytes of read(memory, from, to)) {
        for (const [what, pattern] of patterns) {
          const times = count(bytes, pattern);
          if (times === 0) continue;
          const key = `${what} ${where}`;
          const before = found.get(key)?.times ?? 0;
          found.set(key, { what, where, times: before + times });
        }
      }
    }
  } finally {
    await memory.close();
  }
  return [...found.values()];
}

function mappings(pid: number) {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from = '', to = '', rights = '', where = ''] =
        /^(\w+)-(\w+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line) ?? [];
      if (!rights.startsWith('rw')) return [];
      const name = where || 'anonymous';
      return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), where: name }];
    });
}

const OVERLAP = 4 * 1024;

async function* read(memory: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += CHUNK - OVERLAP) {
    const bytes = Buffer.alloc(Math.min(CHUNK, to - at));
    try {
      yield bytes.subarray(0, (await memory.read(bytes, 0, bytes.length, at)).bytesRead);
    } catch {
      // Gone since, or a page of a device.
      return;
    }
  }
}

function count(bytes: Buffer, pattern: Buffer): number {
  let times = 0;
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) times += 1;
  return times;
}
