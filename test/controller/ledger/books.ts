/** What several of the ledger's tests need: opening on a memory disk, an index there, taps. */

import * as assert from 'uvu/assert';
import { lastNonZero } from '../../../controller/ledger/frame.ts';
import { type Ledger, type LedgerOptions, openLedger } from '../../../controller/ledger/ledger.ts';
import type { LedgerRecord } from '../../../controller/ledger/records.ts';
import type { SummaryStore } from '../../../controller/ledger/summaries.ts';
import { verifyLedger } from '../../../controller/ledger/verify.ts';
import type { Disk } from '../../../firmware-bridge/ports.ts';
import type { MemoryDisk } from '../../kit/memory-disk.ts';
import { authorised, debited, intent, outcome, passage } from './samples.ts';

export const DIRECTORY = '/ledger';
export const fileOf = (segment: number) =>
  `${DIRECTORY}/ledger-${String(segment).padStart(6, '0')}.log`;
export const usedBytes = (disk: MemoryDisk, path: string) => lastNonZero(disk.peek(path)) + 1;

export async function open(disk: Disk, options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const reply = await openLedger({ disk, directory: DIRECTORY, ...options });
  if (!reply.ok) throw new Error(`${reply.fault.code}: ${reply.fault.detail}`);
  return reply.value;
}

/** An index on a memory disk, one file a segment. */
export function diskIndex(disk: Disk): SummaryStore & { loads: number } {
  const directory = `${DIRECTORY}/index`;
  const pathOf = (segment: number) => `${directory}/${segment}`;
  const store = {
    directory,
    loads: 0,
    async load() {
      store.loads += 1;
      const values = new Map<number, Buffer>();
      for (const name of await disk.list(directory)) {
        const file = await disk.open(pathOf(Number(name)), 'read');
        values.set(Number(name), await file.read(0, await file.size()));
      }
      return values;
    },
    async save(segment: number, value: Buffer) {
      const file = await disk.open(pathOf(segment), 'append');
      await file.truncate(0);
      await file.write(0, value);
      await file.sync();
      await disk.syncDirectory(directory);
    },
    forget: (segment: number) => disk.remove(pathOf(segment)),
  };
  return store;
}

/** Card `n`, ten bytes. */
export const cardOf = (n: number) => `031043999000000${String(n).padStart(5, '0')}`;

/** Appends one tap as the lane does; resolves with its ref. */
export async function tap(ledger: Ledger, n: number, at = '20260701083000'): Promise<number> {
  const begun = await ledger.append(intent({ card: cardOf(n), counter: n, at }));
  if (!begun.ok) throw new Error(begun.fault.code);
  const ref = begun.value;
  const term_seq = n.toString(16).toUpperCase().padStart(8, '0');
  const rest: LedgerRecord[] = [
    authorised(ref, term_seq),
    debited(ref),
    outcome(ref),
    passage(ref),
  ];
  const replies = await Promise.all(rest.map((record) => ledger.append(record)));
  assert.ok(replies.every(({ ok }) => ok));
  return ref;
}

/** Everything a ledger answers, for comparison. */
export function answers(ledger: Ledger, cards: number) {
  return {
    open: ledger.unsettled(),
    closed: Array.from({ length: cards }, (_, n) => ledger.lastClosed(cardOf(n)) ?? null),
    lastTermSeq: ledger.lastTermSeq,
    problems: ledger.problems,
    length: ledger.length,
  };
}

export async function expectInOrder(disk: Disk): Promise<void> {
  const report = await verifyLedger(disk, DIRECTORY);
  assert.equal(
    report.findings.filter(({ severity }) => severity === 'broken'),
    [],
  );
}

/** Lets background work on a memory disk come to its end. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}
