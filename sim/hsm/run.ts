/** `tapway-sim hsm --port N`: the virtual HSM until it is told to stop. */

import { readFileSync } from 'node:fs';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { createVirtualHsm, type HsmFault } from './server.ts';

export interface HsmRun {
  readonly port: number;
  readonly fault: HsmFault;
  /** Files in PEM: both, or neither for plain TCP. */
  readonly cert?: string;
  readonly key?: string;
  readonly stopped: Promise<void>;
}

/** Prints where it listens. */
export async function runHsm({ port, fault, cert, key, stopped }: HsmRun): Promise<number> {
  if ((cert === undefined) !== (key === undefined))
    throw new Error('TLS wants both --cert and --key; without either it is plain TCP');
  const tls = cert && key ? { tls: { cert: read(cert), key: read(key) } } : {};
  const hsm = createVirtualHsm({ clock: systemClock, ...tls });
  hsm.setFault(fault);
  process.stdout.write(`HSM 127.0.0.1:${await hsm.listen(port)}\n`);
  await stopped;
  await hsm.close();
  return 0;
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}
