/** The filter may admit too much, a little; it must never deny, and never leave its bytes. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Filter } from '../../../controller/blacklist/filter.ts';
import { Table } from '../../../controller/blacklist/table.ts';
import { feature } from '../../kit/feature.ts';

const filters = feature('fuse filter');

const serial = fc
  .tuple(fc.constantFrom('31040000', '00000000', 'ffffffff'), fc.bigInt(0n, 2n ** 48n - 1n))
  .map(([issuer, number]) => issuer + number.toString(16).padStart(12, '0'));

filters.test('any set of cards: the filter admits each of them, also when parsed back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(serial, { maxLength: 300 }), (serials) => {
      const table = tableOf(serials);
      const built = Filter.build(table);
      const parsed = Filter.parse(Buffer.from(built.bytes));
      assert.ok(parsed);
      for (let i = 0; i < table.count; i++) {
        assert.ok(built.mayHold(table.bytes, i * 11));
        assert.ok(parsed.mayHold(Buffer.from(table.bytes.subarray(i * 11, i * 11 + 10))));
      }
      assert.equal(Filter.build(table).bytes, built.bytes);
    }),
    { numRuns: 200 },
  );
});

filters.test('GIVEN 200,000 cards in series THEN under 0.6 % of other cards are admitted', () => {
  const count = 200_000;
  const bytes = Buffer.alloc(count * 11);
  for (let i = 0; i < count; i++) writeSerial(bytes, i * 11, 3 * i);
  const filter = Filter.build(new Table(bytes, 11));
  assert.ok(filter.bytes.length < 1.25 * count);
  const card = Buffer.alloc(10);
  let admitted = 0;
  for (let i = 0; i < count; i++) {
    assert.ok(filter.mayHold(bytes, i * 11));
    writeSerial(card, 0, 3 * i + 1);
    if (filter.mayHold(card)) admitted += 1;
  }
  assert.ok(admitted / count < 0.006, `${admitted} of ${count}`);
  assert.ok(admitted > 0);
});

filters.test(
  'GIVEN the documented arithmetic in whole numbers THEN every answer is the same',
  () => {
    const several = fc.uniqueArray(serial, { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(several, fc.array(serial), (serials, others) => {
        const filter = Filter.build(tableOf(serials));
        for (const each of [...serials, ...others]) {
          assert.is(filter.mayHold(Buffer.from(each, 'hex')), admits(filter.bytes, each), each);
        }
      }),
    );
  },
);

filters.test('GIVEN sets for which the first seed fails THEN another serves', () => {
  const seeds = new Set<number>();
  for (let set = 0; set < 400; set++) {
    const serials = Array.from({ length: 12 }, (_, i) => String(set * 100 + i).padStart(20, '0'));
    const filter = Filter.build(tableOf(serials));
    seeds.add(filter.bytes.readUInt32BE(0));
    for (const each of serials) assert.ok(filter.mayHold(Buffer.from(each, 'hex')));
  }
  assert.ok(seeds.size > 1);
});

filters.test('GIVEN no card THEN there is still a filter', () => {
  const empty = Filter.build(new Table(Buffer.alloc(0), 11));
  assert.ok(Filter.parse(empty.bytes));
});

filters.test('any bytes: a filter whose look-ups stay inside, or none', () => {
  const head = fc.record({
    length: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 16, 2 ** 18, 2 ** 19), fc.nat()),
    span: fc.oneof(fc.constantFrom(0, 4, 8, 16, 48, 2 ** 31, 2 ** 32 - 1), fc.nat(200)),
    rest: fc.uint8Array({ maxLength: 120 }),
    fit: fc.boolean(),
  });
  fc.assert(
    fc.property(head, fc.uint8Array({ minLength: 10, maxLength: 10 }), (given, list) => {
      const due = given.span + 2 * given.length;
      const size = given.fit && due < 10_000 ? due : given.rest.length;
      const bytes = Buffer.alloc(12 + size, Buffer.from([...given.rest, 7]));
      bytes.writeUInt32BE(given.length, 4);
      bytes.writeUInt32BE(given.span, 8);
      const filter = Filter.parse(bytes);
      const sound =
        [4, 8, 16].includes(given.length) && given.span > 0 && given.span % given.length === 0;
      assert.is(filter !== null, sound && size === due);
      if (filter) assert.type(filter.mayHold(Buffer.from(list)), 'boolean');
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (list) => {
      Filter.parse(Buffer.from(list))?.mayHold(Buffer.alloc(10));
    }),
  );
});

filters.test('GIVEN every place a card can take THEN all lie inside: the outermost too', () => {
  // All fingerprints zero: whoever reads outside gets undefined, which is no fingerprint.
  const bytes = Buffer.alloc(12 + 4 + 8, 0);
  bytes.writeUInt32BE(4, 4);
  bytes.writeUInt32BE(4, 8);
  const filter = Filter.parse(bytes);
  const watched = new Set<number>();
  for (let i = 0; i < 4_000; i++) {
    const card = Buffer.alloc(10);
    card.writeUInt32BE(i, 6);
    // A single set fingerprint shows which cards touch that place.
    for (let place = 12; place < bytes.length; place++) {
      const before = filter?.mayHold(card);
      bytes[place] = 1;
      if (filter?.mayHold(card) !== before) watched.add(place);
      bytes[place] = 0;
    }
  }
  assert.is(watched.size, 12);
});

filters.test('GIVEN a card of fewer than 10 bytes THEN it throws: no answer would be safe', () => {
  const filter = Filter.build(tableOf(['31040000000000000001']));
  assert.throws(() => filter.mayHold(Buffer.alloc(9)), /10 bytes/);
  assert.throws(() => filter.mayHold(Buffer.alloc(19), 10), /10 bytes/);
});

filters.run();

/** The head comment of filter.ts, once more, with integers of any size. */
function admits(bytes: Buffer, card: string): boolean {
  const number = (at: number) => BigInt(bytes.readUInt32BE(at));
  const [seed, length, span] = [number(0), number(4), number(8)];
  const words = [card.slice(0, 8), card.slice(8, 16), card.slice(16)].map((hex) =>
    BigInt(`0x${hex}`),
  );
  const high = murmur(seed, words);
  const low = murmur(seed ^ 0x7feb352dn, words.toReversed());
  const h = (high << 32n) | low;
  const place = (high * span) >> 32n;
  const second = (place + length) ^ ((h >> 18n) & (length - 1n));
  const third = (place + 2n * length) ^ (h & (length - 1n));
  const prints = [place, second, third].map((at) => bytes.readUInt8(12 + Number(at)));
  return prints.reduce((a, b) => a ^ b) === Number((high ^ low) & 0xffn);
}

function murmur(seed: bigint, words: readonly bigint[]): bigint {
  const cut = (value: bigint) => BigInt.asUintN(32, value);
  const turn = (value: bigint, by: bigint) => cut(value << by) | (value >> (32n - by));
  let h = seed;
  for (const word of words) {
    h ^= cut(turn(cut(word * 0xcc9e2d51n), 15n) * 0x1b873593n);
    h = cut(turn(h, 13n) * 5n + 0xe6546b64n);
  }
  h = cut((h ^ (h >> 16n)) * 0x85ebca6bn);
  h = cut((h ^ (h >> 13n)) * 0xc2b2ae35n);
  return h ^ (h >> 16n);
}

function tableOf(serials: readonly string[]): Table {
  return new Table(
    Buffer.from(
      serials
        .toSorted()
        .map((each) => `${each}01`)
        .join(''),
      'hex',
    ),
    11,
  );
}

/** Cards as an issuer numbers them: BCD digits, one after the other. */
function writeSerial(bytes: Buffer, at: number, number: number): void {
  bytes.write(`3104${String(number).padStart(16, '0')}`, at, 'hex');
}
