/** The driver on real character devices of the kernel, with the virtual printer behind a pty. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { openSerialLink } from '../../../firmware-bridge/link/serial.ts';
import { openUsbLpLink } from '../../../firmware-bridge/link/usblp.ts';
import { createEscPosPrinter } from '../../../firmware-bridge/printer/escpos.ts';
import { printerDevice } from '../../../firmware-bridge/supervise/devices.ts';
import { createSupervisor } from '../../../firmware-bridge/supervise/supervisor.ts';
import { linesOf } from '../../../sim/printer/paper.ts';
import { type PrinterRun, runVirtualPrinter } from '../../../sim/printer/run.ts';
import { feature } from '../../kit/feature.ts';
import { codeOf, slip } from './bench.ts';

const devices = feature('printer on a character device');
const clock = systemClock;

const WAYS = {
  serial: (path: string) => openSerialLink({ path, baud: 115_200, flow: 'rtscts', clock }),
  usblp: (path: string) => openUsbLpLink({ path, clock }),
} as const;

const lines = ({ printer }: PrinterRun) => linesOf(printer.paper).map(({ text }) => text);

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let left = 500; left > 0; left -= 1) {
    if (holds()) return;
    await sleep(clock, 10);
  }
  throw new Error(`never: ${what}`);
}

for (const way of ['serial', 'usblp'] as const) {
  devices.test(
    `GIVEN a printer (${way}) WHEN slips are printed THEN whole, and its state is known`,
    async () => {
      const run = runVirtualPrinter({ clock, speed_mm_s: 2_000 });
      const openLink = () => WAYS[way](run.path);
      const common = {
        name: 'slip printer',
        clock,
        print_ms: 5_000,
        done: 'paper-status',
      } as const;
      const printer = createEscPosPrinter({ ...common, openLink });
      assert.is(codeOf(await printer.recover()), 'ok');
      // Longer than a pty holds at once (4 KiB): it goes out in parts.
      const many = Array.from({ length: 300 }, (_, nth) => `line ${nth} ${'x'.repeat(20)}`);
      assert.is(codeOf(await printer.print(slip(...many))), 'ok');
      assert.equal(lines(run), [...many, '[cut]']);
      run.printer.load(0);
      assert.is(codeOf(await printer.print(slip('x'))), 'printer-stopped none');
      await Promise.all([printer.close(), printer.close()]);
      run.close();
    },
  );

  devices.test(
    `GIVEN a printer (${way}) WHEN unplugged and plugged in THEN it is found again`,
    async () => {
      const link = join(tmpdir(), `tapway-printer-${way}-${process.pid}`);
      let run = runVirtualPrinter({ clock, link });
      const openLink = () => WAYS[way](link);
      const common = { name: 'slip printer', clock, print_ms: 5_000, done: 'process-id' } as const;
      const printer = createEscPosPrinter({ ...common, openLink });
      const supervisor = createSupervisor({
        ...{ device: printerDevice(printer), clock, heartbeat_ms: 100, onState: () => {} },
      });
      await supervisor.start();
      assert.is(supervisor.state, 'ready');
      run.close();
      await eventually('it is lost', () => supervisor.state === 'lost');
      assert.is(codeOf(await printer.print(slip('x'))), 'printer-lost none');
      run = runVirtualPrinter({ clock, link });
      await eventually('it is back', () => supervisor.state === 'ready');
      assert.is(codeOf(await printer.print(slip('again'))), 'ok');
      assert.equal(lines(run).slice(-2), ['again', '[cut]']);
      await supervisor.stop();
      run.close();
    },
    20_000,
  );
}

devices.test('GIVEN no such device WHEN opened THEN link-absent says what to do', async () => {
  const absent = await openUsbLpLink({ path: join(tmpdir(), 'lp-none'), clock });
  assert.is(codeOf(absent), 'link-absent none');
  assert.match(absent.ok ? '' : absent.fault.detail, 'is the printer plugged in');
});

devices.test('GIVEN bytes before anybody listens WHEN it listens THEN it hears them', async () => {
  const run = runVirtualPrinter({ clock });
  const opened = await openUsbLpLink({ path: run.path, clock });
  assert.ok(opened.ok);
  opened.value.write(Buffer.of(0x10, 4, 1));
  await eventually('it answers', () => opened.value.counters().bytes_in === 1);
  const heard: Buffer[] = [];
  opened.value.listen({ data: (bytes) => heard.push(bytes), lost() {} });
  assert.is(Buffer.concat(heard).toString('hex'), '12');
  await opened.value.close();
  assert.is(codeOf(opened.value.write(Buffer.of(1))), 'link-lost none');
  run.close();
});

devices.test(
  'GIVEN a printer that takes nothing WHEN flooded THEN link-busy, and memory is bounded',
  async () => {
    const run = runVirtualPrinter({ clock });
    const opened = await openUsbLpLink({ path: run.path, clock });
    assert.ok(opened.ok);
    const floods = Array.from({ length: 5 }, () =>
      codeOf(opened.value.write(Buffer.alloc(16_000))),
    );
    assert.equal(floods.slice(-1), ['link-busy none']);
    assert.is(opened.value.counters().writes_refused, 1);
    await opened.value.close();
    run.close();
  },
);

devices.run();
