/** Files made ready before they are needed, the reserve of a full disk, and recovery. */

import * as assert from 'uvu/assert';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { verifyLedger } from '../../../controller/ledger/verify.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { DIRECTORY, expectInOrder, fileOf, open, rest, tap, usedBytes } from './books.ts';
import { debited, intent, outcome, passage, sighting } from './samples.ts';

const segments = feature('ledger segments');
const SMALL = { segment_bytes: 8_000 };

segments.test(
  'GIVEN a new ledger THEN its file is full of zeros and of its final size',
  async () => {
    const disk = new MemoryDisk();
    const ledger = await open(disk);
    assert.is(disk.peekDurable(fileOf(1)).length, 4 * 1024 * 1024);
    await tap(ledger, 1);
    assert.is(disk.peek(fileOf(1)).length, 4 * 1024 * 1024);
    assert.ok(usedBytes(disk, fileOf(1)) > 1_000);
  },
);

segments.test(
  'WHEN half is used THEN the next file is made ready before it is needed',
  async () => {
    const disk = new MemoryDisk();
    const ledger = await open(disk, SMALL);
    await tap(ledger, 1);
    await rest();
    assert.equal(await logs(disk), ['ledger-000001.log']);
    for (let n = 2; usedBytes(disk, fileOf(1)) < 4_000; n += 1) await tap(ledger, n);
    await rest();
    assert.equal(await logs(disk), ['ledger-000001.log', 'ledger-000002.log']);
    assert.is(usedBytes(disk, fileOf(2)), 0);
    assert.is(disk.peekDurable(fileOf(2)).length, 8_000);
    let appended = 0;
    const { syncs } = disk;
    for (; usedBytes(disk, fileOf(2)) === 0; appended += 1) await ledger.append(sighting());
    assert.is(disk.syncs - syncs, appended, 'a roll costs no sync of its own');
    await ledger.close();
    const again = await open(disk, SMALL);
    assert.equal(again.problems, []);
  },
);

segments.test('GIVEN a disk that fails while a ledger opens THEN no file stays open', async () => {
  let held = 0;
  class CountingDisk extends MemoryDisk {
    override async open(path: string, mode: 'read' | 'append') {
      const file = await super.open(path, mode);
      held += 1;
      const close = async () => {
        held -= 1;
      };
      return { ...file, close };
    }
  }
  const disk = new CountingDisk();
  const first = await open(disk, SMALL);
  await tap(first, 1);
  await first.close();
  assert.is(held, 0);
  let failures = 0;
  for (let nth = 1; ; nth += 1) {
    disk.syncTrouble = { in: nth, code: 'EIO', stays: false };
    const opened = await openLedger({ disk, directory: DIRECTORY, ...SMALL });
    if (opened.ok) {
      disk.syncTrouble = { in: 0, code: 'EIO', stays: false };
      await opened.value.close();
      break;
    }
    failures += 1;
    assert.is(held, 0, `sync ${nth}: ${opened.fault.detail}`);
  }
  assert.ok(failures > 0);
  assert.is(held, 0);
});

async function logs(disk: MemoryDisk): Promise<string[]> {
  return (await disk.list(DIRECTORY)).filter((name) => name.startsWith('ledger-'));
}

segments.test(
  'GIVEN a file of an earlier version, without zeros THEN it goes on in it',
  async () => {
    const disk = new MemoryDisk();
    const first = await open(disk, SMALL);
    await tap(first, 1);
    await first.close();
    const grown = disk.peek(fileOf(1)).subarray(0, usedBytes(disk, fileOf(1)));
    for (const torn of [0, 20]) {
      disk.poke(fileOf(1), grown.subarray(0, grown.length - torn));
      const again = await open(disk, SMALL);
      assert.is(again.length, torn ? 4 : 5);
      await tap(again, 2);
      await again.close();
      assert.is(disk.peek(fileOf(1)).length, 8_000);
      assert.equal(await logs(disk), ['ledger-000001.log']);
      await expectInOrder(disk);
    }
  },
);

segments.test('GIVEN a grown file larger than a segment THEN the next file follows', async () => {
  const disk = new MemoryDisk();
  const first = await open(disk, { segment_bytes: 50_000 });
  for (let n = 0; n < 12; n += 1) await tap(first, n);
  await first.close();
  disk.poke(fileOf(1), disk.peek(fileOf(1)).subarray(0, usedBytes(disk, fileOf(1))));
  const again = await open(disk, SMALL);
  await tap(again, 20);
  assert.is(again.length, 65);
  assert.ok(usedBytes(disk, fileOf(2)) > 0);
  await expectInOrder(disk);
});

