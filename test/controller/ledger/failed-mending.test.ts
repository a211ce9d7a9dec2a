/**
 * A power cut left the end of a write, and the disk fails while the next process, or the same one,
 * mends it: at each step, in each way, once. Whoever opens the books then finds no damage.
 */

import * as assert from 'uvu/assert';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { verifyLedger } from '../../../controller/ledger/verify.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { imagesAfterCut } from '../../kit/power-cuts.ts';
import { DIRECTORY, fileOf, open, tap } from './books.ts';
import { intent, sighting } from './samples.ts';

const mending = feature('mending that fails');
const SMALL = { segment_bytes: 8_000 };
const SEED = 20_261_129;

/** Each strikes once, at the n-th step of its kind. */
const failures: readonly { name: string; strike: (disk: MemoryDisk, nth: number) => void }[] = [
  ...[0, 1, 5, 300, 700].map((written_bytes) => ({
    name: `a write stops after ${written_bytes} bytes`,
    strike: (disk: MemoryDisk, nth: number) =>
      Object.assign(disk.writeTrouble, { in: nth, written_bytes }),
  })),
  { name: 'a sync fails', strike: (disk, nth) => Object.assign(disk.syncTrouble, { in: nth }) },
];

for (const { name, strike } of failures) {
  mending.test(
    `GIVEN a torn end WHEN ${name} at the next opening THEN nothing is damaged`,
    async () => {
      let cases = 0;
      for (const [number, torn] of (await tornDisks()).entries()) {
        for (let nth = 1; ; nth += 1) {
          const disk = torn.afterCut([]);
          strike(disk, nth);
          const opened = await openLedger({ disk, directory: DIRECTORY, ...SMALL });
          if (opened.ok) await opened.value.close();
          const where = `torn disk ${number}, ${name}, number ${nth}`;
          for (const { disk: left } of imagesAfterCut(disk, SEED + nth)) {
            await expectSound(left, { where });
          }
          await expectSound(disk, { where });
          cases += 1;
          if (opened.ok) break;
        }
      }
      assert.ok(cases > 50, `${cases} cases`);
    },
    60_000,
  );
}

for (const { name, strike } of failures) {
  mending.test(
    `GIVEN a write that stopped WHEN ${name} as it is read back THEN all is in order`,
    async () => {
      for (const written_bytes of [0, 20, 300, 513, 700, 1_500, 9_999]) {
        for (let nth = 1; !(await readBack(written_bytes, (disk) => strike(disk, nth))); nth += 1);
      }
    },
    60_000,
  );
}

/** Did reading back succeed at the first attempt? */
async function readBack(written_bytes: number, strike: (disk: MemoryDisk) => void) {
  const disk = new MemoryDisk();
  const ledger = await open(disk, SMALL);
  await tap(ledger, 1);
  Object.assign(disk.writeTrouble, { in: 1, written_bytes });
  const three = [intent(), sighting(), sighting()].map((each) => ledger.append(each));
  assert.ok((await Promise.all(three)).every(({ ok }) => !ok));
  strike(disk);
  const { ok } = await ledger.recover();
  if (!ok) assert.ok((await ledger.recover()).ok, 'the disk is well again');
  for (const trouble of [disk.writeTrouble, disk.syncTrouble]) trouble.in = 0;
  const last = await ledger.append(intent());
  assert.ok(last.ok);
  const expected = { where: `${written_bytes} bytes written`, last: last.value };
  for (const { disk: left } of imagesAfterCut(disk, SEED)) await expectSound(left, expected);
  return ok;
}

/** Every disk that a power cut amid one write of many records may leave. */
async function tornDisks(): Promise<MemoryDisk[]> {
  const disk = new MemoryDisk();
  const ledger = await open(disk, SMALL);
  await tap(ledger, 1);
  const torn: MemoryDisk[] = [];
  disk.onStep = (step) => {
    if (step !== 'sync' || torn.length > 0) return;
    torn.push(...[...imagesAfterCut(disk, SEED)].map((image) => image.disk));
  };
  const many = [intent(), ...Array.from({ length: 7 }, () => sighting())];
  await Promise.all(many.map((record) => ledger.append(record)));
  assert.ok(torn.length >= 8, `${torn.length} ways to tear it`);
  return torn;
}

mending.test(
  'GIVEN a torn end THEN its file gives up no room, which a full disk may not give back',
  async () => {
    for (const torn of await tornDisks()) {
      const disk = torn.afterCut([]);
      const lengths = new Set<number>();
      disk.onStep = () => lengths.add(disk.peek(fileOf(1)).length);
      await (await open(disk, SMALL)).close();
      assert.equal([...lengths], [SMALL.segment_bytes]);
    }
  },
);

interface Expected {
  readonly where: string;
  /** The last confirmed record; five if absent. */
  readonly last?: number;
}

/** Opens, appends, loses power: all that was confirmed and what came since, and no damage. */
async function expectSound(disk: MemoryDisk, { where, last = 5 }: Expected): Promise<void> {
  const ledger = await open(disk, SMALL);
  assert.equal(
    ledger.problems.filter((text) => !/unfinished/.test(text)),
    [],
    where,
  );
  const appended = await ledger.append(intent());
  assert.ok(appended.ok && appended.value > last, where);
  disk.crash();
  const report = await verifyLedger(disk, DIRECTORY);
  assert.equal(
    report.findings.filter(({ severity }) => severity === 'broken'),
    [],
    where,
  );
  assert.is(report.records, appended.ok && appended.value, where);
}

mending.run();
