/** What the office builds from lines: full lists, deltas, and clear words for bad lines. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { REASONS } from '../../../../controller/blacklist/blacklist.ts';
import { type ListName, strideOf } from '../../../../controller/blacklist/list-file/header.ts';
import { openListFile } from '../../../../controller/blacklist/list-file/read.ts';
import { sortEntries } from '../../../../controller/blacklist/list-file/sort.ts';
import { buildList, signList } from '../../../../controller/blacklist/list-file/write.ts';
import { Table } from '../../../../controller/blacklist/table.ts';
import { feature } from '../../../kit/feature.ts';
import { MemoryDisk } from '../../../kit/memory-disk.ts';
import { ISSUED, issue, need, OFFICE, refusal } from './office.ts';

const build = feature('building lists');

const A = '31040000000000000001';
const B = '31040000000000000002';
const C = '3104000000000000000C';

async function read(disk: MemoryDisk, path: string) {
  const file = need(await openListFile(disk, path, { trust: [OFFICE.key.publicKey] }));
  const table = await file.table();
  const filter = await file.filter();
  await file.close();
  return { header: file.header, table, filter, hex: table.bytes.toString('hex') };
}

async function refusedLines(list: ListName, lines: readonly string[]): Promise<string> {
  const disk = new MemoryDisk();
  const detail = refusal(
    await buildList(disk, { list, lines, version: 1, issued: ISSUED, out: 'lists/a.list' }),
  );
  assert.equal(await disk.list('lists'), []);
  return detail;
}

build.test(
  'GIVEN card ids of Social Security Cards THEN the list holds their hashes alone',
  async () => {
    const disk = new MemoryDisk();
    const id = '330200D15600000599000001FFFFFFFF';
    const path = await issue(disk, { lines: [`${id} superseded`, `${A} lost`], version: 1 });
    const { table, hex, header } = await read(disk, path);
    const key = createHash('sm3').update(Buffer.from(id, 'hex')).digest().subarray(0, 10);
    assert.is(header.count, 2);
    assert.is(table.find(key), REASONS.indexOf('superseded') + 1);
    assert.not.ok(hex.toUpperCase().includes('D156000005'));
  },
);

build.test('GIVEN lines in any order and spelling THEN the list is sorted and whole', async () => {
  const disk = new MemoryDisk();
  const path = await issue(disk, {
    lines: [
      '# cards reported on Monday',
      `${C.toLowerCase()};fraud  # twice`,
      '',
      `  ${B} , stolen\r`,
      `${A}\tlost`,
      `${C} fraud`,
    ],
    version: 7,
  });
  const { header, filter, hex } = await read(disk, path);
  assert.is(hex, `${A}01${B}02${C.toLowerCase()}05`);
  const { filter_bytes, ...rest } = header;
  assert.equal(rest, {
    ...{ list: 'blacklist', kind: 'full', version: 7, base: 0 },
    ...{ issued: ISSUED, count: 3, total: 3 },
  });
  assert.is(filter?.bytes.length, filter_bytes);
  assert.ok(filter?.mayHold(Buffer.from(C, 'hex')));
});

build.test('GIVEN issuers or cities THEN a line is the key alone', async () => {
  const disk = new MemoryDisk();
  const issuers = await issue(disk, { list: 'issuers', lines: ['31040002', '31040001'] });
  assert.is((await read(disk, issuers)).hex, '31040001013104000201');
  const cities = await issue(disk, { list: 'cities', lines: ['1100', '# Shanghai', '3100'] });
  assert.is((await read(disk, cities)).hex, '110001310001');
});

build.test('GIVEN no line at all THEN an empty list, without a filter', async () => {
  const disk = new MemoryDisk();
  const { header, filter, table } = await read(disk, await issue(disk, { lines: [] }));
  assert.equal([header.count, header.filter_bytes, filter, table.count], [0, 0, null, 0]);
});

const BAD: readonly [ListName, string][] = [
  ['blacklist', A],
  ['blacklist', `${A},lostt`],
  ['blacklist', `${A},Lost`],
  ['blacklist', `${A},lost,stolen`],
  ['blacklist', `${A}lost`],
  ['blacklist', `${A.slice(1)},lost`],
  ['blacklist', `0${A},lost`],
  ['blacklist', `${A.slice(0, -1)}G,lost`],
  ['blacklist', `${A},constructor`],
  ['blacklist', 'serial,reason'],
  ['issuers', '3104000'],
  ['issuers', '31040001,lost'],
  ['cities', '110000'],
];
for (const [list, line] of BAD) {
  build.test(
    `GIVEN the line "${line}" for ${list} THEN its number and what is expected`,
    async () => {
      const detail = await refusedLines(list, ['# head', '', line]);
      assert.match(detail, /^line 3: expected .*hex digits/);
      if (list === 'blacklist') assert.match(detail, 'one of lost, stolen, superseded');
    },
  );
}

build.test('GIVEN one card with two reasons THEN it is refused by name', async () => {
  const detail = await refusedLines('blacklist', [`${A},lost`, `${B},lost`, `${A},fraud`]);
  assert.match(detail, `${A} is listed twice, with different reasons`);
});

build.test('GIVEN a header that cannot be THEN nothing is written', async () => {
  const disk = new MemoryDisk();
  for (const wrong of [{ version: 0 }, { issued: 'yesterday' }]) {
    const options = { list: 'blacklist', version: 1, issued: ISSUED, ...wrong } as const;
    refusal(await buildList(disk, { ...options, lines: [`${A},lost`], out: 'lists/a.list' }));
    assert.equal(await disk.list('lists'), []);
  }
});

build.test('GIVEN a file of that name THEN it is never overwritten', async () => {
  const disk = new MemoryDisk();
  const path = await issue(disk, { lines: [`${A},lost`] });
  const before = disk.peek(path);
  const options = { list: 'blacklist', version: 2, issued: ISSUED, lines: [], out: path } as const;
  assert.match(refusal(await buildList(disk, options)), 'never overwritten');
  const again = await signList(disk, { file: `${path}`, key: OFFICE.key, out: path });
  assert.match(refusal(again), 'never overwritten');
  assert.equal(disk.peek(path), before);
});

build.test('GIVEN a signed or damaged list THEN it is not signed', async () => {
  const disk = new MemoryDisk();
  const path = await issue(disk, { lines: [`${A},lost`] });
  const sign = (file: string) => signList(disk, { file, key: OFFICE.key, out: 'lists/x.list' });
  assert.match(refusal(await sign(path)), 'is signed already, by key');
  const bytes = disk.peek(path).subarray(0, -72);
  bytes.writeUInt8(bytes.readUInt8(150) ^ 1, 150);
  disk.poke('lists/damaged', bytes);
  refusal(await sign('lists/damaged'));
  refusal(await sign('lists/none'));
});

build.test('GIVEN a disk that fails at any write THEN no half list is left', async () => {
  for (let failing = 1; failing <= 4; failing++) {
    const disk = new MemoryDisk();
    disk.writeTrouble = { in: failing, code: 'ENOSPC', stays: false };
    const options = {
      list: 'blacklist',
      version: 1,
      issued: ISSUED,
      lines: [`${A},lost`],
    } as const;
    assert.match(refusal(await buildList(disk, { ...options, out: 'lists/a.list' })), 'ENOSPC');
    assert.equal(await disk.list('lists'), []);
  }
});

build.test('GIVEN the power fails right after THEN the list is on the disk', async () => {
  const disk = new MemoryDisk();
  const path = await issue(disk, { lines: [`${A},lost`] });
  disk.crash();
  assert.is((await read(disk, path)).hex, `${A}01`);
});

build.test('GIVEN an earlier full list THEN the delta adds, changes and removes', async () => {
  const disk = new MemoryDisk();
  const base = await issue(disk, { lines: [`${A},lost`, `${B},lost`, `${C},lost`], version: 3 });
  const lines = [`${B},fraud`, `${C},lost`, '3104FFFFFFFFFFFFFFFF,stolen'];
  const delta = await issue(disk, { lines, version: 5, deltaFrom: base });
  const { header, hex } = await read(disk, delta);
  assert.is(hex, `${A}00${B}053104ffffffffffffffff02`);
  assert.equal([header.kind, header.base, header.version], ['delta', 3, 5]);
  assert.equal([header.count, header.total, header.filter_bytes], [3, 3, 0]);
});

build.test('GIVEN no full, earlier list of that name THEN no delta from it', async () => {
  const disk = new MemoryDisk();
  const full = await issue(disk, { lines: [`${A},lost`], version: 3 });
  const delta = await issue(disk, { lines: [], version: 4, deltaFrom: full });
  const cities = await issue(disk, { list: 'cities', lines: ['1100'] });
  const from = async (deltaFrom: string, version: number) => {
    const options = { list: 'blacklist', lines: [], issued: ISSUED, out: 'lists/new' } as const;
    return refusal(await buildList(disk, { ...options, version, deltaFrom }));
  };
  assert.match(await from(delta, 5), 'a delta begins from a full list');
  assert.match(await from(cities, 5), 'a delta begins from a full list, here of blacklist');
  assert.match(await from(full, 3), 'base is a version before that of the delta');
  assert.match(await from('lists/none', 5), 'ENOENT');
});

for (const list of ['blacklist', 'issuers', 'cities'] as const) {
  build.test(
    `any states of ${list}: base and deltas merge to the last full list`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(stateOf(list), { minLength: 2, maxLength: 5 }),
          async (states) => {
            const disk = new MemoryDisk();
            let [merged, overlay]: (Table | null)[] = [null, null];
            let full = '';
            for (const [i, lines] of states.entries()) {
              const before = full;
              full = await issue(disk, { list, lines, version: i + 1 });
              const last = await read(disk, full);
              if (i === 0)
                [merged, overlay] = [last.table, new Table(Buffer.alloc(0), strideOf(list))];
              if (!merged || !overlay || i === 0) continue;
              const delta = await issue(disk, { list, lines, version: i + 1, deltaFrom: before });
              const { table, header } = await read(disk, delta);
              merged = merged.merge(table, true);
              overlay = overlay.merge(table, false);
              assert.equal(merged.bytes, last.table.bytes);
              assert.is(header.total, merged.count);
            }
            const first = await read(disk, `lists/${list}-full-1.list`);
            assert.equal(overlay && first.table.merge(overlay, true).bytes, merged?.bytes);
          },
        ),
        { numRuns: 40 },
      );
    },
    60_000,
  );
}

build.test('any entries: sorted as a plain sort would, equal ones once', () => {
  const key = fc.tuple(fc.nat(3), fc.constantFrom(0, 255), fc.nat(255)).map((list) => list);
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.boolean(), (keys, sorted) => {
      const hex = keys.map(([a, b, c]) =>
        Buffer.from([a, 0, b, 0, 0, 9, 0, c, b, a, (c % 5) + 1]).toString('hex'),
      );
      const due = [...new Set(hex)].sort();
      const given = Buffer.from((sorted ? hex.toSorted() : hex).join(''), 'hex');
      assert.is(sortEntries(given, 11).toString('hex'), due.join(''));
    }),
    { numRuns: 500 },
  );
});

build.run();

/** Lines of one state: each of a few keys listed or not. */
function stateOf(list: ListName): fc.Arbitrary<string[]> {
  const keyDigits = (strideOf(list) - 1) * 2;
  const reason = list === 'blacklist' ? fc.constantFrom(...REASONS) : fc.constant('');
  return fc
    .uniqueArray(fc.tuple(fc.nat(12), reason), { selector: ([key]) => key, maxLength: 12 })
    .map((rows) =>
      rows.map(([key, why]) => {
        const digits = (key * 19).toString(16).padStart(keyDigits, '0');
        return why ? `${digits},${why}` : digits;
      }),
    );
}
