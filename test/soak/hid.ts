import { systemClock } from '../../firmware-bridge/clock.ts';
import { openHidLink } from '../../firmware-bridge/link/hid.ts';
import { readerDevice } from '../../firmware-bridge/supervise/devices.ts';
import { createVirtualCp2110 } from '../../sim/hid/cp2110.ts';
import { wireToChip } from '../../sim/hid/wire.ts';
import { createHidBus } from '../kit/hid-bus.ts';
import { chipOnTable, readerOn } from './chip.ts';
import { readOnce } from './reading.ts';
import { type Plant, replugUnderTraffic } from './replug.ts';
import type { Scenario } from './scenario.ts';

export const hid: Scenario = {
  name: 'hid',
  what: 'a PN532 behind a CP2110, in process, is pulled under traffic',
  run: (size) => replugUnderTraffic(plug, size),
};

const AS = { path: '/dev/hidraw0', serial: '0001', place: '1-1.2' };

async function plug(): Promise<Plant> {
  const clock = systemClock;
  const chip = chipOnTable();
  const library = createHidBus();
  const bridge = createVirtualCp2110({ clock, paced: true });
  wireToChip(bridge, chip);
  library.plug(bridge, AS);
  const reader = readerOn(() => openHidLink({ usb: {}, clock, library }));
  const pull = {
    ...{ what: 'the HID reader', device: 0, hand_ms: 0 },
    async out() {
      chip.power(false);
      library.unplug(AS.path);
      // The stand-in's own record of every call.
      library.calls.length = 0;
    },
    async in() {
      chip.power(true);
      library.plug(bridge, AS);
    },
  };
  return {
    name: 'HID',
    devices: [readerDevice(reader)],
    work: ([watch]) => (watch ? readOnce(reader, watch) : Promise.resolve('idle')),
    pulls: [pull],
    async end() {
      await pull.out();
      const handles = library.handles();
      if (handles > 0) throw new Error(`${handles} handles were not given back`);
    },
  };
}
