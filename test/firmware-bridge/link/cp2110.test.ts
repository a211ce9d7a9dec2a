import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  bytesToSend,
  dataOf,
  dataReports,
  ENABLE_UART,
  PURGE_FIFOS,
  uartConfig,
} from '../../../firmware-bridge/link/cp2110.ts';
import { feature } from '../../kit/feature.ts';

const codec = feature('CP2110 reports');
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

// What pyserial's cp2110 driver sends for 115200 and 921600 baud, 8N1 (struct.pack '>BLBBBB').
for (const [baud, report] of [
  [115_200, '50 0001c200 00 00 03 00'],
  [921_600, '50 000e1000 00 00 03 00'],
  [300, '50 0000012c 00 00 03 00'],
  [1_000_000, '50 000f4240 00 00 03 00'],
] as const) {
  codec.test(`${baud} baud is ${report}`, () => assert.equal(uartConfig(baud), hex(report)));
}

for (const baud of [0, 299, 1_000_001, 1_288_000, 9600.5, Number.NaN]) {
  codec.test(`GIVEN ${baud} baud WHEN encoded THEN refused with the range`, () => {
    assert.throws(() => uartConfig(baud), /300 to 1000000 baud/);
  });
}

codec.test('enable and purge are the reports of AN434', () => {
  assert.equal([ENABLE_UART, PURGE_FIFOS], [hex('4101'), hex('4303')]);
});

codec.test('GIVEN 130 bytes WHEN cut THEN 63, 63 and 4, each under its length', () => {
  const bytes = Buffer.from(Array.from({ length: 130 }, (_, at) => at));
  const reports = dataReports(bytes);
  assert.equal(
    reports.map((report) => [report.length, report.at(0), report.at(1)]),
    [
      [64, 63, 0],
      [64, 63, 63],
      [5, 4, 126],
    ],
  );
  assert.equal(dataReports(Buffer.alloc(0)), []);
});

for (const [what, report, bytes] of [
  ['its own length', '03 010203', '010203'],
  ['padding behind', '02 0102 00000000', '0102'],
  ['63 bytes', `3f ${'aa'.repeat(63)}`, 'aa'.repeat(63)],
  ['less than its ID says', '04 010203', null],
  ['an ID alone', '01', null],
  ['nothing at all', '', null],
  ['ID 0', '00 0102', null],
  ['an ID above 63', `40 ${'00'.repeat(64)}`, null],
] as const) {
  codec.test(`GIVEN an input report with ${what} THEN ${bytes === null ? 'none' : 'these'}`, () => {
    assert.equal(dataOf(hex(report)), bytes === null ? null : hex(bytes));
  });
}

codec.test('GIVEN a status report THEN bytes to send is the first count, big-endian', () => {
  assert.is(bytesToSend(hex('42 01e0 0003 00 00')), 480);
  assert.is(bytesToSend(hex('42 0000 0003 00 00')), 0);
  for (const other of ['', '42', '42 0000 0003 00', '41 0000 0003 00 00']) {
    assert.is(bytesToSend(hex(other)), null);
  }
});

codec.test('whatever is cut into reports comes out of them again, padded or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(80), (content, padding) => {
      const bytes = Buffer.from(content);
      const parts = dataReports(bytes).map((report) => {
        assert.is(report.length, Number(report.at(0)) + 1);
        return dataOf(Buffer.concat([report, Buffer.alloc(padding, 0xee)])) ?? Buffer.from('?');
      });
      assert.equal(Buffer.concat(parts), bytes);
    }),
  );
});

codec.test('no report, whatever it holds, yields more than its ID says or than it has', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (content) => {
      const report = Buffer.from(content);
      const bytes = dataOf(report);
      if (bytes === null) return;
      assert.is(bytes.length, report.at(0));
      assert.ok(bytes.length < report.length);
    }),
  );
});

codec.run();
