/** Opening from summaries: the same answers as from reading all, whatever happens to the index. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { LedgerRecord } from '../../../controller/ledger/records.ts';
import { verifyLedger } from '../../../controller/ledger/verify.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { answers, cardOf, DIRECTORY, diskIndex, fileOf, open, tap, usedBytes } from './books.ts';
import { debited, intent, outcome, passage } from './samples.ts';

const index = feature('ledger index');
const SMALL = { segment_bytes: 4_000 };
const INDEX = `${DIRECTORY}/index`;
const CARDS = 40;

/** Day 1 to 9 of July. */
const day = (n: number) => `2026070${n}083000`;

/** Several days of taps over several segments; an open story in the first. */
async function threeDays(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const ledger = await open(disk, { ...SMALL, index: diskIndex(disk) });
  await ledger.append(intent({ card: cardOf(39), at: day(1) }));
  for (let n = 0; n < 18; n += 1) await tap(ledger, n, day(1 + Math.floor(n / 5)));
  await ledger.close();
  assert.ok((await disk.list(INDEX)).length >= 3);
  return disk;
}

/** Opens twice, with and without the index; the second file names tell what was read whole. */
async function bothAnswers(disk: MemoryDisk) {
  const plain = await open(disk, SMALL);
  const expected = answers(plain, CARDS);
  await plain.close();
  const read = bytesRead(disk);
  const indexed = await open(disk, { ...SMALL, index: diskIndex(disk) });
  read.stop();
  assert.equal(answers(indexed, CARDS), expected);
  await indexed.close();
  return { expected, read };
}

/** Counts what is read of the segment files. */
function bytesRead(disk: MemoryDisk) {
  const files = new Map<string, number>();
  const inner = disk.open;
  disk.open = async (path, mode) => {
    const file = await inner.call(disk, path, mode);
    return {
      ...file,
      async read(offset, length) {
        files.set(path, (files.get(path) ?? 0) + 1);
        return file.read(offset, length);
      },
    };
  };
  return {
    files,
    stop: () => {
      disk.open = inner;
    },
  };
}

index.test('GIVEN segments of past days THEN opening does not walk them', async () => {
  const disk = await threeDays();
  const { expected, read } = await bothAnswers(disk);
  assert.is(expected.open.length, 1);
  assert.is(expected.closed.filter((story) => story !== null).length, 8, 'the last two days');
  assert.is(read.files.get(fileOf(1)), 2, 'its first and its last frame');
  const bytes = disk.peek(fileOf(1));
  bytes.writeUInt8(0x20, 1_500);
  disk.poke(fileOf(1), bytes);
  const quick = await open(disk, { ...SMALL, index: diskIndex(disk) });
  assert.equal(quick.problems, [], 'so damage amid them is found by verify alone');
  assert.is((await verifyLedger(disk, DIRECTORY)).ok, false);
});

const doubts: readonly { name: string; spoil: (disk: MemoryDisk) => Promise<void> | void }[] = [
  { name: 'the index was deleted', spoil: (disk) => disk.remove(INDEX) },
  { name: 'one summary is missing', spoil: (disk) => disk.remove(`${INDEX}/2`) },
  {
    name: 'the first summary is missing',
    spoil: (disk) => disk.remove(`${INDEX}/1`),
  },
  {
    name: 'a bit of a summary flipped',
    spoil: (disk) => {
      const bytes = disk.peek(`${INDEX}/2`);
      bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
      disk.poke(`${INDEX}/2`, bytes);
    },
  },
  { name: 'a summary is empty', spoil: (disk) => disk.poke(`${INDEX}/1`, Buffer.alloc(0)) },
  {
    name: 'summaries were swapped',
    spoil: (disk) => {
      const [one, two] = [disk.peek(`${INDEX}/1`), disk.peek(`${INDEX}/2`)];
      disk.poke(`${INDEX}/1`, two);
      disk.poke(`${INDEX}/2`, one);
    },
  },
  {
    name: 'a process died over it',
    spoil: (disk) => disk.poke(`${DIRECTORY}/index-in-use`, Buffer.from('x')),
  },
  {
    name: 'the last frame of the first segment is damaged',
    spoil: (disk) => spoil(disk, fileOf(1), usedBytes(disk, fileOf(1)) - 20),
  },
  {
    name: 'the first frame of the second segment is damaged',
    spoil: (disk) => spoil(disk, fileOf(2), 30),
  },
  {
    name: 'the second segment is lost',
    spoil: (disk) => disk.remove(fileOf(2)),
  },
  {
    name: 'the first segment is lost',
    spoil: (disk) => disk.remove(fileOf(1)),
  },
  {
    name: 'the first segment was cut short',
    spoil: (disk) => disk.poke(fileOf(1), disk.peek(fileOf(1)).subarray(0, 3_000)),
  },
];

