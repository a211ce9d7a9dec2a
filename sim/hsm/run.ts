/** `tapway-sim hsm --port N`: the virtual HSM until it is told to stop. */

import { systemClock } from '../../firmware-bridge/clock.ts';
import { createVirtualHsm, type HsmFault } from './server.ts';

export interface HsmRun {
  readonly port: number;
  readonly fault: HsmFault;
  readonly stopped: Promise<void>;
}

/** Prints where it listens. */
export async function runHsm({ port, fault, stopped }: HsmRun): Promise<number> {
  const hsm = createVirtualHsm({ clock: systemClock });
  hsm.setFault(fault);
  process.stdout.write(`HSM 127.0.0.1:${await hsm.listen(port)}\n`);
  await stopped;
  await hsm.close();
  return 0;
}
