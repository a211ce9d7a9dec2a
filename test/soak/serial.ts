import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { openSerialLink } from '../../firmware-bridge/link/serial.ts';
import { readerDevice } from '../../firmware-bridge/supervise/devices.ts';
import { serveOnPty } from '../../sim/chip/on-pty.ts';
import { createPty } from '../../sim/pty.ts';
import { chipOnTable, readerOn } from './chip.ts';
import { readOnce } from './reading.ts';
import { type Plant, replugUnderTraffic } from './replug.ts';
import type { Scenario } from './scenario.ts';

export const serial: Scenario = {
  name: 'serial',
  what: 'a PN532 on a serial line (a kernel pty) is pulled under traffic',
  run: (size) => replugUnderTraffic(plug, size),
};

async function plug(): Promise<Plant> {
  const folder = mkdtempSync(join(tmpdir(), 'tapway-soak-'));
  const path = join(folder, 'reader');
  const chip = chipOnTable();
  const clock = systemClock;
  const insert = () => {
    const pty = createPty({ link: path });
    chip.power(true);
    serveOnPty(chip, pty);
    return pty;
  };
  let pty = insert();
  const reader = readerOn(() => openSerialLink({ path, baud: 115_200, clock }));
  const pull = {
    ...{ what: 'the serial reader', device: 0, hand_ms: 0 },
    async out() {
      chip.power(false);
      pty.unplug();
    },
    async in() {
      pty = insert();
    },
  };
  return {
    name: 'serial',
    devices: [readerDevice(reader)],
    work: ([watch]) => (watch ? readOnce(reader, watch) : Promise.resolve('idle')),
    pulls: [pull],
    async end() {
      await pull.out();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
