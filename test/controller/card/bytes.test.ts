import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { bcdStamp, hexOf, u16, u32, wallOfStamp } from '../../../controller/card/bytes.ts';
import { feature } from '../../kit/feature.ts';

const numbers = feature('bytes');
const BEIJING = 480;

numbers.test('GIVEN numbers THEN big-endian bytes; out of range it throws', () => {
  assert.is(hexOf(u16(0x0102)), '0102');
  assert.is(hexOf(u32(0xfffffffe)), 'FFFFFFFE');
  assert.throws(() => u16(0x10000), /out of range/);
  assert.throws(() => u32(-1), /out of range/);
});

const STAMPS: readonly (readonly [string, number, string])[] = [
  ['2019-01-08T07:17:51Z', BEIJING, '20190108151751'], // the published bus trace
  ['2026-12-31T16:00:00Z', BEIJING, '20270101000000'], // a year ends earlier in Beijing
  ['2024-02-28T16:00:00Z', BEIJING, '20240229000000'], // leap day
  ['2024-02-29T15:59:59.999Z', BEIJING, '20240229235959'],
  ['2026-07-01T00:00:00Z', 0, '20260701000000'],
  ['2026-07-01T00:00:00Z', -570, '20260630143000'], // whole and half hours, both sides
  ['2026-07-01T00:00:00Z', 345, '20260701054500'],
  ['2026-03-29T01:30:00Z', 60, '20260329023000'], // no summer time: an hour Europe skips
];

numbers.test('GIVEN a wall time and an offset THEN its local BCD, and back', () => {
  for (const [utc, offset_minutes, stamp] of STAMPS) {
    const wall_ms = Date.parse(utc);
    assert.is(hexOf(bcdStamp(wall_ms, offset_minutes)), stamp);
    assert.is(wallOfStamp(stamp, offset_minutes), Math.floor(wall_ms / 1_000) * 1_000);
  }
});

numbers.test('any second of this century survives the round trip in any offset', () => {
  const second = fc.integer({ min: 946_684_800, max: 4_102_444_799 });
  const offset = fc.integer({ min: -720, max: 840 });
  fc.assert(
    fc.property(second, offset, (seconds, offset_minutes) => {
      const stamp = hexOf(bcdStamp(seconds * 1_000, offset_minutes));
      assert.match(stamp, /^\d{14}$/);
      assert.is(wallOfStamp(stamp, offset_minutes), seconds * 1_000);
    }),
  );
});

numbers.test('GIVEN digits that are no time of the calendar THEN NaN', () => {
  const wrong = [
    '00000000000000', // a trip record fresh from personalisation
    'FFFFFFFFFFFFFF',
    '2026070108300A',
    '20260230000000', // 30 February
    '20250229120000', // no leap year
    '20260431000000',
    '20261301000000',
    '20260001000000',
    '20260100000000',
    '20260701240000',
    '20260701236000',
    '20260701235960',
    '20260701',
    '2026',
    '',
    '2026-07-01T08:30:00Z',
    '202607010830000',
  ];
  for (const stamp of wrong) assert.ok(Number.isNaN(wallOfStamp(stamp, BEIJING)), stamp);
});

numbers.test('any text gives NaN or a time with exactly these digits', () => {
  const digits = fc.stringMatching(/^[0-9A-F]{14}$/);
  fc.assert(
    fc.property(fc.oneof(digits, fc.string()), (text) => {
      const wall_ms = wallOfStamp(text, BEIJING);
      if (!Number.isNaN(wall_ms)) assert.is(hexOf(bcdStamp(wall_ms, BEIJING)), text);
    }),
  );
});

numbers.run();