segments.test('GIVEN a power cut while a file is made THEN it is made anew', async () => {
  const disk = new MemoryDisk();
  disk.onStep = (step) => {
    if (step === 'rename') throw new Error('power cut');
  };
  await open(disk, SMALL).catch(() => {});
  disk.onStep = () => {};
  disk.crash();
  assert.is((await open(disk, SMALL)).length, 0);
  await expectInOrder(disk);
});

/** A disk that has room for the present file alone, filled until a beginning is refused. */
async function fullDisk() {
  const disk = new MemoryDisk();
  const ledger = await open(disk, SMALL);
  disk.capacity_bytes = 8_000 + 200;
  const refs: number[] = [];
  for (;;) {
    const reply = await ledger.append(intent({ counter: refs.length }));
    if (!reply.ok) return { disk, ledger, refs, fault: reply.fault };
    refs.push(reply.value);
  }
}

segments.test('GIVEN a full disk THEN nothing new begins and what began can end', async () => {
  const { disk, ledger, refs, fault } = await fullDisk();
  assert.is(fault.code, 'ledger-full');
  assert.is(fault.effect, 'none');
  const [ref = 0] = refs;
  for (const record of [debited(ref), outcome(ref), passage(ref)]) {
    assert.ok((await ledger.append(record)).ok, record.type);
  }
  for (const record of [intent(), sighting()]) {
    const reply = await ledger.append(record);
    assert.is(!reply.ok && reply.fault.code, 'ledger-full');
  }
  const mixed = await Promise.all([ledger.append(intent()), ledger.append(debited(refs[1] ?? 0))]);
  assert.equal(
    mixed.map(({ ok }) => ok),
    [false, true],
  );
  await expectInOrder(disk);
  disk.crash();
  const again = await open(disk, SMALL);
  assert.is(again.length, refs.length + 4);
  assert.equal(again.problems, []);
  await rest();
  assert.equal(await logs(disk), ['ledger-000001.log'], 'no piece of a file is left');
});

segments.test('GIVEN a full disk and no reserve left THEN all is refused, intact', async () => {
  const { disk, ledger, refs } = await fullDisk();
  let written = 0;
  for (;;) {
    const reply = await ledger.append(debited(refs[0] ?? 0));
    if (!reply.ok) break;
    written += 1;
  }
  assert.ok(written > 3);
  assert.ok(usedBytes(disk, fileOf(1)) > 7_800);
  assert.is(disk.peek(fileOf(1)).length, 8_000);
  assert.equal((await verifyLedger(disk, DIRECTORY)).findings.length, 0);
});

segments.test('GIVEN a full disk WHEN space was freed THEN recover opens it again', async () => {
  const { disk, ledger, refs } = await fullDisk();
  const still = await ledger.recover();
  assert.is(!still.ok && still.fault.code, 'ledger-full');
  assert.is((await ledger.append(intent())).ok, false);
  disk.capacity_bytes = Number.POSITIVE_INFINITY;
  const refused = await ledger.append(intent());
  assert.is(!refused.ok && refused.fault.code, 'ledger-full', 'no tap waits for the disk in vain');
  assert.is((await ledger.recover()).ok, false, 'it asks the disk again at every other call');
  assert.ok((await ledger.recover()).ok);
  assert.equal(await ledger.append(intent()), { ok: true, value: refs.length + 1 });
  for (let n = 0; n < 8; n += 1) await tap(ledger, n);
  assert.ok(usedBytes(disk, fileOf(2)) > 0);
  await ledger.close();
  assert.equal((await open(disk, SMALL)).problems, []);
});

segments.test('GIVEN a disk full for a moment only THEN nobody notices', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk, SMALL);
  disk.capacity_bytes = 8_000;
  while (usedBytes(disk, fileOf(1)) < 5_000) await tap(ledger, 1);
  await rest();
  disk.capacity_bytes = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 8; n += 1) await tap(ledger, n);
  await expectInOrder(disk);
});

