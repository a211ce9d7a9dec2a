/** A virtual PN532 behind a virtual CP2110, for any program that drives such a reader. */

import { sleep, systemClock, within } from '../../firmware-bridge/clock.ts';
import { cardOnTray } from '../card/tray.ts';
import { createField } from '../chip/field.ts';
import { createVirtualPn532 } from '../chip/pn532.ts';
import { REAL_TIMING } from '../chip/timing.ts';
import { createVirtualCp2110 } from './cp2110.ts';
import { plugIn, type UhidPlug } from './uhid.ts';
import { wireToChip } from './wire.ts';

export interface HidReaderOptions {
  /** Which card of the tray lies on it. */
  readonly card: string;
  /** The bridge's serial number, `reader.usb.serial` of the lane. */
  readonly serial: string;
  /** Seconds between two presentations; absent: the card lies there all the time. */
  readonly every_s?: number;
  readonly stopped: Promise<void>;
}

const PRESENT_MS = 2_000;
const LOOK_MS = 20;
const APPEAR_MS = 3_000;

/** Prints the device's path and serves until `stopped`. Returns the exit code. */
export async function runHidReader(options: HidReaderOptions): Promise<number> {
  const { every_s, serial, stopped } = options;
  const entry = cardOnTray(options.card, systemClock.wall_ms());
  const field = createField();
  const chip = createVirtualPn532({ clock: systemClock, field, timing: REAL_TIMING });
  const bridge = createVirtualCp2110({ clock: systemClock, paced: true });
  wireToChip(bridge, chip);
  let going = true;
  const ended = stopped.then(() => {
    going = false;
  });
  let plug = plugged();
  // A reset by the host: the device leaves the bus and comes back.
  bridge.onReset(() => {
    void plug.unplug().then(() => {
      if (going) plug = plugged();
    });
  });
  try {
    process.stdout.write(`${await pathOf(plug)} serial ${serial}\n`);
    await serve();
  } finally {
    going = false;
    chip.power(false);
    await plug.unplug();
  }
  return 0;

  async function serve(): Promise<void> {
    while (going) {
      for (const target of entry.targets) field.enter(target);
      if (every_s === undefined) await ended;
      else await within(systemClock, PRESENT_MS, ended);
      for (const target of entry.targets) field.leave(target);
      if (going && every_s !== undefined) await within(systemClock, every_s * 1_000, ended);
    }
  }

  function plugged(): UhidPlug {
    try {
      return plugIn({ bridge, clock: systemClock, serial });
    } catch (error) {
      throw new Error(`no virtual HID device: ${reasonOf(error)}; \`modprobe uhid\`, then as root`);
    }
  }
}

/** The kernel makes the device in its own time. */
async function pathOf(plug: UhidPlug): Promise<string> {
  for (let left = APPEAR_MS / LOOK_MS; left > 0; left -= 1) {
    const path = plug.path();
    if (path) return path;
    await sleep(systemClock, LOOK_MS);
  }
  throw new Error('the kernel made no hidraw device; is its module hid-generic loaded?');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
