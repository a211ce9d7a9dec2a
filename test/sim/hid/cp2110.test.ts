import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { createField } from '../../../sim/chip/field.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../../sim/chip/timing.ts';
import { createVirtualCp2110 } from '../../../sim/hid/cp2110.ts';
import { reportDescriptor } from '../../../sim/hid/descriptor.ts';
import { wireToChip } from '../../../sim/hid/wire.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const model = feature('virtual CP2110');
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** An enabled bridge; what it puts on the line and gives to the host. */
function bench({ paced = false, enabled = true } = {}) {
  const clock = createFakeClock();
  const bridge = createVirtualCp2110({ clock, paced });
  const line: Buffer[] = [];
  const host: string[] = [];
  bridge.onTransmit((bytes) => line.push(bytes));
  bridge.onInput((report) => host.push(report.toString('hex')));
  if (enabled) bridge.setFeature(hex('41 01'));
  const sent = () => Buffer.concat(line);
  const status = () => bridge.getFeature(0x42)?.toString('hex');
  const output = (bytes: number) => {
    for (let left = bytes; left > 0; left -= 60) bridge.output(Buffer.alloc(61, 60));
  };
  return { clock, bridge, host, sent, status, output };
}

model.test('GIVEN power-up THEN the UART is off at 115200 8N1, and carries nothing', () => {
  const { bridge, host, sent } = bench({ enabled: false });
  bridge.output(hex('02 0102'));
  bridge.receive(hex('0304'));
  assert.equal([sent().length, host], [0, []]);
  assert.equal(bridge.getFeature(0x41), hex('41 00'));
  assert.equal(bridge.getFeature(0x50), hex('50 0001c200 00 00 03 00'));
});

model.test('the ID is the length: padding is left out, a cut report counted', () => {
  const { bridge, sent } = bench();
  bridge.output(hex('02 0102 000000'));
  for (const bad of ['03 0102', '00 01', '40 01', '']) bridge.output(hex(bad));
  assert.equal(sent(), hex('0102'));
  assert.is(bridge.counters.badReports, 4);
});

model.test('GIVEN 130 bytes on RXD THEN reports of 63, 63 and 4', () => {
  const { bridge, host } = bench();
  bridge.receive(Buffer.alloc(130, 7));
  assert.equal(
    host.map((report) => report.slice(0, 2)),
    ['3f', '3f', '04'],
  );
});

model.test('GIVEN no host that polls THEN 480 bytes are kept, the rest an overrun', () => {
  const { bridge, host, status } = bench();
  bridge.polled(false);
  bridge.receive(Buffer.alloc(500));
  assert.is(bridge.counters.overrun, 20);
  assert.is(status(), '42000001e00200');
  // Reading clears the error.
  assert.is(status(), '42000001e00000');
  bridge.polled(true);
  assert.is(host.length, 8);
});

model.test('GIVEN 300 bytes for a paced line THEN they leave at its speed', async () => {
  const { clock, status, output, sent } = bench({ paced: true });
  output(300);
  assert.is(status(), '42012c00000000');
  await clock.advance(13);
  assert.is(status(), '42009d00000000');
  await clock.advance(14);
  assert.is(status(), '42000000000000');
  assert.is(sent().length, 300);
});

model.test('GIVEN a full store WHEN purged THEN what is not yet on the line is gone', async () => {
  const { clock, bridge, output, sent, status } = bench({ paced: true });
  output(540);
  assert.is(bridge.counters.overrun, 60);
  assert.ok(bridge.setFeature(hex('43 01')));
  await clock.advance(100);
  assert.is(sent().length, 11);
  assert.is(status(), '42000000000200');
});

