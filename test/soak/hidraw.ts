import { fileURLToPath } from 'node:url';
import { isInstalled } from '../kit/feature.ts';
import { hasUhid, runWithUhid } from '../peers/hid/machine.ts';
import type { Outcome, Scenario } from './scenario.ts';

/** A round on an emulated processor, generously; and what the start takes. */
const ROUND_MS = 8_000;
const START_MS = 240_000;
const INSTALL = 'apt-get install qemu-system-x86 busybox-static cpio kmod';

export const hidraw: Scenario = {
  name: 'hidraw',
  what: 'the same on a real hidraw device, of /dev/uhid here or in an emulated guest',
  lacking() {
    if (hasUhid() || isInstalled('qemu-system-x86_64')) return null;
    return `neither /dev/uhid nor qemu-system-x86_64; ${INSTALL}`;
  },
  async run({ hidraw_rounds, seed }) {
    const program = fileURLToPath(new URL('hidraw-guest.ts', import.meta.url));
    const env = { SOAK_ROUNDS: String(hidraw_rounds), SOAK_SEED: String(seed) };
    const limit_ms = START_MS + hidraw_rounds * ROUND_MS;
    return JSON.parse(await runWithUhid(program, { env, limit_ms })) as Outcome;
  },
};
