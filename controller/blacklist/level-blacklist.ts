/**
 * The blacklist in LevelDB, behind the question that the gate asks (blacklist.ts). A list is
 * written beside the one in use and takes its place in one synced write.
 *
 * Keys: `00` → JSON of what is in use; generation byte (01 or 02) ‖ application serial (10 bytes) →
 * one reason byte. LevelDB keeps no promise about damaged files: see README.md.
 */

import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { type Answer, type Blacklist, type Listing, REASONS, type Reason } from './blacklist.ts';

/** What `level` opens under Node is a ClassicLevel; its types speak of every platform. */
type Level = import('level').Level<Uint8Array, Uint8Array> & {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
};

const CARD_BYTES = 10;
const BATCH = 5_000;
const CURRENT = Buffer.from([0]);
const CODECS = { keyEncoding: 'view', valueEncoding: 'view' } as const;

interface BlacklistStatus {
  /** 0: no list was ever imported. */
  readonly version: number;
  readonly count: number;
}

interface Current extends BlacklistStatus {
  readonly generation: 1 | 2;
}

/**
 * Opens the store, or creates an empty one of version 0. Fault `blacklist-unreadable`: damaged, in
 * use by another process, or LevelDB is not installed.
 */
export async function openBlacklist(directory: string): Promise<Reply<LevelBlacklist>> {
  let db: Level | null = null;
  try {
    const { Level } = await import('level');
    db = new Level<Uint8Array, Uint8Array>(directory, CODECS) as Level;
    await db.open();
    const current = await readCurrent(db);
    if (current) return ok(new LevelBlacklist(db, current));
    await db.close();
    return unreadable(`${directory} holds a list but not its version`);
  } catch (error) {
    await db?.close().catch(() => {});
    return unreadable(`${directory}: ${describe(error)}`);
  }
}

async function readCurrent(db: Level): Promise<Current | null> {
  const stored = await db.get(CURRENT);
  if (stored) return parseCurrent(stored);
  for await (const _ of db.keys({ limit: 1 })) return null;
  const empty: Current = { generation: 1, version: 0, count: 0 };
  await writeCurrent(db, empty);
  return empty;
}

function parseCurrent(stored: Uint8Array): Current | null {
  const value: Partial<Current> = JSON.parse(Buffer.from(stored).toString('utf8'));
  const { generation, version, count } = value;
  if (generation !== 1 && generation !== 2) return null;
  if (!isCount(version) || !isCount(count)) return null;
  return { generation, version, count };
}

async function writeCurrent(db: Level, current: Current): Promise<void> {
  await db.put(CURRENT, Buffer.from(JSON.stringify(current)), { sync: true });
}

export class LevelBlacklist implements Blacklist {
  readonly #db: Level;
  #current: Current;
  #importing = false;
  /** Reused for every look-up: generation ‖ serial. */
  readonly #key = Buffer.alloc(1 + CARD_BYTES);

  /** Use `openBlacklist`. */
  constructor(db: Level, current: Current) {
    this.#db = db;
    this.#current = current;
  }

  check(card: Buffer): Answer {
    if (card.length !== CARD_BYTES) {
      return { kind: 'unreadable', detail: `a card serial has 10 bytes, not ${card.length}` };
    }
    this.#key[0] = this.#current.generation;
    card.copy(this.#key, 1);
    try {
      // Synchronous: 1 to 2 µs, where the asynchronous call waits milliseconds for a thread.
      const stored = this.#db.getSync(this.#key);
      if (stored === undefined) return { kind: 'clear' };
      const reason = stored.length === 1 ? REASONS[(stored[0] ?? 0) - 1] : undefined;
      if (reason) return { kind: 'listed', reason };
      return { kind: 'unreadable', detail: 'an entry holds an unknown reason' };
    } catch (error) {
      return { kind: 'unreadable', detail: describe(error) };
    }
  }

  status(): BlacklistStatus {
    const { version, count } = this.#current;
    return { version, count };
  }

  /**
   * Replaces the whole list. Until it resolves with ok, look-ups see the old list; afterwards the
   * new one, also after a power cut. A card listed twice counts once, with its last reason.
   * @param version at least 1
   */
  async replaceAll(
    listings: Iterable<Listing> | AsyncIterable<Listing>,
    version: number,
  ): Promise<Reply<BlacklistStatus>> {
    if (!isCount(version) || version < 1) return unreadable('a list needs a version from 1 up');
    if (this.#importing) return unreadable('an import is running; wait for its end');
    this.#importing = true;
    try {
      const generation = this.#current.generation === 1 ? 2 : 1;
      await this.#db.clear(rangeOf(generation));
      await this.#write(generation, listings);
      const count = await this.#settle(generation);
      const old = this.#current.generation;
      const next: Current = { generation, version, count };
      await writeCurrent(this.#db, next);
      this.#current = next;
      // Leftovers cost space alone: the next import clears them too.
      await this.#db.clear(rangeOf(old)).catch(() => {});
      return ok(this.status());
    } catch (error) {
      return unreadable(`import refused, the old list stays: ${describe(error)}`);
    } finally {
      this.#importing = false;
    }
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  async #write(
    generation: number,
    listings: Iterable<Listing> | AsyncIterable<Listing>,
  ): Promise<void> {
    let batch: { type: 'put'; key: Buffer; value: Buffer }[] = [];
    for await (const { card, reason } of listings) {
      const key = Buffer.concat([Buffer.from([generation]), card]);
      if (key.length !== 1 + CARD_BYTES) throw new Error('a card serial has 10 bytes');
      batch.push({ type: 'put', key, value: reasonByte(reason) });
      if (batch.length < BATCH) continue;
      await this.#db.batch(sorted(batch));
      batch = [];
    }
    await this.#db.batch(sorted(batch));
  }

  /**
   * Brings the new generation into synced table files (a later synced put would cover the log of
   * this moment only) and counts it by reading every entry back.
   */
  async #settle(generation: number): Promise<number> {
    const { gte, lt } = rangeOf(generation);
    await this.#db.compactRange(gte, lt);
    let count = 0;
    for await (const value of this.#db.values({ gte, lt })) {
      if (value.length !== 1) throw new Error('an entry was not read back as written');
      count += 1;
    }
    return count;
  }
}

/** Stable: of two entries for one card the later stays the later. */
function sorted<T extends { key: Buffer }>(batch: T[]): T[] {
  return batch.sort((a, b) => a.key.compare(b.key));
}

function reasonByte(reason: Reason): Buffer {
  const index = REASONS.indexOf(reason);
  if (index < 0) throw new Error(`unknown reason; known are ${REASONS.join(', ')}`);
  return Buffer.from([index + 1]);
}

function rangeOf(generation: number) {
  return { gte: Buffer.from([generation]), lt: Buffer.from([generation + 1]) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function unreadable(detail: string) {
  return failed('blacklist-unreadable', 'none', detail);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
