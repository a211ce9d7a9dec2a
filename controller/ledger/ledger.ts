/**
 * The ledger of one lane: the durable truth about money. Everything is in the journal's files; the
 * index in memory is rebuilt from them at every opening. See README.md.
 */

import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { diskFault, type Journal, type JournalOptions, openJournal } from './journal.ts';
import { type Lock, takeLock } from './lock.ts';
import type { Placed } from './reader.ts';
import type { LedgerRecord, Story } from './records.ts';
import { asRecord, faultInRecord } from './shape.ts';
import { readStories } from './stories.ts';
import { StoryIndex } from './story-index.ts';

const PROBLEMS_MAX = 100;

export interface Appended {
  readonly seq: number;
  readonly record: LedgerRecord;
}

export interface Ledger {
  /**
   * Resolves with the record's number once it is durable, in the order of the calls. Faults, all
   * with effect `none` (the caller raises it): `ledger-full`; `ledger-write`, also when 1,000
   * records wait; `assertion` for a record of the wrong shape. After a fault of the disk every
   * append gets it until the ledger is closed and opened again.
   */
  append(record: LedgerRecord): Promise<Reply<number>>;
  /** The card's latest story without an outcome. @param card serial, upper-case hex */
  openStory(card: string): Story | undefined;
  /** All stories without an outcome, oldest first. */
  unsettled(): Story[];
  /**
   * The card's latest story with an outcome, at most 24 h old. One that ended as `not-debited` does
   * not count: it left card and passenger as they were.
   */
  lastClosed(card: string): Story | undefined;
  /** Every story on disk, in order of `ref`. Throws when the disk fails. */
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

/**
 * Opens or creates. Damage behind which other records stay readable is no obstacle: it is named
 * in `problems`. Faults: `ledger-held` (another process has it open), `ledger-write`,
 * `ledger-full`, `ledger-damaged` when a file cannot be read at all.
 */
export async function openLedger(options: JournalOptions): Promise<Reply<Ledger>> {
  const { disk, directory } = options;
  let lock: Lock | null = null;
  try {
    await disk.makeDirectory(directory);
    const taken = await takeLock(disk, directory);
    if (!taken.ok) return taken;
    lock = taken.value;
    const found = new Contents();
    const journal = await openJournal({
      ...options,
      onFound: (item) => found.add(item),
      confirm: taken.value.confirm,
    });
    if (journal.ok) {
      return ok(new OpenLedger({ disk, directory, journal: journal.value, lock, found }));
    }
    await lock.release();
    return journal;
  } catch (error) {
    await lock?.release().catch(() => {});
    return { ok: false, fault: diskFault(error) };
  }
}

/** What was read back at opening. */
class Contents {
  readonly index = new StoryIndex();
  readonly problems: string[] = [];
  records = 0;

  add(found: Placed): void {
    if (found.kind === 'record') {
      this.records += 1;
      const record = asRecord(found.fields);
      if (record) this.index.apply(found.seq, record);
    }
    const problem = problemIn(found);
    if (problem === null || found.kind === 'end' || this.problems.length >= PROBLEMS_MAX) return;
    this.problems.push(`${found.file} at ${found.offset}: ${problem}`);
  }
}

/** In words for an operator or an auditor; null when all is well. */
export function problemIn(found: Placed): string | null {
  switch (found.kind) {
    case 'record': {
      const fault = faultInRecord(found.fields);
      return fault && `record ${found.seq} is not understood (${fault}); a later version wrote it?`;
    }
    case 'torn':
      return `unfinished write of ${found.length} bytes at the end; it was never confirmed`;
    case 'damage':
      return `${found.length} damaged bytes; the records in them are lost`;
    case 'gap':
      return `records ${found.after + 1} to ${found.seq - 1} are missing`;
    case 'chain':
      return `record ${found.seq} does not continue the record before it: the chain is broken`;
    case 'misplaced':
      return `record ${found.seq} appears again, out of order; the repetition is ignored`;
    case 'unreadable':
      return `the disk cannot read it: ${found.detail}`;
    case 'end':
      return null;
  }
}

interface Parts {
  readonly disk: Disk;
  readonly directory: string;
  readonly journal: Journal;
  readonly lock: Lock;
  readonly found: Contents;
}

class OpenLedger implements Ledger {
  readonly #parts: Parts;
  readonly #index: StoryIndex;
  readonly #listeners = new Set<(appended: Appended) => void>();
  #length: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#index = parts.found.index;
    this.#length = parts.found.records;
  }

  async append(record: LedgerRecord): Promise<Reply<number>> {
    const wrong = faultInRecord({ ...record });
    if (wrong) return failed('assertion', 'none', wrong);
    const reply = await this.#parts.journal.append(record);
    if (!reply.ok) return reply;
    const appended = { seq: reply.value, record };
    this.#length += 1;
    this.#index.apply(appended.seq, record);
    // A listener that throws must not make a durable record look failed.
    for (const listener of this.#listeners) queueMicrotask(() => listener(appended));
    return reply;
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
    return readStories(this.#parts.disk, this.#parts.directory);
  }

  get length(): number {
    return this.#length;
  }

  get lastTermSeq(): number {
    return this.#index.lastTermSeq;
  }

  get problems(): readonly string[] {
    return this.#parts.found.problems;
  }

  counters(): Readonly<Record<string, number>> {
    const { open, closed } = this.#index.forgotten;
    const { refused } = this.#parts.journal;
    return { refused_appends: refused, forgotten_open: open, forgotten_closed: closed };
  }

  onAppend(listener: (appended: Appended) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#parts.journal.close();
    await this.#parts.lock.release().catch(() => {});
  }
}
