/** Reads the segment files back, oldest first, in bounded memory and without any lock. */

import type { Disk, DiskFile } from '../../firmware-bridge/ports.ts';
import { type Found, FrameWalker, lastNonZero, type Position, startPosition } from './frame.ts';
import { errorCode } from './lock.ts';
import { segmentName, segmentNumbers } from './segment.ts';

/** Small enough that a lane which reads in the background is not held up for long. */
const CHUNK_BYTES = 32 * 1024;
const SCAN_BYTES = 256 * 1024;

/** What the walk over all files finds, with the file's name. */
export type Placed = (
  | Found
  /** The disk refused: what follows in this file is unknown. */
  | { readonly kind: 'unreadable'; readonly offset: number; readonly detail: string }
  /** Closes each file. What lies from `used` to `bytes` is room. */
  | { readonly kind: 'end'; readonly bytes: number; readonly used: number }
) & { readonly file: string };

export interface Reading {
  /** Where the chain stands before; advanced as records are found. Default: nothing read yet. */
  readonly position?: Position;
  /** Number of the first file to read. */
  readonly from?: number;
  /** Number of the last. */
  readonly to?: number;
}

export async function* readSegments(
  disk: Disk,
  directory: string,
  { position = startPosition(), from = 0, to = Number.POSITIVE_INFINITY }: Reading = {},
): AsyncGenerator<Placed> {
  for (const number of await segmentNumbers(disk, directory)) {
    if (number >= from && number <= to) yield* readSegment(disk, { directory, number, position });
  }
}

interface Place {
  readonly directory: string;
  readonly number: number;
  readonly position: Position;
}

async function* readSegment(
  disk: Disk,
  { directory, number, position }: Place,
): AsyncGenerator<Placed> {
  const name = segmentName(number);
  const walker = new FrameWalker(position);
  let bytes = 0;
  let read = 0;
  let handle: DiskFile | null = null;
  try {
    handle = await disk.open(`${directory}/${name}`, 'read');
    bytes = await handle.size();
    const used = await usedBytes(handle, bytes);
    while (read < used) {
      const chunk = await handle.read(read, Math.min(CHUNK_BYTES, used - read));
      if (chunk.length === 0) break;
      read += chunk.length;
      for (const found of walker.push(chunk)) yield { ...found, file: name };
    }
    for (const found of walker.end()) yield { ...found, file: name };
  } catch (error) {
    // Retired by the lane since the directory was listed.
    if (handle === null && errorCode(error) === 'ENOENT') return;
    yield { kind: 'unreadable', file: name, offset: read, detail: String(error) };
  } finally {
    await handle?.close();
  }
  yield { kind: 'end', file: name, bytes, used: read };
}

/**
 * Where the zeros begin that reach to the end. Found from behind and before anything is read: a
 * lane that appends meanwhile has then written everything before this place, and zeros amid
 * records are no sign of its haste.
 */
async function usedBytes(file: DiskFile, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - SCAN_BYTES);
    const last = lastNonZero(await file.read(from, end - from));
    if (last >= 0) return from + last + 1;
    end = from;
  }
  return 0;
}
