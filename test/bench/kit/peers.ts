/** Stores that answer "is this card listed?", each with nothing in front of it. */

import { draw, serial } from './serials.ts';

export interface ListStore {
  /** Answers at once, or a little later. */
  check(card: Buffer): boolean | Promise<boolean>;
}

export type Variant = 'lane' | 'level' | 'lmdb' | 'set';

/** What `level` opens under Node; its types speak of every platform. */
type Classic = import('level').Level<Uint8Array, Uint8Array> & {
  getSync(key: Uint8Array): Uint8Array | undefined;
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
};

const BATCH = 5_000;
const REASON = Buffer.from([2]);

export async function openPeer(
  variant: Exclude<Variant, 'lane'>,
  count: number,
  directory: string,
): Promise<ListStore> {
  switch (variant) {
    case 'level':
      return openLevel(count, directory);
    case 'lmdb':
      return openLmdb(count, directory);
    case 'set':
      return openSet(count);
  }
}

async function openLevel(count: number, directory: string): Promise<ListStore> {
  const { Level } = await import('level');
  const views = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  const db = new Level<Uint8Array, Uint8Array>(directory, views) as Classic;
  await db.open();
  for (let from = 0; from < count; from += BATCH) {
    await db.batch(
      batchOf(from, count).map((key) => ({ type: 'put' as const, key, value: REASON })),
    );
  }
  await db.compactRange(serial(0), serial(2 * count));
  return { check: (card) => db.getSync(card) !== undefined };
}

async function openLmdb(count: number, directory: string): Promise<ListStore> {
  const { open } = await import('lmdb');
  const db = open<Buffer, Buffer>({ path: directory, keyEncoding: 'binary', encoding: 'binary' });
  for (let from = 0; from < count; from += BATCH) {
    db.transactionSync(() => {
      for (const key of batchOf(from, count)) db.putSync(key, REASON);
    });
  }
  await db.flushed;
  return { check: (card) => db.doesExist(card) };
}

async function openSet(count: number): Promise<ListStore> {
  const cards = new Set<bigint>();
  for (let number = 0; number < count; number += 1) cards.add(bigOf(serial(2 * number)));
  return { check: (card) => cards.has(bigOf(card)) };
}

/** Serials differ in their last 8 bytes. */
function bigOf(card: Buffer): bigint {
  return card.readBigUInt64BE(2);
}

function batchOf(from: number, count: number): Buffer[] {
  const size = Math.min(BATCH, count - from);
  return Array.from({ length: size }, (_, at) => serial(2 * (from + at)));
}

export interface Asked {
  readonly count: number;
  readonly calls: number;
}

/** Microseconds of each look-up. Throws when an answer is wrong. */
export async function timeLookups(
  store: ListStore,
  kind: 'miss' | 'hit',
  { count, calls }: Asked,
): Promise<number[]> {
  const cards = draw(count, calls, kind);
  const times: number[] = [];
  for (const card of cards) {
    const from_ms = performance.now();
    const answer = store.check(card);
    const listed = typeof answer === 'boolean' ? answer : await answer;
    times.push((performance.now() - from_ms) * 1_000);
    if (listed !== (kind === 'hit')) throw new Error(`${card.toString('hex')}: wrong answer`);
  }
  return times;
}
