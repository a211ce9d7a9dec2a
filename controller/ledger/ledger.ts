/**
 * The ledger of one lane: the durable truth about money. Everything is in the journal's files; the
 * index in memory is rebuilt from them at every opening. See README.md.
 */

import { isDeepStrictEqual } from 'node:util';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { Archive, type Tidying } from './archive.ts';
import { diskFault, Journal, type JournalParts } from './journal.ts';
import { type Lock, takeLock } from './lock.ts';
import { type Contents, problemsIn, readContents, readyTail } from './opening.ts';
import type { LedgerRecord, Story } from './records.ts';
import type { SegmentOptions } from './segment.ts';
import { asRecord, faultInRecord } from './shape.ts';
import { readStories } from './stories.ts';
import type { StoryIndex } from './story-index.ts';
import { Summaries, type SummaryStore } from './summaries.ts';
import type { Summary } from './summary.ts';

export interface Appended {
  readonly seq: number;
  readonly record: LedgerRecord;
}

export interface Ledger {
  /**
   * Resolves with the record's number once it is durable, in the order of the calls. Faults, all
   * with effect `none` (the caller raises it): `ledger-busy` when 1,000 records wait, of this
   * append alone; `ledger-full`, which intents and sightings get first, so that what was begun can
   * still be ended; `ledger-write`; `assertion` for a record of the wrong shape. After a write or a
   * sync that failed every append gets that fault until `recover` answers ok.
   */
  append(record: LedgerRecord): Promise<Reply<number>>;
  /**
   * Tries to end a `ledger-full` or `ledger-write`: asks the disk for room again, and reads back
   * what a failed write left. Ok when appends may succeed again. To ask for room is to write a
   * segment, so where the disk stays full most calls only repeat the last answer.
   */
  recover(): Promise<Reply<void>>;
  /**
   * Removes segments that are settled (`tapway ledger settle`), undamaged unless that was accepted,
   * and older than `keep_days` and than what `lastClosed` knows; a story still open in them ends as
   * grey, `settled by the host`. Resolves with their number. Faults: `ledger-damaged` when
   * settled.json is not in order, or as `append`.
   */
  tidy(tidying: Tidying): Promise<Reply<number>>;
  /** The card's latest story without an outcome. @param card serial, upper-case hex */
  openStory(card: string): Story | undefined;
  /** All stories without an outcome, oldest first. */
  unsettled(): Story[];
  /**
   * The card's latest story with an outcome, at most 24 h old. One that ended as `not-debited` does
   * not count: it left card and passenger as they were.
   */
  lastClosed(card: string): Story | undefined;
  /** Every story that can be read from the disk, in order of `ref`. */
  stories(): AsyncIterable<Story>;
  /** Readable records. */
  readonly length: number;
  /** The highest termSeq in the ledger, 0 when none: a software SAM begins above it. */
  readonly lastTermSeq: number;
  /** Damage found at opening, in words; `verifyLedger` tells more. */
  readonly problems: readonly string[];
  counters(): Readonly<Record<string, number>>;
  /** Called after each durable append. Returns the function that ends the subscription. */
  onAppend(listener: (appended: Appended) => void): () => void;
  /** Waits for pending appends, then gives the lock back. */
  close(): Promise<void>;
}

export interface LedgerOptions extends SegmentOptions {
  /** Spares opening the reading of old segments; without it all are read. */
  readonly index?: SummaryStore;
}

/**
 * Opens or creates. Damage behind which other records stay readable is no obstacle: it is named
 * in `problems`. Faults: `ledger-held` (another process has it open), `ledger-write`,
 * `ledger-full`, `ledger-damaged` when the disk cannot read the last records.
 */
export async function openLedger(options: LedgerOptions): Promise<Reply<Ledger>> {
  const { disk, directory } = options;
  let lock: Lock | null = null;
  try {
    await disk.makeDirectory(directory);
    const taken = await takeLock(disk, directory);
    if (!taken.ok) return taken;
    lock = taken.value;
    const ledger = await openHeld(options, lock);
    if (!ledger.ok) await lock.release();
    return ledger;
  } catch (error) {
    await lock?.release().catch(() => {});
    return { ok: false, fault: diskFault(error) };
  }
}

