/**
 * The journal's files. Each is written full of zeros and synced before it is used: an append then
 * overwrites zeros in place, and its sync finds no metadata to write.
 */

import type { Disk, DiskFile } from '../../firmware-bridge/ports.ts';
import { FRAME_MIN_BYTES, LEFTOVER_MAX_BYTES } from './frame.ts';
import { errorCode } from './lock.ts';

const SEGMENT_BYTES = 4 * 1024 * 1024;
/** Filled and synced piece by piece, so that an append's sync never waits for much of it. */
const PIECE = Buffer.alloc(256 * 1024);

export interface SegmentOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** Size of a segment file. Default 4 MiB. */
  readonly segment_bytes?: number;
}

/** A file that is ready for appends. */
export interface Segment {
  readonly number: number;
  readonly file: DiskFile;
  /** Up to here the disk has given room. */
  readonly limit: number;
}

export function segmentName(number: number): string {
  return `ledger-${String(number).padStart(6, '0')}.log`;
}

/** Zero when `name` is no segment file. */
export function segmentNumber(name: string): number {
  return Number(/^ledger-(\d{6,})\.log$/.exec(name)?.[1] ?? 0);
}

export async function segmentNumbers(disk: Disk, directory: string): Promise<number[]> {
  const names = await disk.list(directory);
  return names
    .map(segmentNumber)
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
}

/** A new file, under its name only when it is complete. Throws Node's own errors. */
export async function makeSegment(options: SegmentOptions, number: number): Promise<Segment> {
  const { disk, directory, segment_bytes: limit = SEGMENT_BYTES } = options;
  const path = `${directory}/${segmentName(number)}`;
  const draft = `${path}.new`;
  const file = await disk.open(draft, 'append');
  try {
    await file.truncate(0);
    await fill(file, 0, limit);
    await disk.rename(draft, path);
    await disk.syncDirectory(directory);
    return { number, file, limit };
  } catch (error) {
    await file.close().catch(() => {});
    // Where the disk is full, its bytes are needed.
    await disk.remove(draft).catch(() => {});
    throw error;
  }
}

/**
 * An existing file, its room completed: one of an earlier version grew with each append. Makes
 * durable what was read from it. Throws Node's own errors, save that a full disk gives less room.
 */
export async function reopenSegment(options: SegmentOptions, number: number): Promise<Segment> {
  const { disk, directory, segment_bytes = SEGMENT_BYTES } = options;
  const file = await disk.open(`${directory}/${segmentName(number)}`, 'append');
  try {
    await fill(file, await file.size(), segment_bytes).catch((error) => {
      if (!isFull(error)) throw error;
    });
    await file.sync();
    await disk.syncDirectory(directory);
    return { number, file, limit: await file.size() };
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

/** The end of what an existing file holds. */
export interface End {
  /** What lies before is known to be on the disk. */
  readonly from: number;
  /** The records from there to the end, as they were judged. */
  readonly records: Buffer;
  /** What an unfinished write left behind them, in bytes. */
  readonly torn: number;
}

/**
 * Makes certain what a disk that failed left in doubt. The records and the zeros behind them are
 * written once more: after a failed sync the system's memory holds what the disk does not, and as
 * its pages count as clean, a sync alone would not bring them there. Throws Node's own errors.
 */
export async function mendEnd({ file, limit }: Segment, { from, records, torn }: End) {
  const end = from + records.length;
  if (torn > 0) await wipe(file, end, end + torn);
  const room = Math.max(0, Math.min(limit - end, LEFTOVER_MAX_BYTES));
  await file.write(from, Buffer.concat([records, Buffer.alloc(room)]));
  await file.sync();
}

/**
 * Zeros over a torn end, over its first bytes last. Wherever this stops, with or without power,
 * the beginning of a frame is left, or less than a frame: a torn end again and no damage. The file
 * keeps its room, which a full disk would not give back.
 */
async function wipe(file: DiskFile, from: number, to: number): Promise<void> {
  const head = Math.min(to, from + FRAME_MIN_BYTES - 1);
  await file.write(head, Buffer.alloc(to - head));
  await file.sync();
  await file.write(from, Buffer.alloc(head - from));
}

async function fill(file: DiskFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += PIECE.length) {
    await file.write(at, PIECE.subarray(0, Math.min(PIECE.length, to - at)));
    await file.sync();
  }
}

/** Did the disk say that it has no room? */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
}
