/** Files made full of zeros: what a walk says when the last write reached the disk in part. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  encodeFrame,
  type Found,
  FRAME_MIN_BYTES,
  FrameWalker,
  frameHash,
  NO_PREVIOUS,
  startPosition,
} from '../../../controller/ledger/frame.ts';
import { feature } from '../../kit/feature.ts';

const torn = feature('ledger torn writes');
const SECTOR_BYTES = 512;
const FILE_BYTES = 64 * 1024;

const anyRecord = fc.record({
  type: fc.constantFrom('intent', 'outcome'),
  ref: fc.nat(),
  reason: fc.string({ unit: 'binary', maxLength: 200 }),
});
/** Writes of a few records each. */
const anyWrites = fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 6,
});

/** The bytes of each write. */
function encodeWrites(writes: readonly (readonly object[])[]): Buffer[] {
  let seq = 0;
  let prev = NO_PREVIOUS;
  return writes.map((records) => {
    const first = seq + 1;
    const frames = records.map((record) => {
      seq += 1;
      const frame = encodeFrame({ seq, prev, batch: first }, record);
      prev = frameHash(frame);
      return frame;
    });
    return Buffer.concat(frames);
  });
}

function fileOf(...parts: readonly Buffer[]): Buffer {
  const file = Buffer.alloc(FILE_BYTES);
  Buffer.concat(parts).copy(file);
  return file;
}

function walk(bytes: Buffer, chunk = 4_096): Found[] {
  const walker = new FrameWalker(startPosition());
  const found: Found[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    found.push(...walker.push(bytes.subarray(at, at + chunk)));
  }
  return [...found, ...walker.end()];
}

const seqs = (found: readonly Found[]) =>
  found.flatMap((item) => (item.kind === 'record' ? [item.seq] : []));
const others = (found: readonly Found[]) => found.filter(({ kind }) => kind !== 'record');
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

torn.test('WHEN any sectors of the last write are missing THEN all before it is in order', () => {
  fc.assert(
    fc.property(
      anyWrites,
      fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
      (writes, kept) => {
        const parts = encodeWrites(writes);
        const before = fileOf(...parts.slice(0, -1));
        const file = fileOf(...parts);
        const from = Buffer.concat(parts.slice(0, -1)).length;
        const first = Math.floor(from / SECTOR_BYTES);
        let lost = false;
        for (let sector = first; sector * SECTOR_BYTES < FILE_BYTES; sector += 1) {
          if (kept[(sector - first) % kept.length]) continue;
          const at = sector * SECTOR_BYTES;
          lost ||= !file
            .subarray(at, at + SECTOR_BYTES)
            .equals(before.subarray(at, at + SECTOR_BYTES));
          before.copy(file, at, at, at + SECTOR_BYTES);
        }
        const found = walk(file);
        const confirmed = writes.slice(0, -1).flat().length;
        const all = writes.flat().length;
        const read = seqs(found);
        assert.equal(read, upTo(read.length), 'a prefix');
        assert.ok(read.length >= confirmed, 'nothing confirmed is lost');
        if (!lost) assert.is(read.length, all);
        const rest = others(found);
        assert.ok(rest.length <= 1 && rest.every(({ kind }) => kind === 'torn'), 'no damage');
        const [piece] = rest;
        if (piece?.kind !== 'torn') return;
        file.fill(0, piece.offset, piece.offset + piece.length);
        assert.equal(seqs(walk(file)), read);
        assert.equal(others(walk(file)), [], 'zeros in its place make it whole again');
      },
    ),
    { numRuns: 400 },
  );
});

/** A file whose last write lacks some sectors, and what the walk finds torn. */
function tornFile(writes: readonly (readonly object[])[], kept: readonly boolean[]) {
  const parts = encodeWrites(writes);
  const from = Buffer.concat(parts.slice(0, -1)).length;
  const file = fileOf(...parts);
  for (let at = from - (from % SECTOR_BYTES), n = 0; at < FILE_BYTES; at += SECTOR_BYTES, n += 1) {
    if (!kept[n % kept.length]) file.fill(0, Math.max(at, from), at + SECTOR_BYTES);
  }
  return { file, piece: others(walk(file)).find(({ kind }) => kind === 'torn') };
}

