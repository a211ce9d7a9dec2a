import * as assert from 'uvu/assert';
import { lastNonZero } from '../../../controller/ledger/frame.ts';
import type { Ledger } from '../../../controller/ledger/ledger.ts';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { intent, outcome, sighting } from './samples.ts';

const journal = feature('ledger journal');
const directory = '/data/ledger';
const FIRST = `${directory}/ledger-000001.log`;
const SECOND = `${directory}/ledger-000002.log`;

async function open(disk: MemoryDisk, segment_bytes?: number): Promise<Ledger> {
  const reply = await openLedger({ disk, directory, ...(segment_bytes && { segment_bytes }) });
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

async function filled(disk: MemoryDisk, count: number, segment_bytes?: number): Promise<Ledger> {
  const ledger = await open(disk, segment_bytes);
  for (let i = 0; i < count; i += 1) await ledger.append(intent({ counter: i }));
  return ledger;
}

const usedBytes = (disk: MemoryDisk, path: string) => lastNonZero(disk.peek(path)) + 1;
const counters = (ledger: Ledger) => ledger.unsettled().map(({ intent }) => intent.counter);

journal.test('GIVEN records WHEN the power goes THEN all that was confirmed is there', async () => {
  const disk = new MemoryDisk();
  await filled(disk, 5);
  disk.crash();
  const again = await open(disk);
  assert.equal(counters(again), [0, 1, 2, 3, 4]);
  assert.equal(again.problems, []);
  assert.equal(await again.append(sighting()), { ok: true, value: 6 });
});

journal.test('numbers follow the order of the calls', async () => {
  const ledger = await open(new MemoryDisk());
  const replies = await Promise.all([1, 2, 3].map((counter) => ledger.append(intent({ counter }))));
  assert.equal(
    replies.map((reply) => reply.ok && reply.value),
    [1, 2, 3],
  );
});

journal.test('GIVEN a running sync WHEN records arrive THEN they share the next sync', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  let release = () => {};
  disk.syncGate = new Promise((resolve) => {
    release = resolve;
  });
  const before = disk.syncs;
  const first = ledger.append(intent());
  await new Promise(setImmediate);
  assert.is(disk.syncs, before + 1, 'the first record syncs alone');
  const rest = Array.from({ length: 50 }, () => ledger.append(sighting()));
  release();
  const replies = await Promise.all([first, ...rest]);
  assert.ok(replies.every(({ ok }) => ok));
  assert.is(disk.syncs, before + 2);
});

journal.test('an append is not confirmed before the sync has ended', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  let release = () => {};
  disk.syncGate = new Promise((resolve) => {
    release = resolve;
  });
  let confirmed = false;
  const append = ledger.append(intent()).then(() => {
    confirmed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(confirmed, false);
  assert.equal(ledger.unsettled(), [], 'nor does the index know it');
  release();
  await append;
});

journal.test('GIVEN 1,000 records waiting THEN the next is refused and counted', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  let release = () => {};
  disk.syncGate = new Promise((resolve) => {
    release = resolve;
  });
  const waiting = Array.from({ length: 1_000 }, () => ledger.append(sighting()));
  const refused = await ledger.append(sighting());
  assert.is(!refused.ok && refused.fault.code, 'ledger-busy');
  assert.is(!refused.ok && refused.fault.effect, 'none');
  assert.is(ledger.counters().refused_appends, 1);
  release();
  assert.ok((await Promise.all(waiting)).every(({ ok }) => ok));
  assert.equal(await ledger.append(sighting()), { ok: true, value: 1_001 });
});

const troubles = [
  {
    name: 'a write fails',
    fault: 'ledger-write',
    set: (disk: MemoryDisk) => (disk.writeTrouble.in = 1),
  },
  {
    name: 'a write is torn',
    fault: 'ledger-write',
    set: (disk: MemoryDisk) => Object.assign(disk.writeTrouble, { in: 1, written_bytes: 100 }),
  },
  {
    name: 'a sync fails',
    fault: 'ledger-write',
    set: (disk: MemoryDisk) => (disk.syncTrouble.in = 1),
  },
  {
    name: 'the disk says ENOSPC',
    fault: 'ledger-full',
    set: (disk: MemoryDisk) => Object.assign(disk.writeTrouble, { in: 1, code: 'ENOSPC' }),
  },
] as const;

