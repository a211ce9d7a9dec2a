/** The table against a plain Map, for every width of key. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type Stride, Table } from '../../../controller/blacklist/table.ts';
import { feature } from '../../kit/feature.ts';

const tables = feature('exact table');

type Entries = ReadonlyMap<string, number>;

for (const stride of [11, 5, 3] as const) {
  const digits = (stride - 1) * 2;
  // Near and far neighbours, equal beginnings, high bits set.
  const key = fc
    .tuple(fc.constantFrom('00', '7f', '80', 'ff'), fc.nat(40), fc.constantFrom('00', 'fe'))
    .map(([head, number, tail]) => {
      const middle = number.toString(16).padStart(digits - 4, digits > 4 ? '0' : '');
      return `${head}${middle}${tail}`.slice(0, digits).padEnd(digits, '0');
    });
  const entries = (least: number) =>
    fc.array(fc.tuple(key, fc.integer({ min: least, max: 5 })), { maxLength: 60 }).map(mapOf);

  tables.test(`${stride - 1}-byte keys, any entries: each is found, no other key is`, () => {
    fc.assert(
      fc.property(entries(0), fc.array(key), (map, others) => {
        const table = tableOf(map, stride);
        assert.is(table.count, map.size);
        for (const each of [...map.keys(), ...others]) {
          assert.is(table.find(Buffer.from(each, 'hex')), map.get(each), each);
        }
      }),
      { numRuns: 300 },
    );
  });

  tables.test(`${stride - 1}-byte keys, any overlay: merged as a map would be`, () => {
    fc.assert(
      fc.property(entries(1), entries(0), fc.boolean(), (base, overlay, drop) => {
        const due = new Map([...base, ...overlay]);
        for (const [each, value] of overlay) if (drop && value === 0) due.delete(each);
        const merged = tableOf(base, stride).merge(tableOf(overlay, stride), drop);
        assert.equal(merged.bytes, tableOf(due, stride).bytes);
      }),
      { numRuns: 300 },
    );
  });
}

tables.test('GIVEN chunks that are not the entries told THEN no table', async () => {
  const whole = [Buffer.from('000101', 'hex'), Buffer.from('000201000301', 'hex')];
  const table = await Table.from(whole, { count: 3, stride: 3 });
  assert.is(table.find(Buffer.from('0003', 'hex')), 1);
  for (const count of [2, 4]) {
    const error = await Table.from(whole, { count, stride: 3 }).catch((caught) => caught);
    assert.instance(error, RangeError);
  }
  assert.throws(() => new Table(Buffer.alloc(4), 3), /whole entries/);
});

tables.test('GIVEN a short key, or tables of different keys THEN it throws', () => {
  const table = tableOf(new Map([['31040000000000000001', 1]]), 11);
  assert.throws(() => table.find(Buffer.alloc(9)), RangeError);
  assert.throws(() => table.merge(new Table(Buffer.alloc(0), 3), true), /strides/);
});

tables.run();

function mapOf(list: readonly (readonly [string, number])[]): Entries {
  return new Map(list);
}

function tableOf(map: Entries, stride: Stride): Table {
  const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Table(
    Buffer.from(sorted.map(([key, value]) => `${key}0${value}`).join(''), 'hex'),
    stride,
  );
}