function spoil(disk: MemoryDisk, path: string, at: number): void {
  const bytes = disk.peek(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  disk.poke(path, bytes);
}

for (const { name, spoil } of doubts) {
  index.test(`GIVEN ${name} THEN opening answers as if there were none`, async () => {
    const disk = await threeDays();
    await spoil(disk);
    await bothAnswers(disk);
    await bothAnswers(disk);
  });
}

index.test('GIVEN a process that died over the index THEN it is built anew', async () => {
  const disk = await threeDays();
  disk.poke(`${DIRECTORY}/index-in-use`, Buffer.from('x'));
  disk.poke(`${INDEX}/junk`, Buffer.from('kills whoever reads it'));
  const ledger = await open(disk, { ...SMALL, index: diskIndex(disk) });
  assert.is(ledger.counters().discarded_indexes, 1);
  await ledger.close();
  const names = await disk.list(INDEX);
  assert.ok(names.length >= 3 && !names.includes('junk'));
  assert.not((await disk.list(DIRECTORY)).includes('index-in-use'));
});

index.test('GIVEN an old segment that cannot be read once THEN the index forgets it', async () => {
  const disk = await threeDays();
  const inner = disk.open;
  disk.open = async (path, mode) => {
    if (path === fileOf(1)) throw Object.assign(new Error('EIO: simulated'), { code: 'EIO' });
    return inner.call(disk, path, mode);
  };
  const failing = await open(disk, { ...SMALL, index: diskIndex(disk) });
  assert.match(failing.problems[0] ?? '', /^ledger-000001\.log at 0: the disk cannot read it/);
  await failing.close();
  disk.open = inner;
  const { expected } = await bothAnswers(disk);
  assert.equal(expected.problems, []);
});

index.test('GIVEN an index that always fails THEN the lane works without it', async () => {
  const disk = new MemoryDisk();
  const fails = async () => {
    throw new Error('LEVEL_DATABASE_NOT_OPEN');
  };
  const store = { directory: INDEX, load: fails, save: fails, forget: fails };
  const ledger = await open(disk, { ...SMALL, index: store });
  for (let n = 0; n < 9; n += 1) await tap(ledger, n);
  await ledger.close();
  const again = await open(disk, { ...SMALL, index: store });
  assert.is(again.length, 45);
  assert.equal(again.problems, []);
});

const STATUSES = ['done', 'recovered', 'not-debited', 'grey'] as const;
const anyStep = fc.record({
  card: fc.integer({ min: 0, max: 7 }),
  hours: fc.integer({ min: 0, max: 9 }),
  status: fc.option(fc.constantFrom(...STATUSES), { freq: 4 }),
  /** Which of the stories left open is ended now, and whether somebody passes late. */
  settles: fc.option(fc.nat(), { freq: 3 }),
  passes: fc.option(fc.nat(), { freq: 3 }),
});

index.test(
  'GIVEN any books THEN with and without the index the answers are the same',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 60 }), async (steps) => {
        const disk = new MemoryDisk();
        const ledger = await open(disk, { ...SMALL, index: diskIndex(disk) });
        const left: number[] = [];
        const ended: number[] = [];
        let hours = 0;
        const put = async (record: LedgerRecord) => {
          const reply = await ledger.append(record);
          return reply.ok ? reply.value : 0;
        };
        for (const { card, hours: later, status, settles, passes } of steps) {
          hours += later;
          const stamp = new Date(Date.UTC(2026, 0, 1, hours)).toISOString();
          const at = stamp.replace(/\D/g, '').slice(0, 14);
          const ref = await put(intent({ card: cardOf(card), at }));
          if (status) await put(outcome(ref, status));
          (status ? ended : left).push(ref);
          if (settles !== null && left.length > 0) {
            const [old = 0] = left.splice(settles % left.length, 1);
            await put(debited(old));
            await put(outcome(old, 'recovered'));
            ended.push(old);
          }
          if (passes !== null && ended.length > 0) {
            await put(passage(ended[passes % ended.length] ?? 0));
          }
        }
        const live = answers(ledger, CARDS);
        await ledger.close();
        const { expected } = await bothAnswers(disk);
        assert.equal(live, expected);
      }),
      { numRuns: 60 },
    );
  },
  60_000,
);

index.run();