async function openHeld(options: LedgerOptions, lock: Lock): Promise<Reply<Ledger>> {
  const { disk, directory, index = null } = options;
  const summaries = new Summaries(disk, directory, index);
  const stored = await summaries.load();
  const contents = await readContents(options, stored);
  if (!contents.ok) return contents;
  // Well after the lock was taken, and before the first change to the books.
  const sure = await lock.confirm();
  if (!sure.ok) return sure;
  const ready = await readyTail(options, contents.value);
  return ok(new OpenLedger({ options, lock, summaries, stored, contents: contents.value, ready }));
}

interface Held {
  readonly options: SegmentOptions;
  readonly lock: Lock;
  readonly summaries: Summaries;
}

interface Parts extends Held {
  readonly stored: ReadonlyMap<number, Summary>;
  readonly contents: Contents;
  readonly ready: Pick<JournalParts, 'tail' | 'next'>;
}

class OpenLedger implements Ledger {
  readonly problems: readonly string[];
  readonly #parts: Held;
  readonly #index: StoryIndex;
  readonly #journal: Journal;
  readonly #archive: Archive;
  readonly #listeners = new Set<(appended: Appended) => void>();
  #length: number;

  constructor(parts: Parts) {
    const { options, lock, contents, ready, summaries, stored } = parts;
    const all = contents.summaries;
    this.#parts = { options, lock, summaries };
    this.#index = contents.index;
    this.problems = problemsIn(all);
    this.#length = all.reduce((sum, { records }) => sum + records, 0);
    this.#journal = new Journal({
      ...ready,
      options,
      onFinished: (segment) => this.#archive.finish(segment),
    });
    const { number } = ready.tail.segment;
    const finished = all.filter(({ segment }) => segment < number);
    const current = all.find(({ segment }) => segment === number);
    this.#archive = new Archive({
      ...options,
      summaries,
      finished,
      position: current?.start ?? contents.position,
      retired: all.flatMap(({ retired }) => retired),
      append: (record) => this.append(record),
      oldestClosedRef: () => this.#index.oldestClosedRef(),
      openRefs: () => this.#index.unsettled().map(({ ref }) => ref),
    });
    for (const summary of finished) {
      if (!isDeepStrictEqual(stored.get(summary.segment), summary)) this.#archive.store(summary);
    }
  }

  async append(record: LedgerRecord): Promise<Reply<number>> {
    const wrong = faultInRecord({ ...record });
    if (wrong) return failed('assertion', 'none', wrong);
    const begins = record.type === 'intent' || record.type === 'sighting';
    const reply = await this.#journal.append(record, begins);
    if (reply.ok) this.#take({ seq: reply.value, record });
    return reply;
  }

  async recover(): Promise<Reply<void>> {
    return this.#journal.recover(({ seq, fields }) => {
      const record = asRecord(fields);
      if (record) this.#take({ seq, record });
    });
  }

  async tidy(tidying: Tidying): Promise<Reply<number>> {
    const removed = await this.#archive.tidy(tidying);
    if (!removed.ok) return removed;
    for (const { records } of removed.value) this.#length -= records;
    return ok(removed.value.length);
  }

  #take(appended: Appended): void {
    this.#length += 1;
    this.#index.apply(appended.seq, appended.record);
    // A listener that throws must not make a durable record look failed.
    for (const listener of this.#listeners) queueMicrotask(() => listener(appended));
  }

  openStory(card: string): Story | undefined {
    return this.#index.openStory(card);
  }

  unsettled(): Story[] {
    return this.#index.unsettled();
  }

  lastClosed(card: string): Story | undefined {
    return this.#index.lastClosed(card);
  }

  stories(): AsyncIterable<Story> {
    return readStories(this.#parts.options);
  }

  get length(): number {
    return this.#length;
  }

  get lastTermSeq(): number {
    return this.#index.lastTermSeq;
  }

  counters(): Readonly<Record<string, number>> {
    const { open, closed } = this.#index.forgotten;
    return {
      refused_appends: this.#journal.refused,
      waiting_appends: this.#journal.waiting,
      forgotten_open: open,
      forgotten_closed: closed,
      discarded_indexes: this.#parts.summaries.discarded,
      held_by_damaged_segment: this.#archive.held,
    };
  }

  onAppend(listener: (appended: Appended) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#archive.idle();
    await this.#parts.lock.release().catch(() => {});
  }
}
