import type { Link } from '../../firmware-bridge/link/link.ts';
import type { VirtualPrinter } from './printer.ts';

/** Makes the printer the far end of a link. What a lost link refuses is lost, as on a cut cable. */
export function attachPrinter(printer: VirtualPrinter, link: Link): void {
  printer.onSend((bytes) => {
    link.write(bytes);
  });
  link.listen({ data: printer.receive, lost() {} });
}
