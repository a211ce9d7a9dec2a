/** The virtual printer on a pseudo-terminal, for any program: `tapway-sim printer --pty`. */

import { writeFileSync } from 'node:fs';
import { createPty } from '../pty.ts';
import { linesOf } from './paper.ts';
import { drawPaper } from './picture.ts';
import { createVirtualPrinter, type PrinterOptions, type VirtualPrinter } from './printer.ts';

export interface PrinterRunOptions extends PrinterOptions {
  /** Path of a symbolic link to the device. */
  readonly link?: string;
  /** The paper as SVG is written here whenever it has come to rest. */
  readonly picture?: string;
  /** Each line as it is printed. */
  readonly tell?: (line: string) => void;
}

export interface PrinterRun {
  /** The device to open. */
  readonly path: string;
  readonly printer: VirtualPrinter;
  close(): void;
}

const REST_MS = 300;

export function runVirtualPrinter(options: PrinterRunOptions): PrinterRun {
  const { clock, link, picture, tell = () => {} } = options;
  const pty = createPty(link === undefined ? {} : { link });
  const printer = createVirtualPrinter(options);
  let told = 0;
  let resting: unknown = null;
  printer.onSend((bytes) => pty.write(bytes));
  pty.onData(printer.receive);
  printer.onChange(() => {
    clock.clearTimeout(resting);
    resting = clock.setTimeout(rest, REST_MS);
  });
  return {
    path: pty.path,
    printer,
    close() {
      clock.clearTimeout(resting);
      printer.stop();
      pty.close();
    },
  };

  function rest(): void {
    const lines = linesOf(printer.paper);
    // The picture first: whoever reads a line finds it drawn.
    if (picture !== undefined) writeFileSync(picture, drawPaper(printer.paper));
    for (const { text } of lines.slice(told)) tell(`│ ${text}`);
    told = lines.length;
  }
}
