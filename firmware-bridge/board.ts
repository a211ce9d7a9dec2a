/** What a Linux board says of itself, for `tapway doctor`. Reads; changes nothing. */

import { constants } from 'node:fs';
import { access, readdir, readFile, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

export interface SerialDevice {
  readonly exists: boolean;
  readonly accessible: boolean;
  /** Programs that have it open, as `name (pid)`; needs the rights to look. */
  readonly heldBy: readonly string[];
  /** USB-serial latency timer, ms; null where the driver has none. */
  readonly latency_ms: number | null;
  /** Where that timer is set; null where there is none. */
  readonly latencyFile: string | null;
  /** USB autosuspend: `on` keeps the device awake; null when it is no USB device. */
  readonly power: string | null;
  readonly powerFile: string | null;
}

export async function inspectSerialDevice(path: string): Promise<SerialDevice> {
  const real = await realpath(path).catch(() => null);
  if (!real) return { ...NO_DEVICE, exists: false, accessible: false, heldBy: [] };
  const tty = `/sys/class/tty/${basename(real)}/device`;
  const latencyFile = `${tty}/latency_timer`;
  const latency = await text(latencyFile);
  const powerFile = await usbPower(tty);
  return {
    exists: true,
    accessible: await access(real, constants.R_OK | constants.W_OK).then(yes, no),
    heldBy: await holdersOf(real),
    ...(latency === null ? NO_DEVICE : { latency_ms: Number(latency), latencyFile }),
    power: powerFile && (await text(powerFile)),
    powerFile,
  };
}

const NO_DEVICE = { latency_ms: null, latencyFile: null, power: null, powerFile: null } as const;

/** The USB device is one level above an ACM line, two above a serial adapter's, or nowhere. */
async function usbPower(tty: string): Promise<string | null> {
  for (const device of [`${tty}/..`, `${tty}/../..`]) {
    if (await text(`${device}/idVendor`))
      return realpath(`${device}/power/control`).catch(() => null);
  }
  return null;
}

/** Names of loaded kernel modules. */
export async function kernelModules(): Promise<string[]> {
  const modules = (await text('/proc/modules')) ?? '';
  return modules.split('\n').map((line) => line.split(' ')[0] ?? '');
}

export interface FileState {
  readonly exists: boolean;
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
}

export async function inspectFile(path: string): Promise<FileState> {
  const found = await stat(path).catch(() => null);
  return { exists: found !== null, mode: (found?.mode ?? 0) & 0o777 };
}

export interface DirectoryState {
  /** The directory itself, or the nearest above it that exists. */
  readonly nearest: string;
  readonly writable: boolean;
  readonly free_bytes: number;
}

/** What may be written to a directory that need not exist yet. */
export async function inspectDirectory(path: string): Promise<DirectoryState> {
  const nearest = resolve(path);
  const found = await statfs(nearest).catch(() => null);
  if (!found && dirname(nearest) !== nearest) return inspectDirectory(dirname(nearest));
  const writable = await access(nearest, constants.W_OK | constants.X_OK).then(yes, no);
  return { nearest, writable, free_bytes: found ? found.bavail * found.bsize : 0 };
}

async function holdersOf(device: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const holders = await Promise.all(pids.map((pid) => holds(pid, device)));
  return holders.flatMap((holder) => holder ?? []);
}

async function holds(pid: string, device: string): Promise<string | null> {
  if (Number(pid) === process.pid) return null;
  const handles = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(
    handles.map((handle) => readlink(`/proc/${pid}/fd/${handle}`).catch(() => '')),
  );
  // Whoever has a pty's master serves the device (a simulated reader) and is no rival for it.
  if (!targets.includes(device) || targets.some(isPtyMaster)) return null;
  return `${(await text(`/proc/${pid}/comm`)) ?? 'unknown'} (${pid})`;
}

function isPtyMaster(target: string): boolean {
  return target === '/dev/ptmx' || target === '/dev/pts/ptmx';
}

function text(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (content) => content.trim(),
    () => null,
  );
}

const yes = () => true;
const no = () => false;
