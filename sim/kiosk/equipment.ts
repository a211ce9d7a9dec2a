/**
 * The devices of a simulated kiosk: the real drivers of pad, printer and HSM on memory links and a
 * socket, virtual devices behind them, and switches for what may go wrong.
 */

import type { KioskConfig } from '../../config/kiosk.ts';
import { KIOSK_DEVICES, type KioskDevices } from '../../controller/kiosk-devices.ts';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import { type Clock, ok } from '../../firmware-bridge/ports.ts';
import { createEscPosPrinter } from '../../firmware-bridge/printer/escpos.ts';
import { createField, type Field } from '../chip/field.ts';
import { attachToLink } from '../chip/on-link.ts';
import { createVirtualPn532 } from '../chip/pn532.ts';
import { NO_TIMING, REAL_TIMING } from '../chip/timing.ts';
import { createVirtualHsm } from '../hsm/server.ts';
import { attachPrinter } from '../printer/on-link.ts';
import { createVirtualPrinter, type VirtualPrinter } from '../printer/printer.ts';
import { createVirtualPsam, type VirtualPsam } from '../sam/psam.ts';
import { createVirtualSlot, type VirtualSlot } from './slot.ts';
import type { Fault } from './state.ts';

export interface Equipment {
  readonly devices: KioskDevices;
  readonly field: Field;
  readonly slot: VirtualSlot;
  readonly printer: VirtualPrinter;
  readonly psam: VirtualPsam;
  /** Where the HSM listens on 127.0.0.1. */
  readonly hsmPort: number;
  readonly faults: ReadonlySet<Fault>;
  setFault(fault: Fault, on: boolean): void;
  stop(): Promise<void>;
}

export interface EquipmentOptions {
  readonly config: KioskConfig;
  readonly clock: Clock;
  /** Devices take the time that real ones take; else none at all. */
  readonly timed: boolean;
}

const ROLL_MM = 50_000;
const NEARLY_OUT_MM = 1_000;

export async function createEquipment(options: EquipmentOptions): Promise<Equipment> {
  const { config, clock, timed } = options;
  const field = createField();
  const chip = createVirtualPn532({ clock, field, timing: timed ? REAL_TIMING : NO_TIMING });
  const slot = createVirtualSlot(timed ? clock : null);
  const { columns } = config.printer;
  const printer = createVirtualPrinter({ clock, columns });
  const psam = createVirtualPsam(clock, { timed });
  const hsm = createVirtualHsm({ clock });
  const hsmPort = await hsm.listen(0);
  const faults = new Set<Fault>();

  const work: Readonly<Record<Fault, (on: boolean) => void>> = {
    'paper-out': (on) => printer.load(on ? 0 : ROLL_MM),
    'paper-low': (on) => printer.load(on ? NEARLY_OUT_MM : ROLL_MM),
    'cover-open': (on) => printer.cover(on ? 'open' : 'closed'),
    'cutter-jammed': (on) => printer.cutter(on ? 'jammed' : 'ok'),
    'printer-off': (on) => printer.power(!on),
    'slot-unplugged': (on) => slot.plug(!on),
    'pad-unplugged': (on) => chip.power(!on),
    'hsm-off': (on) => hsm.setFault(on ? 'mute' : 'none'),
  };
  return {
    ...{ field, slot, printer, psam, hsmPort, faults },
    devices: {
      ...KIOSK_DEVICES,
      contact: () => slot.reader,
      contactless(_, now) {
        const openLink = async () => {
          const { near, far } = createMemoryLinkPair('simulated pad');
          attachToLink(chip, far);
          return ok(near);
        };
        const { contactless } = config;
        if (!contactless) return null;
        return createPn532Reader({ openLink, clock: now, config: contactless });
      },
      samSlot: () => psam,
      printer({ printer: { done, timeout_ms } }, now) {
        const openLink = async () => {
          const { near, far } = createMemoryLinkPair('simulated printer');
          attachPrinter(printer, far);
          return ok(near);
        };
        const name = 'simulated printer';
        return createEscPosPrinter({ name, openLink, clock: now, done, print_ms: timeout_ms });
      },
    },
    setFault(fault, on) {
      if (on) faults.add(fault);
      else faults.delete(fault);
      work[fault](on);
    },
    async stop() {
      chip.power(false);
      printer.stop();
      await hsm.close();
    },
  };
}
