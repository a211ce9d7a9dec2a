import * as assert from 'uvu/assert';
import { printerSchema } from '../../config/printer.ts';
import { feature } from '../kit/feature.ts';

const printers = feature('configuration of the printer');

function problems(block: unknown): string[] {
  const parsed = printerSchema.safeParse(block);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

printers.test('GIVEN nothing THEN no printer, and defaults that suit most', () => {
  const { kind, columns, cut, done, qr } = printerSchema.parse({});
  assert.equal(
    { kind, columns, cut, done, qr },
    {
      ...{ kind: 'none', columns: 48, cut: 'partial', done: 'paper-status', qr: 'image' },
    },
  );
});

printers.test('GIVEN a printer without a device THEN the error says what to write', () => {
  for (const kind of ['usb', 'serial']) {
    assert.match(problems({ kind })[0] ?? '', 'path: name the device, such as /dev/usb/lp0');
  }
  assert.equal(problems({ kind: 'usb', path: '/dev/usb/lp0' }), []);
  assert.equal(problems({ kind: 'simulated' }), []);
});

printers.test('GIVEN other widths or keys THEN refused', () => {
  assert.is(problems({ columns: 40 }).length, 1);
  assert.is(problems({ dpi: 203 }).length, 1);
});

printers.run();
