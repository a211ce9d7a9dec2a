/** The real kiosk on virtual devices that take no time of their own; what they take is metered. */

import { shippedDirectory } from '../../../config/load.ts';
import { loadKiosk } from '../../../config/load-kiosk.ts';
import type { Io } from '../../../controller/commands/io.ts';
import type { KioskDesk } from '../../../controller/kiosk/view.ts';
import type { KioskDevices } from '../../../controller/kiosk-devices.ts';
import { openKiosk } from '../../../controller/kiosk-main.ts';
import { createLog } from '../../../controller/ops/log.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { type CardReader, type LinePeer, ok } from '../../../firmware-bridge/ports.ts';
import { personOnTray } from '../../../sim/card/people.ts';
import { createEquipment, type Equipment } from '../../../sim/kiosk/equipment.ts';
import { scratch } from './scratch.ts';

/** A generation-3 card with purse, bank and photo: the most that is ever read. */
const PERSON = 'adult-3';

export interface BenchKiosk {
  readonly desk: KioskDesk;
  /** A card goes in and is shown: what that took beside card and HSM, in ms. */
  insert(): Promise<number>;
  /** The card is taken out; resolves when the welcome is back. */
  pull(): Promise<void>;
  close(): Promise<void>;
}

interface Meter {
  /** When the reader gave the card away. */
  found_ms: number;
  /** Spent in card and HSM since then. */
  theirs_ms: number;
}

export async function startBenchKiosk(): Promise<BenchKiosk> {
  const clock = systemClock;
  const loaded = loadKiosk(`${shippedDirectory()}/kiosks/ningbo.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  const equipment = await createEquipment({ config: loaded.config, clock, timed: false });
  const meter: Meter = { found_ms: 0, theirs_ms: 0 };
  const { ssc } = loaded.config;
  const hsm = { ...ssc.hsm, address: '127.0.0.1', port: equipment.hsmPort, tls: false };
  const config = {
    ...loaded.config,
    data_dir: scratch(),
    ssc: { ...ssc, keys: 'hsm', hsm } as const,
  };
  const out = () => {};
  const io: Io = { out, err: out, write: async () => {}, env: {}, disk: systemDisk, clock };
  const opened = await openKiosk({
    ...{ io, config, log: createLog('error'), stopped: new Promise<void>(() => {}) },
    devices: metered(equipment, meter),
  });
  if (!opened.ok) throw new Error(opened.fault.detail);
  const { kiosk } = opened.value;
  await kiosk.start();
  const face = personOnTray(PERSON, clock.wall_ms()).contact;
  if (!face) throw new Error(`${PERSON} has no contacts`);
  return {
    desk: kiosk.desk,
    async insert() {
      equipment.slot.insert(face);
      await shown(kiosk.desk, 'card');
      return performance.now() - meter.found_ms - meter.theirs_ms;
    },
    async pull() {
      equipment.slot.pull();
      await shown(kiosk.desk, 'welcome');
    },
    async close() {
      await opened.value.close();
      await equipment.stop();
    },
  };
}

function shown(desk: KioskDesk, kind: 'card' | 'welcome'): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (desk.view().screen.kind !== kind) return;
      end();
      resolve();
    };
    const end = desk.onChange(look);
    look();
  });
}

function metered({ devices, slot }: Equipment, meter: Meter): KioskDevices {
  return {
    ...devices,
    contact: () => meteredReader(slot.reader, meter),
    hsm: (...asked) => meteredPeer(devices.hsm(...asked), meter),
  };
}

function meteredReader(reader: CardReader, meter: Meter): CardReader {
  return {
    ...reader,
    async detect() {
      const found = await reader.detect();
      if (!found.ok || found.value.kind !== 'card') return found;
      const { card } = found.value;
      Object.assign(meter, { found_ms: performance.now(), theirs_ms: 0 });
      const transceive: typeof card.transceive = (command, timeout_ms) =>
        spent(meter, card.transceive(command, timeout_ms));
      return ok({ kind: 'card', card: { ...card, transceive } });
    },
  };
}

function meteredPeer(peer: LinePeer, meter: Meter): LinePeer {
  return { ...peer, ask: (line) => spent(meter, peer.ask(line)) };
}

async function spent<T>(meter: Meter, work: Promise<T>): Promise<T> {
  const from_ms = performance.now();
  try {
    return await work;
  } finally {
    meter.theirs_ms += performance.now() - from_ms;
  }
}