for (const [report, taken] of [
  ['41 02', false],
  ['43 00', false],
  ['45 0001 0001', true],
  ['45 00', false],
  ['46 00', false],
  ['47 0000', false],
  ['50 000f4240 00 00 03 00', true],
  ['50 000f4241 00 00 03 00', false],
  ['50 0000012b 00 00 03 00', false],
  ['50 000f4240 00 00 00 00', false],
  ['50 0007a120 00 00 00 00', true],
  ['50 0001c200 05 00 03 00', false],
  ['50 0001c200 00 02 03 00', false],
  ['50 0001c200 00 00 04 00', false],
  ['50 0001c200 00 00 03 02', false],
  ['50 0001c200', false],
  ['51 00', true],
  ['52 00', true],
  ['60 00', false],
] as const) {
  model.test(`feature report ${report} is ${taken ? 'taken' : 'refused'}`, () => {
    const { bridge } = bench();
    assert.is(bridge.setFeature(hex(report)), taken);
    assert.is(bridge.counters.refusedFeatures, taken ? 0 : 1);
  });
}

model.test('part number, GPIO latch and unknown reports', () => {
  const { bridge } = bench();
  bridge.setFeature(hex('45 8001 ff00'));
  assert.equal(bridge.getFeature(0x44), hex('44 8000'));
  assert.is(bridge.getFeature(0x46)?.at(1), 0x0a);
  assert.is(bridge.getFeature(0x60), null);
});

model.test('GIVEN a reset by the host THEN settings are gone and the device re-enumerates', () => {
  const { bridge } = bench();
  let resets = 0;
  bridge.onReset(() => {
    resets += 1;
  });
  bridge.setFeature(hex('50 000e1000 00 00 03 00'));
  assert.is(bridge.baud, 921_600);
  assert.ok(bridge.setFeature(hex('40 00')));
  assert.equal([bridge.baud, bridge.enabled, resets], [115_200, false, 1]);
});

model.test('GIVEN another speed than the chip has WHEN bytes are sent THEN none arrives', () => {
  const { clock, bridge, host } = bench();
  const chip = createVirtualPn532({ clock, field: createField(), timing: NO_TIMING });
  wireToChip(bridge, chip);
  const ask = () => bridge.output(hex('19 5555 0000000000000000000000000000 0000ff02fed4022a00'));
  bridge.setFeature(hex('50 00038400 00 00 03 00'));
  ask();
  assert.equal(host, []);
  bridge.setFeature(hex('50 0001c200 00 00 03 00'));
  ask();
  assert.match(host.join(), 'd50332010607');
});

/** Item lengths of USB HID 1.11 §6.2.2.2: the low two bits are 0, 1, 2 or 4 bytes. */
model.test('the report descriptor declares 63 lengths each way and ten feature reports', () => {
  const bytes = reportDescriptor();
  const seen = { input: [] as string[], output: [] as string[], feature: [] as string[] };
  const kinds = new Map<number, keyof typeof seen>([
    [0x80, 'input'],
    [0x90, 'output'],
    [0xb0, 'feature'],
  ]);
  let depth = 0;
  let id = 0;
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const prefix = bytes.readUInt8(at);
    const size = [0, 1, 2, 4][prefix & 3] ?? 0;
    const value = size === 0 ? 0 : bytes.readUIntLE(at + 1, size);
    const item = prefix & 0xfc;
    if (item === 0x84) id = value;
    if (item === 0x94) count = value;
    if (item === 0xa0) depth += 1;
    if (item === 0xc0) depth -= 1;
    const kind = kinds.get(item);
    if (kind) seen[kind].push(`${id}:${count}`);
    at += 1 + size;
  }
  const lengths = Array.from({ length: 63 }, (_, index) => `${index + 1}:${index + 1}`);
  assert.is(depth, 0);
  assert.equal([seen.input, seen.output], [lengths, lengths]);
  assert.equal(
    seen.feature.map((each) => each.split(':').at(0)),
    ['64', '65', '66', '67', '68', '69', '70', '80', '81', '82'],
  );
});

model.test('no report, whatever it holds, makes it fail or grow', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 40 }), (reports) => {
      const { bridge } = bench();
      for (const each of reports) {
        bridge.output(Buffer.from(each));
        bridge.setFeature(Buffer.from(each));
        bridge.receive(Buffer.from(each));
        assert.ok(bridge.getFeature(each.at(0) ?? 0) !== undefined);
      }
    }),
  );
});

model.run();
