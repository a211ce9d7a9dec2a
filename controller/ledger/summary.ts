/**
 * What must be remembered of a segment so that opening need not read it again. A summary is never
 * the truth: it is made from the file, and the file is read again where anything about it is
 * doubtful.
 */

import { crc32c, type Position } from './frame.ts';
import { problemIn } from './problems.ts';
import type { Placed } from './reader.ts';
import type { Retired, Story } from './records.ts';
import { segmentNumber } from './segment.ts';
import { asRecord } from './shape.ts';
import { extend, isRemembered, type Later } from './stories.ts';
import { INDEX_LIMITS, time_ms } from './story-index.ts';

const PROBLEMS_MAX = 100;

interface Mark {
  readonly seq: number;
  readonly offset: number;
  readonly hash: string;
}

/** The books begin with `seq`: in order when a `retired` record vouches for what is gone. */
interface Beginning {
  readonly seq: number;
  readonly prev: string;
  readonly problem: string;
}

export interface Summary {
  readonly segment: number;
  readonly bytes: number;
  readonly used: number;
  readonly records: number;
  readonly first: Mark | null;
  readonly last: Mark | null;
  /** The chain before and behind it. */
  readonly start: Position;
  readonly end: Position;
  /** Latest `at` of any record, and of any story that ended here; empty when none. */
  readonly newest_at: string;
  readonly closed_at: string;
  readonly last_term_seq: number;
  readonly beginning: Beginning | null;
  readonly problems: readonly string[];
  /** Stories that began here and were open at its end. */
  readonly open: readonly Story[];
  /** Records of stories that began before. */
  readonly late: readonly Later[];
  readonly retired: readonly Retired[];
  /** Does its first record follow the one before? */
  readonly joined: boolean;
  /** Damaged or unreadable: nothing is appended to it. */
  readonly spoilt: boolean;
  /** The disk refused a part of it; next time it may not. */
  readonly unreadable: boolean;
  readonly torn: { readonly offset: number; readonly length: number } | null;
}

/** Gathers one segment's summary from the walk over it. */
export class Summing {
  readonly #file: string;
  readonly #start: Position;
  readonly #open = new Map<number, Story>();
  readonly #late: Later[] = [];
  readonly #retired: Retired[] = [];
  readonly #problems: string[] = [];
  #beginning: Beginning | null = null;
  #first: Mark | null = null;
  #last: Mark | null = null;
  #records = 0;
  #newest_at = '';
  #closed_at = '';
  #lastTermSeq = 0;
  #joined: boolean | null = null;
  #spoilt = false;
  #unreadable = false;
  #torn: Summary['torn'] = null;

  constructor(file: string, start: Position) {
    this.#file = file;
    this.#start = { ...start };
  }

  add(found: Placed): void {
    if (found.kind === 'record') this.#addRecord(found);
    this.#joined ??= ['record', 'torn', 'end'].includes(found.kind);
    if (found.kind === 'unreadable') this.#unreadable = true;
    if (found.kind === 'damage' || found.kind === 'unreadable') this.#spoilt = true;
    if (found.kind === 'torn') this.#torn = { offset: found.offset, length: found.length };
    const problem = problemIn(found);
    if (problem === null || found.kind === 'end') return;
    const text = `${found.file} at ${found.offset}: ${problem}`;
    if (found.kind === 'gap' && found.after === 0) {
      this.#beginning = { seq: found.seq, prev: found.prev, problem: text };
    } else if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(text);
  }

