import type { Link } from '../../firmware-bridge/link/link.ts';
import type { VirtualPn532 } from './pn532.ts';

/** Makes the chip the far end of a link. What a lost link refuses is lost, as on a cut cable. */
export function attachToLink(chip: VirtualPn532, link: Link): void {
  chip.onSend((bytes) => {
    link.write(bytes);
  });
  link.listen({ data: chip.receive, lost() {} });
}
