/** `tapway decode` on bytes copied out of traces, standards and thin air. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { decode } from '../../controller/commands/decode.ts';
import type { Io } from '../../controller/commands/io.ts';
import { describeFrames } from '../../firmware-bridge/pn532/describe.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { feature } from '../kit/feature.ts';
import { MemoryDisk } from '../kit/memory-disk.ts';

const decoding = feature('decode');

function decoded(text: string) {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    write: async () => {},
    env: {},
    disk: new MemoryDisk(),
    clock: createFakeClock(),
  };
  return { code: decode(io, text, describeFrames), out: out.join('\n'), err: err.join('\n') };
}

const TRIP = [
  '03 0000 332099000001 01 00010001 000000 000000C8 00001388',
  '20260701083000 3320 0000000000003320 00000258 0078',
].join(' ');

/** What it is, the bytes, and lines that must be among the answer. */
const KNOWN: readonly [string, string, readonly RegExp[]][] = [
  ['PN532 ACK (UM0701-02 §6.2.1.3)', '0000FF00FF00', [/PN532 ACK frame/]],
  ['PN532 NACK', '0000FFFF0000', [/PN532 NACK frame/]],
  ['PN532 error frame', '0000FF01FF7F8100', [/PN532 error frame/]],
  ['GetFirmwareVersion', '0000FF02FED4022A00', [/PN532 command GetFirmwareVersion/]],
  [
    'its answer, after an ACK',
    '00 00 FF 00 FF 00 00 00 FF 06 FA D5 03 32 01 06 07 E8 00',
    [/ACK/, /answer to GetFirmwareVersion: 32010607/],
  ],
  ['a frame with a wrong checksum', '0000FF02FED4022B00', [/wrong checksum/]],
  [
    'SELECT of the purse',
    '00A4040008A000000632010105',
    [/Command SELECT: P1 04, P2 00/, /data \(8\) A000000632010105/],
  ],
  ['READ BINARY', '0x00:0xB0:0x95:0x00:0x1E', [/READ BINARY: P1 95, P2 00, Le 30/]],
  ['GET BALANCE', '805C000204', [/GET BALANCE/]],
  ['a status word', '9302', [/status 9302/]],
  ['an answer with data', '000013889000', [/status 9000/, /data \(4\) 00001388/]],
  [
    'an FCI',
    '6F0A8408A000000632010105',
    [/BER-TLV/, /^ {2}6F \(10\)$/m, /^ {4}84 \(8\) A000000632010105$/m],
  ],
  [
    'a log record',
    '0007 000000 000000C8 09 332099000001 20260701083000',
    [/EF18/, /amount_fen +200/],
  ],
  [
    'EF15',
    '01133320FFFFFFFF 02 01 03104399900000000001 20230101 20331231 00 00',
    [/EF15/, /serial +03104399900000000001/, /expiry +20331231/],
  ],
];

for (const [what, hex, expected] of KNOWN)
  decoding.test(`GIVEN ${what} THEN it is explained`, () => {
    const { code, out, err } = decoded(hex);
    assert.equal([code, err], [0, '']);
    for (const line of expected) assert.match(out, line);
  });

decoding.test('GIVEN a trip record THEN its fields are named', () => {
  const { code, out } = decoded(TRIP);
  assert.is(code, 0);
  assert.match(out, /Trip record EF1E/);
  for (const field of [/kind +03/, /terminal +332099000001/, /place +00010001/, /city +3320/]) {
    assert.match(out, field);
  }
});

decoding.test('GIVEN bytes that are nothing known THEN exit 1 says so', () => {
  const { code, out, err } = decoded('FF');
  assert.equal([code, out], [1, '']);
  assert.match(err, /^1 bytes? that (is|are) no PN532 frame/);
});

for (const text of ['', 'zz', '123', '0x', '90 0', '９０００'])
  decoding.test(`GIVEN "${text}" THEN exit 2 asks for hex`, () => {
    const { code, out, err } = decoded(text);
    assert.equal([code, out], [2, '']);
    assert.match(err, /hex digits, two each/);
  });

decoding.test('GIVEN any bytes THEN it answers 0 or 1 and prints no line break or control', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      const { code, out, err } = decoded(Buffer.from(bytes).toString('hex'));
      assert.ok(code === 0 ? out !== '' && err === '' : code === 1 && out === '' && err !== '');
      assert.not.match(out, /[^\n\x20-\x7E]/);
    }),
    { numRuns: 500 },
  );
});

decoding.test('GIVEN any text at all THEN it never throws', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => [0, 1, 2].includes(decoded(text).code)),
  );
});

decoding.run();
