/**
 * Taps as a lane writes them, two hours apart, with a roll, a settlement and a tidying every few
 * of them. Everything follows from the number of the tap, so that the books tell what is missing.
 */

import { bcdStamp } from '../../controller/card/bytes.ts';
import type { Ledger } from '../../controller/ledger/ledger.ts';
import { levelIndex } from '../../controller/ledger/level-index.ts';
import type { LedgerRecord, Story } from '../../controller/ledger/records.ts';
import { hashOfRecord, writeSettled } from '../../controller/ledger/settlement.ts';
import type { Disk } from '../../firmware-bridge/ports.ts';
import { cardOf } from '../controller/ledger/books.ts';
import { authorised, debited, intent, outcome, passage } from '../controller/ledger/samples.ts';

export const CARDS = 20;
const HOURS_APART = 2;
const OFFSET_MINUTES = 480;
/** A torn card comes back so many taps later, or never. */
const PATIENCE = 6;

export const booksIn = (disk: Disk, directory: string) => ({
  ...{ disk, directory, segment_bytes: 8_000 },
  index: levelIndex(`${directory}/index`),
});

/** What a record is, without its place: two records alike are one record written twice. */
export function keyOf(record: LedgerRecord): string {
  if (record.type === 'intent') return `intent:${record.counter}`;
  if (record.type === 'retired') return `retired:${record.segment}`;
  return 'ref' in record ? `${record.type}:${record.ref}` : `${record.type}:${record.at}`;
}

export interface Bookkeeping {
  readonly ledger: Ledger;
  readonly disk: Disk;
  readonly directory: string;
  /** Told of each record that is confirmed. */
  readonly confirmed: (seq: number, record: LedgerRecord) => void;
}

/** The number of the next tap, by the ledger's own answers. */
export function nextTap(ledger: Ledger): number {
  const stories: (Story | undefined)[] = ledger.unsettled();
  for (let n = 0; n < CARDS; n += 1) stories.push(ledger.lastClosed(cardOf(n)));
  return 1 + Math.max(0, ...stories.map((story) => story?.intent.counter ?? 0));
}

export async function tapOnce(books: Bookkeeping, n: number): Promise<void> {
  const { ledger } = books;
  await endTornStories(books, n);
  const at = bcdStamp(wallOf(n), OFFSET_MINUTES).toString('hex');
  const ref = await append(books, intent({ card: cardOf(n % CARDS), counter: n, at }));
  const term_seq = (ledger.lastTermSeq + 1).toString(16).toUpperCase().padStart(8, '0');
  await append(books, authorised(ref, term_seq));
  if (n % 7 !== 3) {
    const rest = [debited(ref), outcome(ref), passage(ref)];
    await Promise.all(rest.map((record) => append(books, record)));
  }
  if (n % 4 === 0) await settleAndTidy(books, n);
}

/** As a lane does with a torn card that comes again, and with one that does not. */
async function endTornStories(books: Bookkeeping, n: number): Promise<void> {
  for (const { ref, intent, debited: known } of books.ledger.unsettled()) {
    if (n - intent.counter < PATIENCE) continue;
    if (intent.counter % 2 === 1 && !known) await append(books, debited(ref));
    const proved = intent.counter % 2 === 1 || known;
    await append(books, proved ? outcome(ref, 'recovered') : outcome(ref, 'grey', '805A 9406'));
  }
}

async function settleAndTidy({ ledger, disk, directory }: Bookkeeping, n: number): Promise<void> {
  const refs = ledger.unsettled().map(({ ref }) => ref);
  const last = nextTap(ledger) - 1 === n ? ledger.lastClosed(cardOf(n % CARDS))?.ref : undefined;
  const through = Math.min(...refs, last ?? Number.POSITIVE_INFINITY) - 1;
  const hash = await hashOfRecord({ disk, directory }, through);
  if (hash) await writeSettled(disk, directory, { through, hash });
  const tidied = await ledger.tidy({
    ...{ keep_days: 1, wall_ms: wallOf(n), utc_offset_minutes: OFFSET_MINUTES },
  });
  if (!tidied.ok) throw new Error(tidied.fault.detail);
}

async function append(books: Bookkeeping, record: LedgerRecord): Promise<number> {
  const reply = await books.ledger.append(record);
  if (!reply.ok) throw new Error(`${reply.fault.code}: ${reply.fault.detail}`);
  books.confirmed(reply.value, record);
  return reply.value;
}

function wallOf(n: number): number {
  return Date.UTC(2026, 6, 1) + n * HOURS_APART * 3_600_000;
}
