import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createFrameScanner, encodeFrame, type HostFrame } from '../../../sim/chip/frame.ts';
import { feature } from '../../kit/feature.ts';

const frames = feature('virtual PN532: frames');

const data = fc.uint8Array({ minLength: 1, maxLength: 265 }).map((bytes) => Buffer.from(bytes));

function scan(chunks: readonly Buffer[]) {
  const found: HostFrame[] = [];
  let dropped = 0;
  const scanner = createFrameScanner(
    (frame) => found.push(frame),
    () => {
      dropped += 1;
    },
  );
  for (const chunk of chunks) for (const byte of chunk) scanner.push(byte);
  const payloads = found.map((frame) =>
    frame.kind === 'information' ? frame.data.toString('hex') : frame.kind,
  );
  return { payloads, dropped };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length];
  at.sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

frames.test('published frames: GetFirmwareVersion and its answer', () => {
  const host = Buffer.from('0000ff02fed4022a00', 'hex');
  assert.equal(scan([host]).payloads, ['d402']);
  const chip = encodeFrame(Buffer.from('d50332010607', 'hex'));
  assert.is(chip.toString('hex'), '0000ff06fad50332010607e800');
});

frames.test('WHEN the frame is bare THEN it has no preamble and no postamble', () => {
  assert.is(encodeFrame(Buffer.from('d515', 'hex'), true).toString('hex'), '00ff02fed51516');
});

frames.test('GIVEN 255 and 256 bytes THEN the second takes the extended form', () => {
  assert.is(encodeFrame(Buffer.alloc(255)).subarray(0, 5).toString('hex'), '0000ffff01');
  assert.is(encodeFrame(Buffer.alloc(256)).subarray(0, 8).toString('hex'), '0000ffffff0100ff');
});

frames.test('every frame survives, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(data, { maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 9 }),
      (all, at) => {
        const stream = Buffer.concat(all.map((one) => encodeFrame(one)));
        const { payloads, dropped } = scan(cut(stream, at));
        assert.equal(
          payloads,
          all.map((one) => one.toString('hex')),
        );
        assert.is(dropped, 0);
      },
    ),
  );
});

frames.test('ACK and NACK are told apart from data between them', () => {
  const stream = Buffer.from('0000ff00ff000000ffff000000ff02fed4022a000000ff00ff00', 'hex');
  assert.equal(scan([stream]).payloads, ['ack', 'nack', 'd402', 'ack']);
});

frames.test('GIVEN noise without a start code THEN the next frame is still found', () => {
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.map((b) => b % 255));
  fc.assert(
    fc.property(noise, data, (before, payload) => {
      const { payloads } = scan([Buffer.from(before), encodeFrame(payload)]);
      assert.equal(payloads, [payload.toString('hex')]);
    }),
  );
});

frames.test('GIVEN one flipped bit THEN the frame is never delivered changed', () => {
  fc.assert(
    fc.property(data, fc.nat(), (payload, place) => {
      const stream = encodeFrame(payload);
      const bit = place % (stream.length * 8);
      stream.writeUInt8(stream.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const possible = ['ack', 'nack', payload.toString('hex')];
      assert.ok(scan([stream]).payloads.every((found) => possible.includes(found)));
    }),
  );
});

frames.test(
  'GIVEN a broken checksum THEN the frame behind it is found, the loss is counted',
  () => {
    const bad = Buffer.from('0000ff02fed4022b00', 'hex');
    const good = Buffer.from('0000ff02fed4022a00', 'hex');
    assert.equal(scan([bad, good]), { payloads: ['d402'], dropped: 1 });
  },
);

frames.test('GIVEN a frame cut short THEN the frame that follows it is found inside', () => {
  const short = Buffer.from('0000ff09f7d4402a', 'hex');
  const good = Buffer.from('0000ff02fed4022a00', 'hex');
  assert.equal(scan([short, good]).payloads, ['d402']);
});

frames.test('GIVEN a length over 265 THEN the header is dropped at once', () => {
  const header = Buffer.from('0000ffffff010af5', 'hex');
  assert.equal(scan([header]), { payloads: [], dropped: 1 });
});

frames.run();
