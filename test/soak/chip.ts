/** A virtual PN532 with an ordinary card on it, and our driver for such a chip. */

import { systemClock } from '../../firmware-bridge/clock.ts';
import type { Link } from '../../firmware-bridge/link/link.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import type { Reply } from '../../firmware-bridge/ports.ts';
import { cardOnTray } from '../../sim/card/tray.ts';
import { createField } from '../../sim/chip/field.ts';
import { createVirtualPn532 } from '../../sim/chip/pn532.ts';
import { REAL_TIMING } from '../../sim/chip/timing.ts';

export function chipOnTable() {
  const field = createField();
  const { targets } = cardOnTray('adult', systemClock.wall_ms());
  for (const target of targets) field.enter(target);
  return createVirtualPn532({ clock: systemClock, field, timing: REAL_TIMING });
}

/**
 * The virtual chip shares the processors with all that goes on here, and takes a turn of them for
 * each step that a real one takes by itself: it gets four times the usual deadlines.
 */
const SLOWNESS = 4;

export function readerOn(openLink: () => Promise<Reply<Link>>) {
  return createPn532Reader({
    ...{ openLink, clock: systemClock },
    config: {
      ...{ kind: 'serial', path: '', usb: {}, name: '*', baud: 115_200 },
      ...{ poll_pause_ms: 20, heartbeat_ms: 1_000 },
      ...{ rf_cycle_s: 60, ack_timeout_ms: 50 * SLOWNESS, card_timeout_ms: 800 * SLOWNESS },
    },
  });
}
