import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  crc32c,
  encodeFrame,
  type Found,
  FrameWalker,
  frameHash,
  lastNonZero,
  NO_PREVIOUS,
  type Position,
  startPosition,
} from '../../../controller/ledger/frame.ts';
import { feature } from '../../kit/feature.ts';

const frames = feature('ledger frame');

const anyRecord = fc.record({
  type: fc.constantFrom('intent', 'outcome', 'passage'),
  ref: fc.nat(),
  reason: fc.string({ unit: 'binary', maxLength: 60 }),
  opens: fc.boolean(),
  entry: fc.option(fc.string({ maxLength: 20 })),
});
type AnyRecord = Readonly<Record<string, unknown>>;

function chain(records: readonly AnyRecord[]): Buffer[] {
  let prev = NO_PREVIOUS;
  return records.map((record, index) => {
    const frame = encodeFrame({ seq: index + 1, prev }, record);
    prev = frameHash(frame);
    return frame;
  });
}

function walk(bytes: Buffer, options: { chunk?: number; position?: Position } = {}): Found[] {
  const walker = new FrameWalker(options.position ?? startPosition());
  const found: Found[] = [];
  const size = options.chunk ?? bytes.length;
  for (let at = 0; at < bytes.length; at += size) {
    found.push(...walker.push(bytes.subarray(at, at + size)));
  }
  return [...found, ...walker.end()];
}

const recordsIn = (found: readonly Found[]) =>
  found.flatMap((item) => (item.kind === 'record' ? [{ seq: item.seq, ...item.fields }] : []));
const numbered = (records: readonly AnyRecord[]) =>
  records.map((record, index) => ({ seq: index + 1, ...record }));
const kinds = (found: readonly Found[]) => found.map(({ kind }) => kind);
const FIVE = [1, 2, 3, 4, 5].map((ref) => ({ type: 'passage', ref, note: 'a few more bytes' }));

frames.test('CRC-32C gives its published check value', () => {
  assert.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.is(crc32c(Buffer.alloc(32)), 0x8a9136aa); // RFC 3720 B.4
  assert.is(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43); // RFC 3720 B.4
  assert.is(crc32c(Buffer.from('56789'), crc32c(Buffer.from('1234'))), 0xe3069283);
});

frames.test('a frame is length, sum and JSON with seq, prev and the keys in order', () => {
  const frame = encodeFrame({ seq: 1, prev: NO_PREVIOUS }, { type: 'passage', ref: 9, a: null });
  assert.is(frame.readUInt32LE(0), frame.length - 8);
  assert.is(
    frame.toString('utf8', 8),
    `{"seq":1,"prev":"${'0'.repeat(32)}","a":null,"ref":9,"type":"passage"}`,
  );
});

frames.test('a record of more than 65,535 bytes is refused', () => {
  assert.throws(
    () => encodeFrame({ seq: 1, prev: NO_PREVIOUS }, { reason: 'x'.repeat(70_000) }),
    RangeError,
  );
});

frames.test('any chain of records comes back, however it is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(anyRecord), fc.integer({ min: 1, max: 300 }), (records, chunk) => {
      const found = walk(Buffer.concat(chain(records)), { chunk });
      assert.equal(recordsIn(found), numbered(records));
      assert.is(found.length, records.length);
    }),
  );
});

frames.test('WHEN the end is cut off THEN a prefix is read and the rest is torn', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1 }), fc.nat(), (records, cut) => {
      const list = chain(records);
      const bytes = Buffer.concat(list);
      const size = cut % bytes.length;
      const found = walk(bytes.subarray(0, size), { chunk: 100 });
      const read = recordsIn(found);
      assert.equal(read, numbered(records).slice(0, read.length));
      const whole = Buffer.concat(list.slice(0, read.length)).length;
      assert.ok(size - whole < (list[read.length]?.length ?? 1), 'every whole frame is read');
      const rest = found.filter(({ kind }) => kind !== 'record');
      // Zeros at the very end cannot be told from room.
      const length = lastNonZero(bytes.subarray(whole, size)) + 1;
      assert.equal(rest, length === 0 ? [] : [{ kind: 'torn', offset: whole, length }]);
    }),
  );
});

frames.test('WHEN any byte changes THEN it is noticed and no wrong record is read', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { minLength: 1 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (records, place, flip) => {
        const bytes = Buffer.concat(chain(records));
        const at = place % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
        const found = walk(bytes, { chunk: 64 });
        assert.ok(found.some(({ kind }) => kind === 'damage' || kind === 'torn'));
        const right = new Map(numbered(records).map((record) => [record.seq, record]));
        for (const record of recordsIn(found)) assert.equal(record, right.get(record.seq));
        assert.is(recordsIn(found).length, records.length - 1, 'one record is lost, no more');
      },
    ),
    { numRuns: 500 },
  );
});

