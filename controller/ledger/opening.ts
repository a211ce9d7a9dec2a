/**
 * Reads a ledger's files at opening: all of them, or, where summaries stand for the first ones,
 * only the rest. Then makes ready the segment that is appended to.
 */

import { type DiskFile, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import {
  FRAME_MAX_BYTES,
  firstFrame,
  LEFTOVER_MAX_BYTES,
  nextSeq,
  type Position,
  startPosition,
} from './frame.ts';
import type { Tail } from './journal.ts';
import { readSegments } from './reader.ts';
import {
  makeSegment,
  mendEnd,
  reopenSegment,
  type Segment,
  type SegmentOptions,
  segmentName,
  segmentNumbers,
} from './segment.ts';
import { asRecord } from './shape.ts';
import { StoryIndex } from './story-index.ts';
import { countSettledLongAgo, openBehind, type Summary, Summing, samePosition } from './summary.ts';

const PROBLEMS_MAX = 100;

/** What the files say. */
export interface Contents {
  readonly index: StoryIndex;
  /** Of every segment, oldest first, the one that is appended to included. */
  readonly summaries: readonly Summary[];
  /** How many of them were taken as they stood, unread. */
  readonly unread: number;
  readonly position: Position;
}

/**
 * A segment that the disk cannot read is spoilt. Fault `ledger-damaged` where it is the last one:
 * which numbers it gave is then unknown. Throws when the disk fails.
 */
export async function readContents(
  options: SegmentOptions,
  stored: ReadonlyMap<number, Summary>,
): Promise<Reply<Contents>> {
  const numbers = await segmentNumbers(options.disk, options.directory);
  const taken = await trusted(options, numbers, stored);
  if (taken.length > 0) {
    const contents = await read(options, taken);
    if (contents.ok && fits(contents.value)) return contents;
  }
  return read(options, []);
}

/** The summaries that may stand for the first segments. */
async function trusted(
  options: SegmentOptions,
  numbers: readonly number[],
  stored: ReadonlyMap<number, Summary>,
): Promise<Summary[]> {
  const known: Summary[] = [];
  for (const number of numbers) {
    const summary = stored.get(number);
    const before = known.at(-1);
    if (!summary || summary.unreadable || (before && !samePosition(before.end, summary.start)))
      break;
    known.push(summary);
  }
  const taken = known.slice(0, countSettledLongAgo(known));
  for (const summary of taken) if (!(await standsFor(options, summary))) return [];
  return taken;
}

/** Spot check: size, first and last frame. */
async function standsFor({ disk, directory }: SegmentOptions, summary: Summary): Promise<boolean> {
  let file: DiskFile | null = null;
  try {
    file = await disk.open(`${directory}/${segmentName(summary.segment)}`, 'read');
    if ((await file.size()) !== summary.bytes) return false;
    for (const mark of [summary.first, summary.last]) {
      const frame = mark && firstFrame(await file.read(mark.offset, FRAME_MAX_BYTES));
      if (frame?.seq !== mark?.seq || frame?.hash !== mark?.hash) return false;
    }
    return true;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

async function read(
  { disk, directory }: SegmentOptions,
  taken: readonly Summary[],
): Promise<Reply<Contents>> {
  const index = new StoryIndex();
  for (const story of openBehind(taken)) index.adopt(story);
  for (const { last_term_seq } of taken) index.sawTermSeq(last_term_seq);
  const position = { ...(taken.at(-1)?.end ?? startPosition()) };
  const summaries = [...taken];
  let summing: Summing | null = null;
  let unreadable: string | null = null;
  const from = (taken.at(-1)?.segment ?? 0) + 1;
  // The walker advances the position while it reads: the summing must begin before it does.
  let start = { ...position };
  for await (const found of readSegments(disk, directory, { position, from })) {
    if (found.kind === 'unreadable') unreadable = `${found.file}: ${found.detail}`;
    if (found.kind === 'record') unreadable = null;
    summing ??= new Summing(found.file, start);
    summing.add(found);
    const record = found.kind === 'record' && asRecord(found.fields);
    if (found.kind === 'record' && record) index.apply(found.seq, record);
    if (found.kind !== 'end') continue;
    summaries.push(summing.finish(found, position));
    start = { ...position };
    summing = null;
  }
  if (unreadable !== null) {
    const aside = `move it aside into ${directory}/evidence and tell the host`;
    const detail = `${unreadable}; it holds the last records: ${aside}`;
    return failed('ledger-damaged', 'none', detail);
  }
  return ok({ index, summaries, unread: taken.length, position });
}

/** Does what was read continue what was taken unread, from a beginning that is in order? */
function fits({ summaries, unread }: Contents): boolean {
  const first = summaries[0];
  const next = summaries[unread];
  if (!first || (next && !next.joined)) return false;
  if (first.beginning || samePosition(first.start, startPosition())) return true;
  return isVouched(summaries, first.start.seq, first.start.hash);
}

/** Does a `retired` record name what came before the first record? */
function isVouched(summaries: readonly Summary[], last_seq: number, hash: string): boolean {
  return summaries.some(({ retired }) =>
    retired.some((record) => record.last_seq === last_seq && record.hash === hash),
  );
}

/** In words, oldest first. */
export function problemsIn(summaries: readonly Summary[]): string[] {
  const all = summaries.flatMap(({ beginning, problems }) => {
    if (!beginning || isVouched(summaries, beginning.seq - 1, beginning.prev)) return problems;
    return [beginning.problem, ...problems];
  });
  return all.slice(0, PROBLEMS_MAX);
}

/** The segment to append to, and the one behind it where it is there. */
export async function readyTail(options: SegmentOptions, contents: Contents): Promise<Ready> {
  const opened: Segment[] = [];
  try {
    return await readied(options, contents, opened);
  } catch (error) {
    for (const { file } of opened) await file.close().catch(() => {});
    throw error;
  }
}

interface Ready {
  readonly tail: Tail;
  readonly next: Segment | null;
}

/** @param opened what is to be closed should it fail */
async function readied(
  options: SegmentOptions,
  { summaries, position }: Contents,
  opened: Segment[],
): Promise<Ready> {
  const end = { seq: nextSeq(position) - 1, hash: position.hash, damaged_bytes: 0 };
  const last = summaries.filter(({ used }) => used > 0).at(-1);
  // A damaged file is evidence: it stays as it is.
  if (!last || last.spoilt) {
    const number = (last?.segment ?? 0) + 1;
    const segment = (await findEmpty(options, number)) ?? (await makeSegment(options, number));
    opened.push(segment);
    const next = await findEmpty(options, number + 1);
    return { tail: { segment, size: 0, position: end }, next };
  }
  const segment = await reopenSegment(options, last.segment);
  opened.push(segment);
  const size = last.torn?.offset ?? last.used;
  const from = Math.max(0, size - LEFTOVER_MAX_BYTES);
  const records = await segment.file.read(from, size - from);
  await mendEnd(segment, { from, records, torn: last.torn?.length ?? 0 });
  const next = await findEmpty(options, last.segment + 1);
  return { tail: { segment, size, position: end }, next };
}

/** A file of zeros that was made ready before and never needed. */
async function findEmpty(options: SegmentOptions, number: number): Promise<Segment | null> {
  const numbers = await segmentNumbers(options.disk, options.directory);
  return numbers.includes(number) ? reopenSegment(options, number) : null;
}
