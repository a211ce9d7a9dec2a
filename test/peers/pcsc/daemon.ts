/**
 * A pcscd of our own: its socket in a directory of ours (bind-mounted in a mount namespace over the
 * path that is compiled in), its slots on loopback ports. Clients find it by PCSCLITE_CSOCK_NAME.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '../../kit/feature.ts';

export interface Daemon {
  /** TCP ports of the slots. */
  readonly ports: { readonly card: number; readonly sam: number };
  start(): Promise<void>;
  /** Dies without a word, as in a crash. */
  kill(): Promise<void>;
  /** Stops and goes on, like a daemon that hangs in a driver. */
  freeze(on: boolean): void;
  pid(): number;
  /** Ends it and leaves nothing behind. */
  end(): Promise<void>;
}

/** As pcscd names them: friendly name, number of the reader, number of the slot. */
export const CARD_SLOT = 'ACS ACR1281 1S Dual Reader PICC 00 00';
export const SAM_SLOT = 'ACS ACR1281 1S Dual Reader SAM 00 00';

export const PCSCD = {
  command: 'pcscd',
  install: 'apt-get install pcscd vsmartcard-vpcd opensc pcsc-tools gcc libpcsclite-dev',
};

/** What a daemon of our own wants and this machine lacks, with the cure; null: nothing. */
export function lacking(): string | null {
  const needed = [PCSCD.command, 'gcc', 'unshare', 'setpriv'];
  const missing = needed.filter((command) => !isInstalled(command));
  if (!existsSync(DRIVER)) missing.push(DRIVER);
  return missing.length > 0 ? `${missing.join(', ')} missing; ${PCSCD.install}` : null;
}

const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
const START_MS = 10_000;
const POLL_MS = 10;

export const pause = (duration_ms: number) =>
  new Promise<void>((wake) => setTimeout(wake, duration_ms));

export async function until(what: string, holds: () => boolean, limit_ms: number): Promise<void> {
  const end_ms = performance.now() + limit_ms;
  while (!holds()) {
    if (performance.now() > end_ms) throw new Error(`${what}: not within ${limit_ms} ms`);
    await pause(POLL_MS);
  }
}

/** @param options.nagle leaves the driver as it is: 40 ms for every command */
export async function createDaemon(options: { nagle?: boolean } = {}): Promise<Daemon> {
  const home = mkdtempSync(join(tmpdir(), 'tapway-pcscd-'));
  const run = join(home, 'run');
  const config = join(home, 'readers.conf');
  const shim = join(home, 'nodelay.so');
  const socket = join(run, 'pcscd.comm');
  const source = fileURLToPath(new URL('nodelay.c', import.meta.url));
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-o', shim, source, '-ldl']);
  // Each reader takes the port named and the one after it.
  const ports = { card: await freePorts(), sam: await freePorts() };
  const readers = (['card', 'sam'] as const).map((part) => {
    // The driver keeps its slots in one table, whatever the reader: each reader needs its own.
    const driver = join(home, `vpcd-${part}.so`);
    copyFileSync(DRIVER, driver);
    return reader(part === 'card' ? 'PICC' : 'SAM', ports[part], driver);
  });
  writeFileSync(config, readers.join('\n'));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    rmSync(run, { recursive: true, force: true });
    mkdirSync(run);
    const preload = options.nagle ? '' : `env LD_PRELOAD=${shim}`;
    const script = `mkdir -p /run/pcscd && mount --bind ${run} /run/pcscd &&
      exec setpriv --pdeathsig KILL ${preload} pcscd --foreground --config ${config}`;
    const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
    child = spawn('unshare', ['--mount', ...root, 'sh', '-c', script], { stdio: 'ignore' });
    await until('the socket of pcscd', () => existsSync(socket), START_MS);
    process.env.PCSCLITE_CSOCK_NAME = socket;
  }

  async function kill(): Promise<void> {
    const dying = child;
    child = undefined;
    if (!dying) return;
    const gone = new Promise((resolve) => dying.once('close', resolve));
    dying.kill('SIGKILL');
    await gone;
  }

  await start();
  return {
    ports,
    start,
    kill,
    freeze: (on) => child?.kill(on ? 'SIGSTOP' : 'SIGCONT'),
    pid: () => child?.pid ?? 0,
    async end() {
      await kill();
      delete process.env.PCSCLITE_CSOCK_NAME;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function reader(part: string, port: number, driver: string): string {
  return `FRIENDLYNAME "ACS ACR1281 1S Dual Reader ${part}"
DEVICENAME /dev/null:${port}
LIBPATH ${driver}
CHANNELID 0x${port.toString(16)}
`;
}

/** A pair of neighbours below the range from which the kernel takes ports by itself. */
async function freePorts(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = 20_000 + 2 * randomInt(5_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error('no free pair of ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