  #addRecord(found: Extract<Placed, { kind: 'record' }>): void {
    const { seq, offset, hash } = found;
    this.#last = { seq, offset, hash };
    this.#first ??= this.#last;
    this.#records += 1;
    const record = asRecord(found.fields);
    if (!record) return;
    if ('at' in record) this.#newest_at = later(this.#newest_at, record.at);
    if ('term_seq' in record) {
      this.#lastTermSeq = Math.max(this.#lastTermSeq, Number.parseInt(record.term_seq, 16));
    }
    if (record.type === 'retired') this.#retired.push(record);
    if (record.type === 'intent') this.#open.set(seq, { ref: seq, intent: record, passed: false });
    if (!('ref' in record)) return;
    if (record.ref < (this.#first?.seq ?? 0)) this.#late.push(record);
    const story = this.#open.get(record.ref);
    if (!story) return;
    const longer = extend(story, record);
    if (longer.outcome) this.#open.delete(story.ref);
    else this.#open.set(story.ref, longer);
    if (longer.outcome && isRemembered(longer.outcome)) {
      this.#closed_at = later(this.#closed_at, story.intent.at);
    }
  }

  finish({ bytes, used }: { bytes: number; used: number }, end: Position): Summary {
    return {
      segment: segmentNumber(this.#file),
      bytes,
      used,
      records: this.#records,
      first: this.#first,
      last: this.#last,
      start: this.#start,
      end: { ...end },
      newest_at: this.#newest_at,
      closed_at: this.#closed_at,
      last_term_seq: this.#lastTermSeq,
      beginning: this.#beginning,
      problems: this.#problems,
      open: [...this.#open.values()],
      late: this.#late,
      retired: this.#retired,
      joined: this.#joined ?? true,
      spoilt: this.#spoilt,
      unreadable: this.#unreadable,
      torn: this.#torn,
    };
  }
}

/** Is anything in it lost or doubtful? */
export function isDamaged({ spoilt, problems }: Summary): boolean {
  return spoilt || problems.length > 0;
}

export function samePosition(a: Position, b: Position): boolean {
  return a.seq === b.seq && a.hash === b.hash && a.damaged_bytes === b.damaged_bytes;
}

/** Stories that are open behind the last of these segments, which must be the first ones. */
export function openBehind(summaries: readonly Summary[]): Story[] {
  const open = new Map<number, Story>();
  for (const { story } of endings(summaries, open)) open.delete(story.ref);
  return [...open.values()].sort((a, b) => a.ref - b.ref);
}

/**
 * How many of the first segments nobody asks about any more but for their open stories: each story
 * that ended in them is older than a day when compared with one that ended later.
 */
export function countSettledLongAgo(summaries: readonly Summary[]): number {
  const closed_at = summaries.map(({ closed_at }) => closed_at);
  const open = new Map<number, Story>();
  for (const { story, outcome, index } of endings(summaries, open)) {
    open.delete(story.ref);
    if (!isRemembered(outcome)) continue;
    closed_at[index] = later(closed_at[index] ?? '', story.intent.at);
  }
  const day_ms = INDEX_LIMITS.closed_hours * 3_600_000;
  let newest = '';
  let count = summaries.length;
  for (let index = summaries.length - 1; index >= 0; index -= 1) {
    const at = closed_at[index] ?? '';
    const old = at === '' || (newest !== '' && time_ms(newest) - time_ms(at) > day_ms);
    if (!old) count = index;
    newest = later(newest, at);
  }
  return count;
}

/** Fills `open` segment by segment and yields each older story at the record that ends it. */
function* endings(summaries: readonly Summary[], open: Map<number, Story>) {
  for (const [index, summary] of summaries.entries()) {
    for (const record of summary.late) {
      const story = open.get(record.ref);
      if (!story) continue;
      const longer = extend(story, record);
      open.set(story.ref, longer);
      if (longer.outcome) yield { story: longer, outcome: longer.outcome, index };
    }
    for (const story of summary.open) open.set(story.ref, story);
  }
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** CRC-32C u32 LE ‖ JSON */
export function encodeSummary(summary: Summary): Buffer {
  const body = Buffer.from(JSON.stringify(summary));
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(body), 0);
  return Buffer.concat([sum, body]);
}

/** Null when the value is damaged. */
export function decodeSummary(value: Buffer, segment: number): Summary | null {
  if (value.length < 6 || value.readUInt32LE(0) !== crc32c(value.subarray(4))) return null;
  try {
    const summary = JSON.parse(value.subarray(4).toString('utf8')) as Summary;
    return summary.segment === segment ? summary : null;
  } catch {
    return null;
  }
}
