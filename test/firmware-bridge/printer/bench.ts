/** The driver before a virtual printer, on a link in memory and under a fake clock. */

import type { Link } from '../../../firmware-bridge/link/link.ts';
import { createMemoryLinkPair, type MemoryLink } from '../../../firmware-bridge/link/memory.ts';
import { ok, type Printer, type Reply } from '../../../firmware-bridge/ports.ts';
import {
  createEscPosPrinter,
  type EscPosOptions,
} from '../../../firmware-bridge/printer/escpos.ts';
import { attachPrinter } from '../../../sim/printer/on-link.ts';
import { linesOf } from '../../../sim/printer/paper.ts';
import {
  createVirtualPrinter,
  type PrinterOptions,
  type VirtualPrinter,
} from '../../../sim/printer/printer.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';

export interface PrinterBench {
  readonly clock: FakeClock;
  readonly printer: Printer;
  readonly device: VirtualPrinter;
  /** Pulls the plug of the present line. */
  unplug(): void;
  /** Bytes that the driver has sent so far. */
  readonly sent: () => Buffer;
  /** Printed lines so far. */
  readonly lines: () => string[];
}

export interface BenchOptions extends Omit<PrinterOptions, 'clock'> {
  readonly done?: EscPosOptions['done'];
  readonly openLink?: EscPosOptions['openLink'];
}

export async function connected(options: BenchOptions = {}): Promise<PrinterBench> {
  const bench = createPrinterBench(options);
  const up = await bench.clock.until(bench.printer.recover());
  if (!up.ok) throw new Error(up.fault.detail);
  return bench;
}

export function createPrinterBench(options: BenchOptions = {}): PrinterBench {
  const { done = 'paper-status', openLink, ...model } = options;
  const clock = createFakeClock();
  const device = createVirtualPrinter({ clock, ...model });
  const sent: Buffer[] = [];
  let near: MemoryLink | undefined;
  const open = async (): Promise<Reply<Link>> => {
    const pair = createMemoryLinkPair('printer line');
    near = pair.near;
    attachPrinter(device, pair.far);
    const link = pair.near;
    const write = (bytes: Buffer) => {
      sent.push(Buffer.from(bytes));
      return link.write(bytes);
    };
    return ok({ ...link, write });
  };
  const common = { name: 'slip printer', clock, print_ms: 20_000, done };
  const printer = createEscPosPrinter({ ...common, openLink: openLink ?? open });
  return {
    clock,
    printer,
    device,
    unplug: () => near?.unplug(),
    sent: () => Buffer.concat(sent),
    lines: () => linesOf(device.paper).map((line) => line.text),
  };
}

/** A slip of some lines, as bytes; the text is ASCII. */
export function slip(...lines: string[]): Buffer {
  return Buffer.from(`\x1b@${lines.map((line) => `${line}\n`).join('')}\x1dVB\0`, 'latin1');
}

export function codeOf(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : `${reply.fault.code} ${reply.fault.effect}`;
}
