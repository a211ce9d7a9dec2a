/**
 * The finished segments of an open ledger: sums each up when it is full, and retires those that
 * are settled and old. All of it beside the lane's work, one thing after the other.
 */

import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { bcdStamp, wallOfStamp } from '../card/bytes.ts';
import { FRAME_MAX_BYTES, firstFrame, type Position } from './frame.ts';
import { diskFault } from './journal.ts';
import { readSegments } from './reader.ts';
import type { LedgerRecord, Retired } from './records.ts';
import { segmentName } from './segment.ts';
import {
  hashOfRecord,
  heldBy,
  lastSeqOf,
  nextReadable,
  readSettled,
  retiredOf,
  type Settled,
} from './settlement.ts';
import { SETTLED_BY_HOST } from './stories.ts';
import type { Summaries } from './summaries.ts';
import { isDamaged, type Summary, Summing } from './summary.ts';

const DAY_MS = 86_400_000;

export interface Tidying {
  /** A segment whose newest record is younger stays; at least one day. */
  readonly keep_days: number;
  readonly wall_ms: number;
  readonly utc_offset_minutes: number;
}

interface ArchiveParts {
  readonly disk: Disk;
  readonly directory: string;
  readonly summaries: Summaries;
  /** Oldest first. */
  readonly finished: readonly Summary[];
  /** Where the chain stands before the segment in use. */
  readonly position: Position;
  /** Every `retired` record that these books hold. */
  readonly retired: readonly Retired[];
  readonly append: (record: LedgerRecord) => Promise<Reply<number>>;
  /** The first record that `lastClosed` still needs. */
  readonly oldestClosedRef: () => number;
  /** Stories without an outcome, by ref. */
  readonly openRefs: () => readonly number[];
}

export class Archive {
  /** The damaged segment that kept settled books at the last `tidy`; 0: none did. */
  held = 0;
  readonly #parts: ArchiveParts;
  /** Without their stories: those are in the store. */
  #finished: Summary[];
  readonly #retired: Retired[];
  /** Behind the last segment that was summed up. */
  #position: Position;
  /** A job for each segment that ends, and for each tidying: no more than files on the disk. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
    this.#finished = parts.finished.map(withoutStories);
    this.#retired = [...parts.retired];
    this.#position = parts.position;
  }

  /** Stores a summary that was made at opening. */
  store(summary: Summary): void {
    this.#next(() => this.#parts.summaries.save(summary));
  }

  /** A segment is full. */
  finish(segment: number): void {
    this.#next(async () => {
      const summary = await this.#sumUp(segment);
      if (!summary) return;
      this.#finished.push(withoutStories(summary));
      await this.#parts.summaries.save(summary);
    });
  }

  /** Resolves with the summaries of what was removed, oldest first. */
  tidy(tidying: Tidying): Promise<Reply<readonly Summary[]>> {
    return this.#next(async () => {
      try {
        return await this.#retireSettled(tidying);
      } catch (error) {
        return { ok: false, fault: diskFault(error) } as const;
      }
    });
  }

  /** All that was begun is done. */
  async idle(): Promise<void> {
    await this.#work.catch(() => {});
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work);
    // Without a summary the segment is read again at the next opening; nothing is lost.
    this.#work = result.catch(() => {});
    return result;
  }

  async #sumUp(segment: number): Promise<Summary | null> {
    const { disk, directory } = this.#parts;
    const position = { ...this.#position };
    const summing = new Summing(segmentName(segment), position);
    const reading = { position, from: segment, to: segment };
    for await (const found of readSegments(disk, directory, reading)) {
      summing.add(found);
      if (found.kind !== 'end') continue;
      this.#position = { ...position };
      return summing.finish(found, position);
    }
    return null;
  }

  async #retireSettled(tidying: Tidying): Promise<Reply<readonly Summary[]>> {
    const { disk, directory } = this.#parts;
    const settled = await readSettled(disk, directory);
    if (!settled.ok) return settled;
    const removed: Summary[] = [];
    this.held = 0;
    if (!settled.value || !this.#mayGo(settled.value, tidying)) return ok(removed);
    const { through, hash } = settled.value;
    const before = this.#finished.filter(({ last }) => last && last.seq < through).at(-1);
    const from = (before?.segment ?? 0) + 1;
    if ((await hashOfRecord({ disk, directory, from }, through)) !== hash) {
      const detail = `settled.json names record ${through} of another ledger`;
      return failed('ledger-damaged', 'none', detail);
    }
    for (;;) {
      const first = this.#mayGo(settled.value, tidying);
      if (!first) return ok(removed);
      const gone = await this.#retire(first, tidying);
      if (!gone.ok) return gone;
      removed.push(first);
    }
  }

  /** The oldest segment, when nothing keeps it. */
  #mayGo(settled: Settled, { keep_days, wall_ms, utc_offset_minutes }: Tidying) {
    const [first] = this.#finished;
    const held = heldBy(this.#finished, settled);
    // Damage is evidence until the operator says otherwise.
    if (first && held === 'damaged') this.held = first.segment;
    if (!first || held) return null;
    if (lastSeqOf(this.#finished) >= this.#parts.oldestClosedRef()) return null;
    // What is lost in a damaged one is older than what follows.
    const dated = isDamaged(first) ? nextReadable(this.#finished) : first;
    const age_ms = wall_ms - wallOfStamp(dated?.newest_at ?? '', utc_offset_minutes);
    return age_ms > Math.max(1, keep_days) * DAY_MS ? first : null;
  }

  /**
   * First, durably, the outcome of each story in it whose card never came back, and the record that
   * vouches for what follows; then the file goes.
   */
  async #retire(summary: Summary, { wall_ms, utc_offset_minutes }: Tidying): Promise<Reply<void>> {
    const { disk, directory, summaries, append } = this.#parts;
    const end = await this.#endOf(summary);
    if (!end) {
      const detail = `${segmentName(summary.segment)}: the record behind it cannot be read`;
      return failed('ledger-damaged', 'none', detail);
    }
    for (const ref of this.#parts.openRefs().filter((ref) => ref <= end.seq)) {
      const outcome = { type: 'outcome', ref, status: 'grey', reason: SETTLED_BY_HOST } as const;
      const ended = await append(outcome);
      if (!ended.ok) return ended;
    }
    const at = bcdStamp(wall_ms, utc_offset_minutes).toString('hex');
    const record = retiredOf(summary, end, at);
    const done = this.#retired.some(
      ({ segment, hash }) => segment === record.segment && hash === record.hash,
    );
    if (!done) {
      const appended = await append(record);
      if (!appended.ok) return appended;
      this.#retired.push(record);
    }
    await disk.remove(`${directory}/${segmentName(summary.segment)}`);
    await disk.syncDirectory(directory);
    this.#finished = this.#finished.slice(1);
    await summaries.forget(summary.segment);
    return ok(undefined);
  }

  /** The last record of the oldest segment; of a damaged one, as the record behind it names it. */
  async #endOf(summary: Summary): Promise<{ seq: number; hash: string } | null> {
    const next = nextReadable(this.#finished);
    if (!isDamaged(summary) || !next?.first) return summary.last;
    const { disk, directory } = this.#parts;
    const file = await disk.open(`${directory}/${segmentName(next.segment)}`, 'read');
    const read = file.read(next.first.offset, FRAME_MAX_BYTES);
    const frame = firstFrame(await read.finally(() => file.close()));
    return frame && { seq: frame.seq - 1, hash: frame.prev };
  }
}

function withoutStories(summary: Summary): Summary {
  return { ...summary, open: [], late: [] };
}
