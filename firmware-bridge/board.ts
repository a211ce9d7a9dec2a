/** What a Linux board says of itself, for `tapway doctor`. Reads; changes nothing. */

import { constants } from 'node:fs';
import { access, readdir, readFile, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { basename } from 'node:path';

export interface SerialDevice {
  readonly exists: boolean;
  readonly accessible: boolean;
  /** Programs that have it open, as `name (pid)`; needs the rights to look. */
  readonly heldBy: readonly string[];
  /** USB-serial latency timer, ms; null where the driver has none. */
  readonly latency_ms: number | null;
  /** USB autosuspend: `on` keeps the device awake; null when it is no USB device. */
  readonly power: string | null;
}

export async function inspectSerialDevice(path: string): Promise<SerialDevice> {
  const real = await realpath(path).catch(() => null);
  if (!real) {
    return { exists: false, accessible: false, heldBy: [], latency_ms: null, power: null };
  }
  const tty = `/sys/class/tty/${basename(real)}/device`;
  const latency = await text(`${tty}/latency_timer`);
  return {
    exists: true,
    accessible: await access(real, constants.R_OK | constants.W_OK).then(yes, no),
    heldBy: await holdersOf(real),
    latency_ms: latency === null ? null : Number(latency),
    power: await text(`${tty}/../../power/control`),
  };
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

/** Free bytes of the file system below a directory; null when it does not exist. */
export async function freeBytes(directory: string): Promise<number | null> {
  const found = await statfs(directory).catch(() => null);
  return found && found.bavail * found.bsize;
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
  if (!targets.includes(device)) return null;
  return `${(await text(`/proc/${pid}/comm`)) ?? 'unknown'} (${pid})`;
}

function text(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (content) => content.trim(),
    () => null,
  );
}

const yes = () => true;
const no = () => false;
