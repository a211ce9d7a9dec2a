/** `tapway-sim hsm --port N`: the virtual HSM until it is told to stop. */

import { readFileSync } from 'node:fs';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { createVirtualHsm, type HsmFault, type VirtualHsm } from './server.ts';

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
  const tls = cert && key ? { cert: read('--cert', cert), key: read('--key', key) } : null;
  const hsm = virtualHsm(tls);
  hsm.setFault(fault);
  process.stdout.write(`HSM 127.0.0.1:${await listen(hsm, port)}\n`);
  await stopped;
  await hsm.close();
  return 0;
}

function virtualHsm(tls: { readonly cert: string; readonly key: string } | null): VirtualHsm {
  try {
    return createVirtualHsm({ clock: systemClock, ...(tls && { tls }) });
  } catch (error) {
    throw new Error(`--cert and --key cannot be used: ${(error as Error).message}`);
  }
}

async function listen(hsm: VirtualHsm, port: number): Promise<number> {
  try {
    return await hsm.listen(port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is in use by another program' : message;
    throw new Error(`port ${port} on 127.0.0.1: ${why}; choose another with --port, or --port 0`);
  }
}

function read(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${option}: ${(error as Error).message}`);
  }
}
