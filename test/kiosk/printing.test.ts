import * as assert from 'uvu/assert';
import { kioskSchema } from '../../config/kiosk.ts';
import type { Devices } from '../../controller/kiosk/devices.ts';
import { createPrinting } from '../../controller/kiosk/printing.ts';
import { ok, type Printer, type PrinterStatus } from '../../firmware-bridge/ports.ts';
import { feature } from '../kit/feature.ts';

const printing = feature('the printer of a kiosk');

printing.test(
  'GIVEN a printer that is being asked WHEN more ask THEN one further question answers them all',
  async () => {
    const waiting: ((paper: PrinterStatus['paper']) => void)[] = [];
    const status: Printer['status'] = () =>
      new Promise((resolve) => {
        const rest = { cover: 'closed', cutter: 'ok', offline: false } as const;
        waiting.push((paper) => resolve(ok({ paper, ...rest })));
      });
    const devices = { usable: () => true, alive: () => {}, report: () => {} };
    const config = kioskSchema.shape.printer.parse(undefined);
    const desk = createPrinting({
      ...{ config, printer: { status } as Printer, changed: () => {} },
      devices: () => devices as unknown as Devices,
    });
    const first = desk.refresh();
    const others = Array.from({ length: 50 }, () => desk.refresh());
    assert.is(waiting.length, 1);
    waiting.shift()?.('ok');
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(waiting.length, 1, 'whoever asked meanwhile hears of what is true now');
    waiting.shift()?.('out');
    await Promise.all(others);
    assert.is(waiting.length, 0);
    assert.is(desk.ready, false);
  },
);

printing.run();
