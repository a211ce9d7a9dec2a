/** Power cuts and failures at every step that a ledger takes on disk, one after the other. */

import * as assert from 'uvu/assert';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { readSegments } from '../../../controller/ledger/reader.ts';
import { hashOfRecord, writeSettled } from '../../../controller/ledger/settlement.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { answers, cardOf, DIRECTORY, diskIndex, expectInOrder, open, rest } from './books.ts';
import { debited, intent, outcome, passage } from './samples.ts';

const crashes = feature('ledger power cuts');
const SMALL = { segment_bytes: 4_000 };
const LATER_MS = Date.UTC(2026, 8, 1);

/** Appends over three segments, retires the first, and tells the numbers that were confirmed. */
async function work(disk: MemoryDisk, confirmed: number[]): Promise<void> {
  const opened = await openLedger({
    disk,
    directory: DIRECTORY,
    ...SMALL,
    index: diskIndex(disk),
  });
  if (!opened.ok) return;
  const ledger = opened.value;
  const note = (reply: { ok: true; value: number } | { ok: false }) => {
    if (reply.ok) confirmed.push(reply.value);
    return reply.ok ? reply.value : 0;
  };
  for (let n = 0; n < 9; n += 1) {
    const ref = note(await ledger.append(intent({ card: cardOf(n), counter: n })));
    if (ref === 0) break;
    const rest = [debited(ref), outcome(ref), passage(ref)];
    for (const reply of await Promise.all(rest.map((one) => ledger.append(one)))) note(reply);
  }
  await rest();
  const hash = await hashOfRecord({ disk, directory: DIRECTORY }, 16);
  if (hash) await writeSettled(disk, DIRECTORY, { through: 16, hash }).catch(() => {});
  // The last closed stories keep their segments: later taps of the same cards take their place.
  for (let n = 0; n < 9; n += 1) {
    const at = '20260831083000';
    const ref = note(await ledger.append(intent({ card: cardOf(n), counter: n, at })));
    if (ref === 0) break;
    const both = [debited(ref), outcome(ref)];
    for (const reply of await Promise.all(both.map((one) => ledger.append(one)))) note(reply);
  }
  await rest();
  await ledger.tidy({ keep_days: 2, wall_ms: LATER_MS, utc_offset_minutes: 480 });
  await ledger.close();
}

/** The steps that the work takes on a sound disk. */
async function countSteps(): Promise<number> {
  const disk = new MemoryDisk();
  let steps = 0;
  disk.onStep = () => {
    steps += 1;
  };
  const confirmed: number[] = [];
  await work(disk, confirmed);
  assert.is(confirmed.length, 63, 'all is appended');
  const names = await disk.list(DIRECTORY);
  assert.not(names.includes('ledger-000001.log'), 'and the first segment was retired');
  await expectInOrder(disk);
  return steps;
}

const cuts: readonly { name: string; cut: (disk: MemoryDisk) => void }[] = [
  { name: 'nothing unsynced is kept', cut: (disk) => disk.crash() },
  { name: 'all is kept', cut: (disk) => disk.crash(1_000_000) },
  { name: 'every other sector is kept', cut: (disk) => disk.tear((sector) => sector % 2 === 1) },
  { name: 'the other sectors are kept', cut: (disk) => disk.tear((sector) => sector % 2 === 0) },
];

for (const { name, cut } of cuts) {
  crashes.test(
    `WHEN the power goes before any step and ${name} THEN nothing confirmed is lost`,
    async () => {
      const steps = await countSteps();
      for (let last = 0; last < steps; last += 1) await cutAt(last, cut);
    },
    60_000,
  );
}

async function cutAt(last: number, cut: (disk: MemoryDisk) => void): Promise<void> {
  const disk = new MemoryDisk();
  let left = last;
  disk.onStep = () => {
    left -= 1;
    if (left < 0) throw Object.assign(new Error('EIO: no power'), { code: 'EIO' });
  };
  const confirmed: number[] = [];
  await work(disk, confirmed);
  await rest();
  disk.onStep = () => {};
  cut(disk);

  const [plain, indexed] = [await openAndClose(disk, false), await openAndClose(disk, true)];
  assert.equal(indexed, plain, `step ${last}: the index changes no answer`);
  assert.equal(plain.problems, [], `step ${last}`);
  await expectInOrder(disk);
  const read = new Set(await numbers(disk));
  const [first = 0] = read;
  for (const seq of confirmed) assert.ok(seq < first || read.has(seq), `step ${last}: ${seq} lost`);
  if (first > 1) assert.ok(first <= 17, 'nothing unsettled was removed');
  const again = await open(disk, { ...SMALL, index: diskIndex(disk) });
  assert.ok((await again.append(intent())).ok);
  await again.close();
}

async function openAndClose(disk: MemoryDisk, indexed: boolean) {
  const ledger = await open(disk, { ...SMALL, ...(indexed && { index: diskIndex(disk) }) });
  const told = answers(ledger, 9);
  await ledger.close();
  // The first opening clears a torn tail away; both must tell the same.
  return { ...told, problems: told.problems.filter((text) => !/unfinished/.test(text)) };
}

async function numbers(disk: MemoryDisk): Promise<number[]> {
  const seqs: number[] = [];
  for await (const found of readSegments(disk, DIRECTORY)) {
    if (found.kind === 'record') seqs.push(found.seq);
  }
  return seqs;
}

crashes.run();
