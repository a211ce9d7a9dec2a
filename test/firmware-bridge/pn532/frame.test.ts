import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  ACK_FRAME,
  createFrameDecoder,
  encodeFrame,
  type FrameEvent,
  NACK_FRAME,
} from '../../../firmware-bridge/pn532/frame.ts';
import { feature } from '../../kit/feature.ts';

const frames = feature('PN532 frame codec');
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const payload = fc.uint8Array({ minLength: 1, maxLength: 264 }).map((array) => Buffer.from(array));
const tfi = fc.constantFrom(0xd4, 0xd5);
/** Bytes that look much like the start of a frame. */
const noise = fc
  .array(fc.oneof(fc.constantFrom(0x00, 0xff), fc.nat(255)), { maxLength: 60 })
  .map((array) => Buffer.from(array))
  .filter((garbage) => !claimsFrame(garbage));
/** No start code in it: whatever a false start still waits for, it gets. */
const QUIET = Buffer.alloc(300, 0x55);

/** Does a header with a right length checksum stand in it? What follows would be its body. */
function claimsFrame(garbage: Buffer): boolean {
  for (let at = 0; at + 3 < garbage.length; at += 1) {
    if (garbage.readUInt16BE(at) !== 0x00ff) continue;
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = garbage.subarray(at + 2);
    if (((a + b) & 0xff) === 0 || (a === 0xff && b === 0xff && ((c + d + e) & 0xff) === 0)) {
      return true;
    }
  }
  return false;
}

function decode(stream: Buffer, cuts: readonly number[] = []): FrameEvent[] {
  const decoder = createFrameDecoder();
  const edges = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length];
  edges.sort((a, b) => a - b);
  return edges.slice(1).flatMap((edge, i) => decoder.push(stream.subarray(edges[i], edge)));
}

for (const [name, data, wire] of [
  ['GetFirmwareVersion', 'd402', '0000ff02fed4022a00'],
  ['its answer', 'd50332010607', '0000ff06fad50332010607e800'],
  ['SAMConfiguration', 'd41401', '0000ff03fdd414011700'],
  ['libnfc’s Diagnose', 'd400006c69626e6663', '0000ff09f7d400006c69626e6663be00'],
  ['SetSerialBaudRate’s answer', 'd511', '0000ff02fed5111a00'],
] as const) {
  frames.test(`GIVEN ${name} as published WHEN coded both ways THEN it agrees`, () => {
    const [head, body] = [bytes(data).readUInt8(0), bytes(data).subarray(1)];
    assert.is(encodeFrame(head, body).toString('hex'), wire);
    assert.equal(decode(bytes(wire)), [{ kind: 'data', tfi: head, data: body }]);
  });
}

frames.test('GIVEN the short frames WHEN decoded THEN each is known', () => {
  const stream = Buffer.concat([ACK_FRAME, NACK_FRAME, bytes('0000ff01ff7f8100')]);
  assert.equal(
    decode(stream).map((event) => event.kind),
    ['ack', 'nack', 'error'],
  );
});

frames.test('any payload comes back, wherever the stream is cut', () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 12 });
  fc.assert(
    fc.property(tfi, payload, cuts, (head, data, at) => {
      assert.equal(decode(encodeFrame(head, data), at), [{ kind: 'data', tfi: head, data }]);
    }),
  );
});

frames.test('a frame is known with its last checksum byte, without waiting for more', () => {
  const frame = encodeFrame(0xd5, Buffer.alloc(263, 7));
  assert.is(decode(frame.subarray(0, -2)).length, 0);
  assert.is(decode(frame.subarray(0, -1)).length, 1);
});

frames.test('any noise before, between and after never hides the good frames', () => {
  const parts = fc.array(fc.tuple(noise, tfi, payload), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(parts, fc.array(fc.nat(2000), { maxLength: 8 }), (list, cuts) => {
      const stream = Buffer.concat([
        ...list.flatMap(([garbage, head, data]) => [garbage, encodeFrame(head, data)]),
        QUIET,
      ]);
      const found = decode(stream, cuts).filter((event) => event.kind === 'data');
      assert.equal(
        found,
        list.map(([, head, data]) => ({ kind: 'data', tfi: head, data })),
      );
    }),
  );
});

frames.test('a false start that claims any length swallows no good frame', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), payload, (claim, data) => {
      const low = claim & 0xff;
      const high = claim >> 8;
      const short = [0, 0xff, claim, -claim];
      const head = claim < 255 ? short : [0, 0xff, 0xff, 0xff, high, low, -(high + low)];
      // A body that begins with a wrong TFI can never be right.
      const stream = [Buffer.from([...head, 0x33]), encodeFrame(0xd5, data), ACK_FRAME, QUIET];
      const kinds = decode(Buffer.concat(stream)).filter((event) => event.kind !== 'damaged');
      assert.equal(kinds, [{ kind: 'data', tfi: 0xd5, data }, { kind: 'ack' }]);
    }),
  );
});

frames.test('one flipped bit in header, body or checksum is never a frame', () => {
  fc.assert(
    fc.property(payload, fc.nat(), fc.nat(7), (data, where, bit) => {
      const frame = encodeFrame(0xd5, data);
      const at = 1 + (where % (frame.length - 2));
      frame.writeUInt8(frame.readUInt8(at) ^ (1 << bit), at);
      const found = decode(Buffer.concat([frame, QUIET]));
      assert.not(found.some((event) => event.kind === 'data' && event.data.equals(data)));
    }),
  );
});

frames.test('any bytes: no throw, less than a frame held, every damage counted', () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.constant(bytes('00ff')),
    fc.constant(bytes('00ffffffffff02')),
    fc.constant(bytes('00ffffff0109f6d5')),
    fc.constant(Buffer.alloc(100, 0x11)),
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 20 }), (chunks) => {
      const decoder = createFrameDecoder();
      const events = chunks.flatMap((part) => decoder.push(Buffer.from(part)));
      const before = decoder.counters();
      const damaged = events.filter((event) => event.kind === 'damaged').length;
      const { bad_lcs = 0, bad_dcs = 0, bad_tfi = 0, oversize = 0 } = before;
      assert.is(bad_lcs + bad_dcs + bad_tfi + oversize, damaged);
      decoder.reset();
      const held = (decoder.counters().noise_bytes ?? 0) - (before.noise_bytes ?? 0);
      assert.ok(held <= 273, `${held} bytes held`);
    }),
  );
});

for (const [cause, wire] of [
  ['bad_lcs', '0000ff02ffd4022a00'],
  ['bad_dcs', '0000ff02fed4022b00'],
  ['bad_tfi', '0000ff02fe3302cb00'],
  ['oversize', '0000ffffff010af5'],
] as const) {
  frames.test(`GIVEN a frame with ${cause} WHEN decoded THEN the counter says so`, () => {
    const decoder = createFrameDecoder();
    decoder.push(bytes(wire));
    assert.is(decoder.counters()[cause], 1);
    assert.equal(decoder.push(ACK_FRAME), [{ kind: 'ack' }]);
  });
}

frames.test('a frame longer than the chip takes is refused by the encoder', () => {
  assert.throws(() => encodeFrame(0xd4, Buffer.alloc(265)), /266 > 265/);
});

frames.run();
