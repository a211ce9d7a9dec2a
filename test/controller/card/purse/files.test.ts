/** The card's files, field by field (docs/protocol.md §1). */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { parseLogRecord } from '../../../../controller/card/purse/log-record.ts';
import { parseManagementInfo } from '../../../../controller/card/purse/management-info.ts';
import { cityOf, parsePublicInfo } from '../../../../controller/card/purse/public-info.ts';
import { buildTrip, parseTrip } from '../../../../controller/card/purse/trip-record.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes, upper } from '../../../sim/card/hand.ts';

const files = feature('purse files');
const PLAIN = { noNullPrototype: true };

files.test('GIVEN the EF15 of a T-Union card THEN its fields', () => {
  const info = parsePublicInfo(
    bytes('02313750FFFFFFFF 02 01 0310 4990600000000016 20190101 20391231 11 00'),
  );
  if (!info) throw new Error('not parsed');
  assert.is(upper(info.issuer), '02313750FFFFFFFF');
  assert.is(info.applicationType, 2);
  assert.is(info.version, 1);
  assert.is(upper(info.serial), '03104990600000000016');
  assert.is(info.start, '20190101');
  assert.is(info.expiry, '20391231');
  assert.is(info.cardType, '11');
  assert.is(cityOf(info), '3750');
  // 8070 of the same trace carries these two as its diversification factors.
  assert.is(upper(info.serial.subarray(2)), '4990600000000016');
});

files.test('GIVEN the EF17 of a real dump THEN local only, kind CA', () => {
  const dump = bytes(`00000156 3600 3750 0000 CA ${'00'.repeat(49)}`);
  assert.equal(parseManagementInfo(dump), { interoperable: false, cardKind: 'CA' });
});

files.test('EF17: only 0001 makes a card interoperable', () => {
  for (const [flag, interoperable] of [
    ['0000', false],
    ['0001', true],
    ['0100', false],
    ['0002', false],
    ['FFFF', false],
  ] as const) {
    const info = parseManagementInfo(bytes(`00000156 3300 3320 ${flag} 01`));
    assert.equal(info, { interoperable, cardKind: '01' });
  }
});

files.test('GIVEN a line of the purchase log THEN its fields', () => {
  assert.equal(parseLogRecord(bytes('005A 000000 00000001 09 413101210198 20190108 151751')), {
    counter: 90,
    overdraftLimit_fen: 0,
    amount_fen: 1,
    type: '09',
    terminal: '413101210198',
    at: '20190108151751',
  });
});

const LENGTHS: readonly (readonly [string, (data: Buffer) => unknown, (n: number) => boolean])[] = [
  ['EF15 of 30 bytes', parsePublicInfo, (length) => length === 30],
  ['EF17 of 11 bytes or more', parseManagementInfo, (length) => length >= 11],
  ['log record of 23 bytes', parseLogRecord, (length) => length === 23],
  ['trip record of 48 bytes', parseTrip, (length) => length === 48],
];

for (const [name, parse, fits] of LENGTHS) {
  files.test(`any bytes: null, or an ${name}; never a throw`, () => {
    for (let length = 0; length <= 64; length++)
      assert.is(parse(Buffer.alloc(length, 0xff)) !== null, fits(length), `${length} bytes`);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (raw) => {
        assert.is(parse(Buffer.from(raw)) !== null, fits(raw.length));
      }),
    );
  });
}

const TRIP = {
  kind: '03',
  terminal: bytes('413101210198'),
  industry: 0x01,
  place: '01010003',
  amount_fen: 200,
  balanceAfter_fen: 4_800,
  at: '20260701083000',
  city: '3320',
  acquirer: '0113332000000001',
  incompleteMax_fen: 900,
  tripMax_minutes: 240,
};
/** Written by hand along the offsets 0, 1, 9, 10, 14, 17, 21, 25, 32, 34, 42, 46. */
const TRIP_BYTES =
  '03 0000413101210198 01 01010003 000000 000000C8 000012C0 20260701083000 3320 ' +
  '0113332000000001 00000384 00F0';

files.test('GIVEN a trip WHEN built THEN the 48 bytes of the layout, and back', () => {
  assert.is(upper(buildTrip(TRIP)), upper(bytes(TRIP_BYTES)));
  assert.equal(parseTrip(bytes(TRIP_BYTES)), TRIP);
});

const digits = (count: number) =>
  fc.uint8Array({ minLength: count, maxLength: count }).map((raw) => upper(Buffer.from(raw)));
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const trips = fc.record(
  {
    kind: digits(1),
    terminal: digits(6).map(bytes),
    industry: fc.integer({ min: 0, max: 255 }),
    place: digits(4),
    amount_fen: u32,
    balanceAfter_fen: u32,
    at: digits(7),
    city: digits(2),
    acquirer: digits(8),
    incompleteMax_fen: u32,
    tripMax_minutes: fc.integer({ min: 0, max: 0xffff }),
  },
  PLAIN,
);

files.test('any trip comes back from its record', () => {
  fc.assert(
    fc.property(trips, (trip) => {
      const record = buildTrip(trip);
      assert.is(record.length, 48);
      assert.equal(parseTrip(record), trip);
    }),
  );
});

files.test('GIVEN a field of the wrong size THEN building throws', () => {
  for (const wrong of [
    { kind: '' },
    { kind: '0' },
    { terminal: bytes('4131012101') },
    { place: '0101000' },
    { at: '20260701' },
    { city: '332' },
    { acquirer: '0113' },
    { amount_fen: -1 },
    { balanceAfter_fen: -1 },
    { tripMax_minutes: 0x10000 },
  ])
    assert.throws(() => buildTrip({ ...TRIP, ...wrong }), RangeError, JSON.stringify(wrong));
});

files.run();
