/**
 * What the host has settled. `settled.json` beside the segments says so in a few bytes of its own,
 * so that a command may write it while the lane has the ledger open.
 */

import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { crc32c, startPosition } from './frame.ts';
import { errorCode } from './lock.ts';
import { readSegments } from './reader.ts';
import type { Retired } from './records.ts';
import { segmentName } from './segment.ts';
import { isDamaged, type Summary, Summing } from './summary.ts';

const FILE = 'settled.json';

export interface Settled {
  /** Every record up to this one is settled. */
  readonly through: number;
  /** Hash of that record: another ledger's settlement does not count here. */
  readonly hash: string;
  /** Up to here damaged segments may go as well, when they are wholly settled. */
  readonly damage_through?: number;
}

/** Null when nothing was settled yet. Fault `ledger-damaged` when the file is not as written. */
export async function readSettled(disk: Disk, directory: string): Promise<Reply<Settled | null>> {
  try {
    const file = await disk.open(`${directory}/${FILE}`, 'read');
    const bytes = await file.read(0, 4_096).finally(() => file.close());
    const { sum, ...settled } = JSON.parse(bytes.toString('utf8'));
    if (sum === sumOf(settled)) return ok(settled);
    return damaged('its sum is wrong');
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? ok(null) : damaged(String(error));
  }
}

function damaged(why: string) {
  const detail = `${FILE}: ${why}; remove it and repeat the last tapway ledger settle`;
  return failed('ledger-damaged', 'none', detail);
}

/** Durable when it resolves. Throws when the disk fails. */
export async function writeSettled(disk: Disk, directory: string, settled: Settled): Promise<void> {
  const draft = `${directory}/${FILE}.new`;
  const file = await disk.open(draft, 'append');
  try {
    await file.truncate(0);
    const text = JSON.stringify({ ...settled, sum: sumOf(settled) });
    await file.write(0, Buffer.from(`${text}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, `${directory}/${FILE}`);
  await disk.syncDirectory(directory);
}

function sumOf({ through, hash, damage_through }: Settled): string {
  const damage = damage_through === undefined ? '' : ` ${damage_through}`;
  return crc32c(Buffer.from(`${through} ${hash}${damage}`))
    .toString(16)
    .padStart(8, '0');
}

/** Where to look for a record. */
interface Place {
  readonly disk: Disk;
  readonly directory: string;
  /** Number of the first segment that may hold it. */
  readonly from?: number;
}

/** The hash of a record, null when these books do not hold it. */
export async function hashOfRecord(
  { disk, directory, from = 0 }: Place,
  seq: number,
): Promise<string | null> {
  for await (const found of readSegments(disk, directory, { from })) {
    if (found.kind === 'record' && found.seq === seq) return found.hash;
    if (found.kind === 'record' && found.seq > seq) return null;
  }
  return null;
}

/**
 * Does the settlement keep the first of these segments, the oldest first? A damaged one may hide
 * every number up to the next that can be read, and goes only where damage was accepted.
 */
export function heldBy(
  segments: readonly Summary[],
  { through, damage_through = 0 }: Settled,
): 'not-settled' | 'damaged' | null {
  const [first] = segments;
  const end = lastSeqOf(segments);
  if (!first || end > through) return 'not-settled';
  return isDamaged(first) && end > damage_through ? 'damaged' : null;
}

/** The last number that the first of these segments holds, or may have held; Infinity: unknown. */
export function lastSeqOf(segments: readonly Summary[]): number {
  const [first] = segments;
  if (first && !isDamaged(first)) return first.last?.seq ?? Number.POSITIVE_INFINITY;
  return (nextReadable(segments)?.first?.seq ?? Number.POSITIVE_INFINITY) - 1;
}

/** Behind the first of them, the first one that holds a record. */
export function nextReadable(segments: readonly Summary[]): Summary | undefined {
  return segments.slice(1).find(({ first }) => first);
}

/** The first file that this settlement leaves, and why, in words; null when it leaves none. */
export async function explainHeld(
  disk: Disk,
  directory: string,
  settled: Settled,
): Promise<string | null> {
  const segments: Summary[] = [];
  const position = startPosition();
  let summing: Summing | null = null;
  let start = { ...position };
  for await (const found of readSegments(disk, directory, { position })) {
    summing ??= new Summing(found.file, start);
    summing.add(found);
    if (found.kind !== 'end') continue;
    const summary = summing.finish(found, position);
    segments.push({ ...summary, open: [], late: [] });
    if (summary.first && summary.first.seq > settled.through) break;
    start = { ...position };
    summing = null;
  }
  for (const [index, summary] of segments.entries()) {
    const why = heldBy(segments.slice(index), settled);
    if (!why) continue;
    const name = segmentName(summary.segment);
    const problem = summary.problems[0]?.replace(`${name} `, '');
    if (why === 'damaged') {
      return (
        `${name} stays, and all behind it: it is damaged (${problem}); when the host has settled ` +
        'what is lost in it as well, repeat this with --accept-damage'
      );
    }
    const last = summary.last && summary.last.seq > settled.through ? summary.last.seq : null;
    const what = last ? `it goes on to record ${last}` : `what is lost in it reaches further`;
    return `${name} stays, and all behind it: ${what}${problem ? ` (${problem})` : ''}`;
  }
  return null;
}

/** What the `retired` record of a segment says. @param end the last record that it vouches for */
export function retiredOf(
  summary: Summary,
  end: { readonly seq: number; readonly hash: string },
  at: string,
): Retired {
  const { segment, first, start, last_term_seq } = summary;
  return {
    type: 'retired',
    segment,
    first_seq: Math.min(first?.seq ?? start.seq + 1, end.seq),
    last_seq: end.seq,
    hash: end.hash,
    term_seq: last_term_seq.toString(16).toUpperCase().padStart(8, '0'),
    at,
    ...(isDamaged(summary) && { damaged: true }),
  };
}