frames.test('random bytes never throw and give no record', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.integer({ min: 1, max: 99 }),
      (raw, chunk) => {
        const mark = Buffer.from('{"seq":1,"prev":"');
        const found = walk(Buffer.concat([Buffer.from(raw), mark, Buffer.from(raw)]), { chunk });
        assert.equal(recordsIn(found), []);
        assert.is(found.length, 1);
      },
    ),
  );
});

const list = chain(FIVE);
const at = (index: number) => Buffer.concat(list.slice(0, index)).length;
const flipped = (offset: number) => {
  const bytes = Buffer.concat(list);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  return bytes;
};
const longer = (index: number, length: number) => {
  const bytes = Buffer.concat(list);
  bytes.writeUInt32LE(length, at(index));
  return bytes;
};
const broken = Buffer.concat([...list.slice(0, 2), ...list.slice(3)]);
const stray = encodeFrame({ seq: 90, prev: NO_PREVIOUS }, { type: 'passage', ref: 1 });

const cases: readonly { name: string; bytes: Buffer; kinds: string; seqs: readonly number[] }[] = [
  { name: 'nothing', bytes: Buffer.alloc(0), kinds: '', seqs: [] },
  {
    name: 'zeros behind the last record',
    bytes: Buffer.concat([...list, Buffer.alloc(500_000)]),
    kinds: 'record record record record record',
    seqs: [1, 2, 3, 4, 5],
  },
  {
    name: 'three zeros behind the last record',
    bytes: Buffer.concat([...list, Buffer.alloc(3)]),
    kinds: 'record record record record record',
    seqs: [1, 2, 3, 4, 5],
  },
  {
    name: 'a last record whose second block was never written',
    bytes: Buffer.concat([
      ...list.slice(0, 4),
      (list[4] ?? stray).subarray(0, 40),
      Buffer.alloc(90),
    ]),
    kinds: 'record record record record torn',
    seqs: [1, 2, 3, 4],
  },
  {
    name: 'a flipped bit in the middle',
    bytes: flipped(at(2) + 30),
    kinds: 'record record damage gap chain record record',
    seqs: [1, 2, 4, 5],
  },
  {
    name: 'a flipped bit in the last record: damage, for it may have been confirmed',
    bytes: flipped(at(4) + 30),
    kinds: 'record record record record damage',
    seqs: [1, 2, 3, 4],
  },
  {
    name: 'a length that reaches beyond the file, with good records behind it',
    bytes: longer(2, 60_000),
    kinds: 'record record damage gap chain record record',
    seqs: [1, 2, 4, 5],
  },
  {
    name: 'a length that reaches beyond the file, on the last record: not torn',
    bytes: longer(4, 60_000),
    kinds: 'record record record record damage',
    seqs: [1, 2, 3, 4],
  },
  {
    name: 'a record taken out',
    bytes: broken,
    kinds: 'record record gap chain record record',
    seqs: [1, 2, 4, 5],
  },
  {
    name: 'a record repeated',
    bytes: Buffer.concat([...list.slice(0, 3), list[1] ?? stray, ...list.slice(3)]),
    kinds: 'record record record misplaced record record',
    seqs: [1, 2, 3, 4, 5],
  },
  {
    name: 'a sound frame of a far number amid damage is not believed',
    bytes: Buffer.concat([list[0] ?? stray, Buffer.from('###########'), stray]),
    kinds: 'record damage',
    seqs: [1],
  },
  {
    name: 'damage, then an unfinished write',
    bytes: flipped(at(2) + 30).subarray(0, at(5) - 10),
    kinds: 'record record damage gap chain record torn',
    seqs: [1, 2, 4],
  },
];

for (const { name, bytes, kinds: expected, seqs } of cases) {
  frames.test(`GIVEN ${name} THEN the walk says: ${expected || 'nothing'}`, () => {
    const chunks = bytes.length > 10_000 ? [bytes.length, 64_000] : [bytes.length || 1, 1, 7, 64];
    for (const chunk of chunks) {
      const found = walk(bytes, { chunk });
      assert.is(kinds(found).join(' '), expected, `in chunks of ${chunk}`);
      assert.equal(
        recordsIn(found).map(({ seq }) => seq),
        seqs,
      );
    }
  });
}

frames.test('GIVEN damage THEN its place and length are exact', () => {
  const found = walk(flipped(at(2) + 30)).find(({ kind }) => kind === 'damage');
  assert.equal(found, { kind: 'damage', offset: at(2), length: at(3) - at(2) });
});

frames.test('the walk holds no more than one frame and one chunk', () => {
  const walker = new FrameWalker(startPosition());
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2_000; i += 1) walker.push(Buffer.alloc(64 * 1024, 0x41));
  assert.ok(process.memoryUsage().arrayBuffers - before < 120 * 1024 * 1024);
  assert.equal(walker.end(), [{ kind: 'damage', offset: 0, length: 2_000 * 64 * 1024 }]);
});

frames.run();
