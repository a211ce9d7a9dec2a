import type { Pty } from '../pty.ts';
import type { VirtualPn532 } from './pn532.ts';

/** Puts the chip behind a pseudo-terminal, where any program can open it as a serial device. */
export function serveOnPty(chip: VirtualPn532, pty: Pty): void {
  chip.onSend((bytes) => pty.write(bytes));
  pty.onData(chip.receive);
}