const failures = [
  { name: 'a write fails', trouble: 'writeTrouble', written_bytes: 0 },
  { name: 'a write is torn', trouble: 'writeTrouble', written_bytes: 300 },
  {
    name: 'a write reaches the disk and is said to fail',
    trouble: 'writeTrouble',
    written_bytes: 9_999,
  },
  { name: 'a sync fails', trouble: 'syncTrouble', written_bytes: 0 },
] as const;

for (const { name, trouble, written_bytes } of failures) {
  segments.test(`WHEN ${name} THEN recover reads back and goes on`, async () => {
    const disk = new MemoryDisk();
    const ledger = await open(disk, SMALL);
    const ref = await tap(ledger, 1);
    const heard: number[] = [];
    ledger.onAppend(({ seq }) => heard.push(seq));
    Object.assign(disk[trouble], { in: 1, stays: true, written_bytes });
    const both = await Promise.all([ledger.append(passage(ref)), ledger.append(intent())]);
    assert.ok(both.every((reply) => !reply.ok && reply.fault.code === 'ledger-write'));
    assert.is((await ledger.recover()).ok, false, 'the disk still fails');
    assert.is((await ledger.append(sighting())).ok, false);
    disk[trouble].in = 0;
    assert.ok((await ledger.recover()).ok);
    const turnedUp = heard.length;
    assert.is(ledger.length, 5 + turnedUp, 'what turned up counts');
    assert.is(turnedUp === 2, ledger.unsettled().length === 1);
    assert.equal(await ledger.append(sighting()), { ok: true, value: 6 + turnedUp });
    await rest();
    disk.crash();
    const again = await open(disk, SMALL);
    assert.is(again.length, 6 + turnedUp);
    assert.equal(again.problems, []);
    await expectInOrder(disk);
  });
}

segments.test(
  'GIVEN a short file on a full disk THEN its room is what there is of it',
  async () => {
    const disk = new MemoryDisk();
    const before = await open(disk, SMALL);
    const ref = await tap(before, 1);
    await before.close();
    const room = usedBytes(disk, fileOf(1)) + 300;
    disk.poke(fileOf(1), disk.peek(fileOf(1)).subarray(0, room));
    // Enough for the lock.
    disk.capacity_bytes = room + 100;
    const ledger = await open(disk, SMALL);
    const refused = await ledger.append(sighting());
    assert.is(!refused.ok && refused.fault.code, 'ledger-full', 'the rest is for what was begun');
    assert.ok((await ledger.append(passage(ref))).ok);
    await ledger.close();
  },
);

segments.test('GIVEN a reader beside a lane that writes THEN it sees no damage', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk, { segment_bytes: 100_000 });
  let confirmed = 0;
  let over = false;
  const lane = (async () => {
    for (let n = 0; n < 150; n += 1) {
      await tap(ledger, n);
      confirmed += 5;
      await new Promise(setImmediate);
    }
    over = true;
  })();
  for (let rounds = 0; !over || rounds === 0; rounds += 1) {
    await new Promise(setImmediate);
    const atLeast = confirmed;
    const report = await verifyLedger(disk, DIRECTORY);
    assert.ok(report.ok, JSON.stringify(report.findings));
    assert.ok(report.records >= atLeast, `${report.records} of ${atLeast}`);
  }
  await lane;
  await ledger.close();
});

segments.test('GIVEN a disk that stays full THEN recover writes ever less often', async () => {
  const { disk, ledger } = await fullDisk();
  const attempts: number[] = [];
  for (let call = 1; call <= 250; call += 1) {
    const { writes } = disk;
    const reply = await ledger.recover();
    assert.is(!reply.ok && reply.fault.code, 'ledger-full');
    if (disk.writes > writes) attempts.push(call);
  }
  assert.equal(attempts, [1, 3, 6, 11, 20, 37, 70, 131, 192]);
  disk.capacity_bytes = Number.POSITIVE_INFINITY;
  let calls = 0;
  while (!(await ledger.recover()).ok) calls += 1;
  assert.ok(calls <= 60, `${calls} calls`);
  assert.ok((await ledger.append(intent())).ok);
});

segments.test('WHEN recover is called on a sound ledger THEN nothing happens', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk, SMALL);
  await tap(ledger, 1);
  const { writes } = disk;
  assert.ok((await ledger.recover()).ok);
  assert.is(disk.writes, writes);
  await ledger.close();
  assert.is((await ledger.recover()).ok, false, 'a closed one stays closed');
});

segments.run();