for (const { name, fault, set } of troubles) {
  journal.test(`WHEN ${name} THEN every append gets ${fault} until it is reopened`, async () => {
    const disk = new MemoryDisk();
    const ledger = await filled(disk, 3);
    set(disk);
    for (let i = 0; i < 3; i += 1) {
      const reply = await ledger.append(intent({ counter: 99 }));
      assert.is(!reply.ok && reply.fault.code, fault);
    }
    await ledger.close();
    disk.capacity_bytes = Number.POSITIVE_INFINITY;
    disk.crash();
    const again = await open(disk);
    assert.equal(counters(again), [0, 1, 2]);
    assert.equal(await again.append(intent()), { ok: true, value: 4 });
    disk.crash();
    assert.equal(counters(await open(disk)), [0, 1, 2, 7]);
  });
}

journal.test(
  'GIVEN a partial frame left behind WHEN reopened THEN it is cut and named',
  async () => {
    const disk = new MemoryDisk();
    const ledger = await filled(disk, 3);
    const sound = usedBytes(disk, FIRST);
    Object.assign(disk.writeTrouble, { in: 1, written_bytes: 100 });
    await ledger.append(intent());
    assert.is(usedBytes(disk, FIRST), sound + 100);
    const again = await open(disk);
    assert.is(usedBytes(disk, FIRST), sound);
    assert.equal(again.problems, [
      `ledger-000001.log at ${sound}: unfinished write of 100 bytes at the end; ` +
        'it was never confirmed',
    ]);
  },
);

journal.test('WHEN a batch fails THEN all who waited hear of it', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  disk.syncTrouble.in = 1;
  const replies = await Promise.all(Array.from({ length: 10 }, () => ledger.append(sighting())));
  assert.ok(replies.every((reply) => !reply.ok && reply.fault.code === 'ledger-write'));
  await ledger.close();
});

journal.test('a tear at every byte loses nothing confirmed', async () => {
  const reference = new MemoryDisk();
  await filled(reference, 1);
  const frame_bytes = usedBytes(reference, FIRST);
  for (let kept = 0; kept < frame_bytes; kept += 7) {
    const disk = new MemoryDisk();
    const ledger = await filled(disk, 2);
    disk.syncTrouble.in = 1;
    await ledger.append(intent({ counter: 50 }));
    disk.crash(kept);
    const again = await open(disk);
    assert.equal(counters(again), [0, 1], `${kept} bytes kept`);
    assert.ok((await again.append(outcome(1))).ok);
  }
});

journal.test('GIVEN full segments THEN new files follow and all are read back', async () => {
  const disk = new MemoryDisk();
  const ledger = await filled(disk, 20, 2_000);
  assert.ok((await disk.list(directory)).length > 4);
  await ledger.close();
  disk.crash();
  const again = await open(disk, 2_000);
  assert.is(again.length, 20);
  assert.equal(again.problems, []);
});

