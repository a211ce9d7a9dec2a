/** `tapway-sim printer`: a virtual ESC/POS printer on a pty; standard input works its sensors. */

import { systemClock } from '../../firmware-bridge/clock.ts';
import { runVirtualPrinter } from '../printer/run.ts';
import { takeOrders, tell } from './orders.ts';

export interface PrinterCommandOptions {
  /** A symbolic link to keep to the pty. */
  readonly link?: string;
  /** Where the paper is drawn, as SVG. */
  readonly picture?: string;
  readonly columns: number;
  readonly stopped: Promise<void>;
}

export async function runPrinter(options: PrinterCommandOptions): Promise<number> {
  const { stopped, ...rest } = options;
  const run = runVirtualPrinter({ ...rest, clock: systemClock, tell });
  tell(run.path);
  const { printer } = run;
  const orders: Readonly<Record<string, () => void>> = {
    'paper out': () => printer.load(0),
    'paper low': () => printer.load(1_000),
    'paper new': () => printer.load(50_000),
    'cover open': () => printer.cover('open'),
    'cover closed': () => printer.cover('closed'),
    'cutter jammed': () => printer.cutter('jammed'),
    'cutter ok': () => printer.cutter('ok'),
    'power off': () => printer.power(false),
    'power on': () => printer.power(true),
  };
  await takeOrders({ orders, tell, stopped });
  run.close();
  return 0;
}
