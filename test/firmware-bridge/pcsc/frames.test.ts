/** The pipe between lane and PC/SC process: whole frames out of any pieces. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  createDecoder,
  decodeRefusal,
  decodeStatus,
  encodeFrame,
  encodeRefusal,
  encodeStatus,
  type Frame,
  KIND,
} from '../../../firmware-bridge/pcsc/frames.ts';
import { feature } from '../../kit/feature.ts';

const frames = feature('pcsc frames');

const buffer = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const byte = fc.integer({ min: 0, max: 255 });
const frame = fc
  .tuple(byte, byte, buffer(300))
  .map(([kind, id, payload]): Frame => ({ kind, id, payload }));

frames.test('one frame, byte by byte', () => {
  const bytes = encodeFrame(KIND.transmit, 7, Buffer.from('00B095001E', 'hex'));
  assert.is(bytes.toString('hex'), '00000005020700b095001e');
});

frames.test('frames cut anywhere come out whole and in order', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), cuts, (sent, sizes) => {
      const bytes = Buffer.concat(
        sent.map(({ kind, id, payload }) => encodeFrame(kind, id, payload)),
      );
      const got: Frame[] = [];
      const decode = createDecoder((each) =>
        got.push({ ...each, payload: Buffer.from(each.payload) }),
      );
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        assert.ok(decode(bytes.subarray(at, at + size)));
        at += size;
      }
      assert.equal(got, sent);
      // PINs go one way and names the other.
      assert.ok(
        bytes.every((byte) => byte === 0),
        'what was taken is wiped',
      );
    }),
  );
});

frames.test('a length beyond reason is refused, and everything after it', () => {
  const got: Frame[] = [];
  const decode = createDecoder((each) => got.push(each));
  assert.not.ok(decode(Buffer.from('0002000181010000', 'hex')));
  assert.not.ok(decode(encodeFrame(KIND.done, 1)));
  assert.equal(got, []);
});

frames.test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(buffer(400), (bytes) => typeof createDecoder(() => {})(bytes) === 'boolean'),
  );
});

frames.test('status and refusal survive the way; too short ones are harmless', () => {
  const status = { flags: 0x122, count: 0xffff, atr: Buffer.from('3B80800101', 'hex') };
  assert.equal(decodeStatus(encodeStatus(status)), status);
  assert.is(decodeStatus(Buffer.alloc(3)), undefined);
  const refusal = { code: 0x80100069, text: 'Card was removed.' };
  assert.equal(decodeRefusal(encodeRefusal(refusal)), refusal);
  assert.equal(decodeRefusal(Buffer.alloc(2)), { code: 0, text: 'no reason given' });
});

frames.run();
