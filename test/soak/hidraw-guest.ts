/**
 * The replug of a reader on a real hidraw device, where /dev/uhid is: on this machine or in the
 * guest of test/peers/hid. Bundled before it runs. Prints an `Outcome`.
 */

import { sleep, systemClock } from '../../firmware-bridge/clock.ts';
import { openHidLink } from '../../firmware-bridge/link/hid.ts';
import { readerDevice } from '../../firmware-bridge/supervise/devices.ts';
import { createVirtualCp2110 } from '../../sim/hid/cp2110.ts';
import { plugIn } from '../../sim/hid/uhid.ts';
import { wireToChip } from '../../sim/hid/wire.ts';
import { chipOnTable, readerOn } from './chip.ts';
import { readOnce } from './reading.ts';
import { type Plant, replugUnderTraffic } from './replug.ts';

const clock = systemClock;
const SERIAL = 'TW-0001';

async function plug(): Promise<Plant> {
  const chip = chipOnTable();
  const bridge = createVirtualCp2110({ clock, paced: true });
  wireToChip(bridge, chip);
  const insert = async () => {
    chip.power(true);
    const plugged = plugIn({ bridge, clock, serial: SERIAL });
    while (!plugged.path()) await sleep(clock, 5);
    return plugged;
  };
  let plugged = await insert();
  const reader = readerOn(() => openHidLink({ usb: { serial: SERIAL }, clock }));
  const pull = {
    ...{ what: 'the hidraw reader', device: 0, hand_ms: 0 },
    out() {
      chip.power(false);
      return plugged.unplug();
    },
    async in() {
      plugged = await insert();
    },
  };
  return {
    name: 'hidraw',
    devices: [readerDevice(reader)],
    work: ([watch]) => (watch ? readOnce(reader, watch) : Promise.resolve('idle')),
    pulls: [pull],
    end: () => pull.out(),
  };
}

const { SOAK_ROUNDS, SOAK_SEED } = process.env;

replugUnderTraffic(plug, { rounds: Number(SOAK_ROUNDS), seed: Number(SOAK_SEED) }).then(
  (outcome) => process.stdout.write(`${JSON.stringify(outcome)}\n`),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    // A device that is still plugged holds a thread for which even process.exit() would wait.
    process.kill(process.pid, 'SIGKILL');
  },
);