torn.test('WHEN wiping a torn end stops anywhere THEN it is a torn end again', () => {
  let wiped = 0;
  fc.assert(
    fc.property(
      anyWrites,
      fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
      fc.nat(),
      fc.array(fc.boolean(), { minLength: FRAME_MIN_BYTES, maxLength: FRAME_MIN_BYTES }),
      (writes, kept, stop, lost) => {
        const { file, piece } = tornFile(writes, kept);
        if (piece?.kind !== 'torn') return;
        wiped += 1;
        const read = seqs(walk(file));
        const head = piece.offset + FRAME_MIN_BYTES - 1;
        const end = Math.max(head, piece.offset + piece.length);
        const isTorn = (found: readonly Found[]) => {
          assert.equal(seqs(found), read);
          assert.ok(others(found).every(({ kind }) => kind === 'torn'));
        };
        const stopped = Buffer.from(file).fill(0, head, head + (stop % (end - head + 1)));
        isTorn(walk(stopped));
        // Of what was written before a power cut, any sectors reach the disk.
        for (let at = head, n = 0; at < end; n += 1) {
          const next = Math.min(end, at - (at % SECTOR_BYTES) + SECTOR_BYTES);
          if (lost[n % lost.length]) file.fill(0, at, next);
          at = next;
        }
        isTorn(walk(file));
        file.fill(0, head, end);
        isTorn(walk(file));
        for (const [index, gone] of lost.entries()) if (gone) file[piece.offset + index] = 0;
        isTorn(walk(file));
      },
    ),
    { numRuns: 600 },
  );
  assert.ok(wiped > 100, `${wiped} torn ends`);
});

torn.test('WHEN the file is cut anywhere THEN a prefix is read and the chain holds', () => {
  fc.assert(
    fc.property(anyWrites, fc.nat(), (writes, cut) => {
      const whole = Buffer.concat(encodeWrites(writes));
      const found = walk(whole.subarray(0, cut % whole.length), 100);
      const read = seqs(found);
      assert.equal(read, upTo(read.length));
      assert.ok(others(found).every(({ kind }) => kind === 'torn'));
    }),
  );
});

torn.test('WHEN any byte of a record changes THEN one record is lost and it is said where', () => {
  fc.assert(
    fc.property(anyWrites, fc.nat(), fc.integer({ min: 1, max: 255 }), (writes, place, flip) => {
      const parts = encodeWrites(writes);
      const used = Buffer.concat(parts).length;
      const file = fileOf(...parts);
      const at = place % used;
      file.writeUInt8(file.readUInt8(at) ^ flip, at);
      const found = walk(file);
      const all = writes.flat().length;
      assert.is(seqs(found).length, all - 1);
      const named = others(found).filter(({ kind }) => kind === 'damage' || kind === 'torn');
      assert.is(named.length, 1);
      const [hole] = named;
      if (hole?.kind !== 'damage' && hole?.kind !== 'torn') return;
      assert.ok(hole.offset <= at && at < hole.offset + Math.max(1, hole.length));
      // Only where the last byte of all becomes a zero does damage look like an unfinished write.
      if (hole.kind === 'torn') assert.ok(file.readUInt8(used - 1) === 0, `torn at ${at}`);
    }),
    { numRuns: 600 },
  );
});

torn.test('WHEN a byte in the room changes THEN no record suffers', () => {
  fc.assert(
    fc.property(anyWrites, fc.nat(), fc.integer({ min: 1, max: 255 }), (writes, place, flip) => {
      const parts = encodeWrites(writes);
      const used = Buffer.concat(parts).length;
      const file = fileOf(...parts);
      file.writeUInt8(flip, used + (place % (FILE_BYTES - used)));
      const found = walk(file);
      assert.equal(seqs(found), upTo(writes.flat().length));
      assert.is(others(found).length, 1);
    }),
  );
});

/** Three writes of one, three and one record; the sectors of the middle one are its own. */
const big = { type: 'outcome', reason: 'x'.repeat(1_500) };
const [one, three, last] = encodeWrites([[big], [big, big, big], [big]]).map((part) => part);
const zeroed = (part: Buffer | undefined, from: number, to: number) => {
  const copy = Buffer.from(part ?? Buffer.alloc(0));
  copy.fill(0, from, to);
  return copy;
};
const start = one?.length ?? 0;
const sector = Math.ceil(start / SECTOR_BYTES) * SECTOR_BYTES - start;
const hole = [sector, sector + SECTOR_BYTES] as const;

const cases: readonly { name: string; parts: readonly (Buffer | undefined)[]; kinds: string }[] = [
  {
    name: 'a hole in the first record of the last write, two sound records behind it',
    parts: [one, zeroed(three, ...hole)],
    kinds: 'record torn',
  },
  {
    name: 'the same hole with a later write behind it: what was lost had been confirmed',
    parts: [one, zeroed(three, ...hole), last],
    kinds: 'record damage gap chain record record record',
  },
  {
    name: 'zeros that are no whole sector: no disk leaves such a hole',
    parts: [one, zeroed(three, sector + 10, sector + 100)],
    kinds: 'record damage gap chain record record',
  },
  {
    name: 'a last write of which the end alone was written',
    parts: [one, zeroed(three, 0, (three?.length ?? 0) - 300)],
    kinds: 'record torn',
  },
];

for (const { name, parts, kinds } of cases) {
  torn.test(`GIVEN ${name} THEN: ${kinds}`, () => {
    const file = fileOf(...parts.filter((part) => part !== undefined));
    for (const chunk of [7, 512, 4_096, FILE_BYTES]) {
      const found = walk(file, chunk);
      assert.is(found.map(({ kind }) => kind).join(' '), kinds, `chunks of ${chunk}`);
    }
  });
}

torn.run();
