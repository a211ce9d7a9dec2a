/** Reads the segment files back, oldest first, in bounded memory and without any lock. */

import type { Disk } from '../../firmware-bridge/ports.ts';
import { type Found, FrameWalker, type Position, startPosition } from './frame.ts';

const CHUNK_BYTES = 64 * 1024;

/** What the walk over all files finds, with the file's name. */
export type Placed = (
  | Found
  /** The disk refused: what follows in this file is unknown. */
  | { readonly kind: 'unreadable'; readonly offset: number; readonly detail: string }
  /** Closes each file. */
  | { readonly kind: 'end'; readonly bytes: number }
) & { readonly file: string };

export function segmentName(number: number): string {
  return `ledger-${String(number).padStart(6, '0')}.log`;
}

/** Zero when `name` is no segment file. */
export function segmentNumber(name: string): number {
  return Number(/^ledger-(\d{6,})\.log$/.exec(name)?.[1] ?? 0);
}

async function segmentNumbers(disk: Disk, directory: string): Promise<number[]> {
  const names = await disk.list(directory);
  return names
    .map(segmentNumber)
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
}

/** @param position advanced as records are found; afterwards it says where the chain ends */
export async function* readSegments(
  disk: Disk,
  directory: string,
  position: Position = startPosition(),
): AsyncGenerator<Placed> {
  for (const number of await segmentNumbers(disk, directory)) {
    const file = segmentName(number);
    const walker = new FrameWalker(position);
    let bytes = 0;
    try {
      for await (const chunk of chunks(disk, `${directory}/${file}`)) {
        bytes += chunk.length;
        for (const found of walker.push(chunk)) yield { ...found, file };
      }
      for (const found of walker.end()) yield { ...found, file };
    } catch (error) {
      yield { kind: 'unreadable', file, offset: bytes, detail: String(error) };
    }
    yield { kind: 'end', file, bytes };
  }
}

async function* chunks(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    let offset = 0;
    for (;;) {
      const chunk = await file.read(offset, CHUNK_BYTES);
      if (chunk.length === 0) return;
      offset += chunk.length;
      yield chunk;
    }
  } finally {
    await file.close();
  }
}
