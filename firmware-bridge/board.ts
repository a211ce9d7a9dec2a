/** What a Linux board says of itself, for `tapway doctor`. Reads; changes nothing. */

import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir, readFile, readlink, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { DeviceFile, UsbDevice } from './ports.ts';

const NO_DEVICE: DeviceFile = {
  ...{ exists: false, accessible: false, group: null, heldBy: [] },
  ...{ latency_ms: null, latencyFile: null, power: null, powerFile: null },
};

/** @param path e.g. `/dev/ttyUSB0`, or a link to it */
export function inspectSerialDevice(path: string): Promise<DeviceFile> {
  return inspectDevice(path, 'tty');
}

/** @param path e.g. `/dev/hidraw0` */
export function inspectHidDevice(path: string): Promise<DeviceFile> {
  return inspectDevice(path, 'hidraw');
}

/** @param path e.g. `/dev/usb/lp0` */
export function inspectPrinterDevice(path: string): Promise<DeviceFile> {
  return inspectDevice(path, 'usbmisc');
}

async function inspectDevice(
  path: string,
  kind: 'tty' | 'hidraw' | 'usbmisc',
): Promise<DeviceFile> {
  const real = await realpath(path).catch(() => null);
  if (!real) return NO_DEVICE;
  const device = `/sys/class/${kind}/${basename(real)}/device`;
  const latencyFile = `${device}/latency_timer`;
  const latency = await text(latencyFile);
  const powerFile = await usbPower(device);
  return {
    exists: true,
    accessible: await access(real, constants.R_OK | constants.W_OK).then(yes, no),
    group: await groupOf(real),
    heldBy: await holdersOf(real),
    latency_ms: latency === null ? null : Number(latency),
    latencyFile: latency === null ? null : latencyFile,
    power: powerFile && (await text(powerFile)),
    powerFile,
  };
}

async function groupOf(path: string): Promise<string | null> {
  const { gid, mode } = await stat(path);
  if (gid === 0 || (mode & 0o060) !== 0o060) return null;
  const lines = ((await text('/etc/group')) ?? '').split('\n').map((line) => line.split(':'));
  return lines.find(([, , id]) => id === String(gid))?.[0] ?? null;
}

/** The USB device is one level above an ACM line, two above others, or nowhere. */
async function usbPower(device: string): Promise<string | null> {
  for (const above of [`${device}/..`, `${device}/../..`]) {
    if (await text(`${above}/idVendor`))
      return realpath(`${above}/power/control`).catch(() => null);
  }
  return null;
}

/** @param root where the kernel lists its USB devices and their interfaces */
export async function usbDevices(root = '/sys/bus/usb/devices'): Promise<UsbDevice[]> {
  const names = await readdir(root).catch(() => []);
  const places = names.filter((name) => !name.includes(':'));
  return Promise.all(
    places.map(async (place) => {
      const device = `${root}/${place}`;
      const parts = names.filter((name) => name.startsWith(`${place}:`));
      const powerFile = `${device}/power/control`;
      return {
        place,
        id: `${await text(`${device}/idVendor`)}:${await text(`${device}/idProduct`)}`,
        power: await text(powerFile),
        powerFile,
        interfaces: await Promise.all(parts.map((part) => usbInterface(`${root}/${part}`))),
      };
    }),
  );
}

async function usbInterface(path: string): Promise<UsbDevice['interfaces'][number]> {
  const driver = await readlink(`${path}/driver`).catch(() => null);
  return {
    class: (await text(`${path}/bInterfaceClass`)) ?? '',
    driver: driver && basename(driver),
  };
}

/** By systemd-timesyncd; null where that one does not run. */
export async function clockSynchronised(): Promise<boolean | null> {
  const directory = '/run/systemd/timesync';
  if (!(await inspectFile(directory)).exists) return null;
  return (await inspectFile(`${directory}/synchronized`)).exists;
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

/** Is there such a program on the path? */
export async function hasProgram(name: string): Promise<boolean> {
  return succeeds('sh', ['-c', 'command -v "$1"', 'sh', name]);
}

/** Does fontconfig know a font for Chinese? */
export async function hasChineseFont(): Promise<boolean> {
  return succeeds('sh', ['-c', 'fc-list :lang=zh-cn | grep -q .']);
}

function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}