journal.test('GIVEN damage in the middle THEN the rest stays and a new file begins', async () => {
  const disk = new MemoryDisk();
  const ledger = await filled(disk, 10);
  await ledger.close();
  const bytes = disk.peek(FIRST);
  const frame_bytes = usedBytes(disk, FIRST) / 10;
  bytes.fill(0x55, Math.floor(frame_bytes * 4.5), Math.floor(frame_bytes * 4.5) + 20);
  disk.poke(FIRST, bytes);
  const again = await open(disk);
  assert.equal(counters(again), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
  assert.match(again.problems.join('\n'), /damaged bytes.*\n.*records 5 to 5 are missing/);
  assert.equal(await again.append(sighting()), { ok: true, value: 11 });
  assert.equal(disk.peek(FIRST), bytes, 'the damaged file is evidence and stays as it is');
  assert.ok(disk.peek(SECOND).length > 0);
});

journal.test('GIVEN a damaged last record THEN its number is not given again', async () => {
  const disk = new MemoryDisk();
  await (await filled(disk, 3)).close();
  const bytes = disk.peek(FIRST);
  bytes.writeUInt8(0x55, usedBytes(disk, FIRST) - 30);
  disk.poke(FIRST, bytes);
  const again = await open(disk);
  const reply = await again.append(sighting());
  assert.ok(reply.ok && reply.value > 3, 'a number beyond all that the damage may hide');
  await again.close();
  const third = await open(disk);
  assert.is(third.length, 3);
  assert.match(third.problems.join('\n'), /are missing/);
});

journal.test('GIVEN a disk that cannot read THEN opening is refused', async () => {
  const disk = new MemoryDisk();
  await (await filled(disk, 3)).close();
  const reply = await openLedger({ disk: failingReads(disk), directory });
  assert.is(!reply.ok && reply.fault.code, 'ledger-damaged');
  const detail = reply.ok ? '' : reply.fault.detail;
  assert.match(detail, /^ledger-000001\.log: .*EIO.*move it aside into .*\/evidence/);
  assert.is((await open(disk)).length, 3, 'and the lock was given back');
});

for (const call of ['open', 'read'] as const) {
  journal.test(`GIVEN an old segment that fails to ${call} THEN the lane opens`, async () => {
    const disk = new MemoryDisk();
    await (await filled(disk, 20, 2_000)).close();
    const ledger = await open(failingReads(disk, SECOND, call), 2_000);
    assert.match(
      ledger.problems[0] ?? '',
      /^ledger-000002\.log at 0: the disk cannot read it: .*EIO/,
    );
    assert.match(ledger.problems[1] ?? '', /records \d+ to \d+ are missing/);
    assert.match(ledger.problems[2] ?? '', /the chain is broken/);
    assert.ok(ledger.length < 20);
    assert.equal(await ledger.append(sighting()), { ok: true, value: 21 });
    await ledger.close();
    assert.is((await open(disk, 2_000)).length, 21, 'once it can be read all is there');
  });
}

journal.test('GIVEN the last records unreadable THEN opening is refused', async () => {
  const disk = new MemoryDisk();
  const ledger = await filled(disk, 20, 2_000);
  await ledger.close();
  const names = (await disk.list(directory)).filter((name) => name.endsWith('.log'));
  const last = names.filter((name) => usedBytes(disk, `${directory}/${name}`) > 0).at(-1) ?? '';
  const failing = failingReads(disk, `${directory}/${last}`);
  const reply = await openLedger({ disk: failing, directory, segment_bytes: 2_000 });
  assert.match(reply.ok ? '' : reply.fault.detail, new RegExp(`^${last}: .*evidence`));
});

function failingReads(disk: MemoryDisk, only = '.log', call: 'open' | 'read' = 'read'): MemoryDisk {
  const inner = disk.open.bind(disk);
  const read = async () => {
    throw Object.assign(new Error('EIO: simulated'), { code: 'EIO' });
  };
  return Object.assign(Object.create(disk) as MemoryDisk, {
    open: async (path: string, mode: 'read' | 'append') => {
      if (!path.endsWith(only)) return inner(path, mode);
      return call === 'open' ? read() : { ...(await inner(path, mode)), read };
    },
    list: disk.list.bind(disk),
    makeDirectory: disk.makeDirectory.bind(disk),
    syncDirectory: disk.syncDirectory.bind(disk),
    rename: disk.rename.bind(disk),
    remove: disk.remove.bind(disk),
  });
}

journal.test('WHEN closed THEN later appends get a fault, earlier ones are on disk', async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk);
  const last = ledger.append(intent());
  await ledger.close();
  assert.ok((await last).ok);
  const late = await ledger.append(intent());
  assert.is(!late.ok && late.fault.detail, 'the ledger is closed');
  disk.crash();
  assert.is((await open(disk)).length, 1);
});

journal.run();
