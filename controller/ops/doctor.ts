/**
 * `tapway doctor`: checks a board and says how to mend what is missing. Every finding has a cure
 * that an installer can type. The bridge's eyes come in through `Board`, so that the rules here
 * can be tested without one.
 */

import type { LaneConfig } from '../../config/schema.ts';
import type { Reply } from '../../firmware-bridge/ports.ts';

export interface Finding {
  readonly level: 'good' | 'warning' | 'bad';
  readonly what: string;
  readonly cure?: string;
}

export interface Board {
  readonly nodeVersion: string;
  readonly wall_ms: number;
  libraries(): Promise<readonly { name: string; ok: boolean; detail: string }[]>;
  kernelModules(): Promise<readonly string[]>;
  serialDevice(path: string): Promise<{
    exists: boolean;
    accessible: boolean;
    heldBy: readonly string[];
    latency_ms: number | null;
    latencyFile: string | null;
    power: string | null;
    powerFile: string | null;
  }>;
  file(path: string): Promise<{ exists: boolean; mode: number }>;
  /** The directory, or the nearest above it that exists. */
  directory(path: string): Promise<{ nearest: string; writable: boolean; free_bytes: number }>;
  hasVariable(name: string): boolean;
  /** Opens the reader, asks its chip for the firmware, closes it. */
  readerFirmware(config: LaneConfig): Promise<Reply<string>>;
  /** Unseals the key file of a software SAM and forgets it. */
  keySet(config: LaneConfig): Promise<Reply<void>>;
}

const CURES: Readonly<Record<string, string>> = {
  serialport: 'npm ci',
  'node-hid': 'apt-get install libusb-1.0-0 libudev1, then npm ci',
  pcsclite: 'apt-get install libpcsclite-dev g++ make python3, then npm ci',
};
/** Kernel drivers that take the reader for themselves. */
const RIVALS = ['pn533_usb', 'pn533_uart', 'pn533', 'pn532_uart'];
const FREE_MIN_BYTES = 512 * 1024 * 1024;
/** A board without a battery wakes up in 1970, or when its image was made. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

/** @param config null: only what every board needs */
export async function examine(board: Board, config: LaneConfig | null): Promise<Finding[]> {
  const findings = [nodeOf(board), clockOf(board), ...(await librariesOf(board, config))];
  findings.push(await rivalsOf(board));
  if (!config) return findings;
  findings.push(...(await readerOf(board, config)));
  findings.push(...(await samOf(board, config)));
  findings.push(await diskOf(board, config));
  return findings;
}

function nodeOf({ nodeVersion }: Board): Finding {
  const major = Number.parseInt(nodeVersion.replace('v', ''), 10);
  if (major >= 20) return good(`Node ${nodeVersion}`);
  return bad(`Node ${nodeVersion} is too old`, 'install Node 20 or newer');
}

function clockOf({ wall_ms }: Board): Finding {
  const today = new Date(wall_ms).toISOString().slice(0, 10);
  if (wall_ms >= EARLIEST_MS) return good(`clock says ${today} (UTC)`);
  return bad(`clock says ${today}: cards would be refused by date`, 'timedatectl set-ntp true');
}

async function librariesOf(board: Board, config: LaneConfig | null): Promise<Finding[]> {
  const needed = config ? ['serialport'] : [];
  return (await board.libraries()).map(({ name, ok, detail }) => {
    if (ok) return good(`${name}: ${detail}`);
    const cure = CURES[name] ?? 'npm ci';
    if (needed.includes(name)) return bad(`${name}: ${detail}`, cure);
    return { level: 'warning', what: `${name}: ${detail}`, cure: `only if you need it: ${cure}` };
  });
}

async function rivalsOf(board: Board): Promise<Finding> {
  const loaded = (await board.kernelModules()).filter((name) => RIVALS.includes(name));
  if (loaded.length === 0) return good('no kernel driver competes for the reader');
  const names = loaded.join(' ');
  const cure = `rmmod ${names}; and blacklist them in /etc/modprobe.d/tapway.conf`;
  return bad(`kernel driver ${names} may hold the reader`, cure);
}

async function readerOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  const { path } = config.reader;
  const device = await board.serialDevice(path);
  if (!device.exists) return [bad(`${path} does not exist`, 'plug the reader in; see dmesg')];
  if (!device.accessible) {
    return [bad(`${path} may not be opened`, 'usermod -aG dialout $USER, then log in anew')];
  }
  const findings = [good(`${path} exists and may be opened`)];
  if (device.latency_ms !== null && device.latency_ms > 1) {
    const cure = `echo 1 > ${device.latencyFile}; to keep it: a udev rule`;
    findings.push(warning(`USB latency timer is ${device.latency_ms} ms per answer`, cure));
  }
  if (device.power === 'auto') {
    const cure = `echo on > ${device.powerFile}; to keep it: a udev rule`;
    findings.push(warning('the kernel may put the reader to sleep (autosuspend)', cure));
  }
  if (device.heldBy.length > 0) {
    return [
      ...findings,
      bad(`${path} is held by ${device.heldBy.join(', ')}`, 'stop that program'),
    ];
  }
  const firmware = await board.readerFirmware(config);
  const answer = firmware.ok
    ? good(`the reader answers: ${firmware.value}`)
    : bad(`the reader does not answer: ${firmware.fault.detail}`, 'check power, cable and baud');
  return [...findings, answer];
}

async function samOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  const { sam } = config;
  if (sam.kind === 'psam') {
    const what = 'sam.kind is psam, and this version has no driver for PSAM slots';
    return [bad(what, 'set sam.kind: software for a pilot')];
  }
  const file = await board.file(sam.key_file);
  if (!file.exists) {
    const cure = `tapway sam seal --in KEYS.json --out ${sam.key_file}`;
    return [bad(`key file ${sam.key_file} does not exist`, cure)];
  }
  const findings =
    (file.mode & 0o077) === 0
      ? []
      : [bad(`others may read ${sam.key_file}`, `chmod 600 ${sam.key_file}`)];
  if (!board.hasVariable(sam.passphrase_env)) {
    const cure = 'set it in the service environment, not in a shell history';
    return [...findings, bad(`${sam.passphrase_env} is not set`, cure)];
  }
  const keySet = await board.keySet(config);
  const answer = keySet.ok
    ? good(`key file ${sam.key_file} opens with ${sam.passphrase_env}`)
    : bad(keySet.fault.detail, `mend ${sam.passphrase_env}, or seal the keys anew`);
  return [...findings, answer];
}

async function diskOf(board: Board, { data_dir }: LaneConfig): Promise<Finding> {
  const { nearest, writable, free_bytes } = await board.directory(data_dir);
  const mib = Math.floor(free_bytes / 1024 / 1024);
  if (!writable) {
    const cure = `mkdir -p ${data_dir}; chown it to the user of the lane`;
    return bad(`${data_dir}: ${nearest} may not be written`, cure);
  }
  if (free_bytes >= FREE_MIN_BYTES) return good(`${data_dir}: ${mib} MiB free`);
  return bad(`${data_dir}: only ${mib} MiB free`, 'free at least 512 MiB, or use another disk');
}

function good(what: string): Finding {
  return { level: 'good', what };
}

function warning(what: string, cure: string): Finding {
  return { level: 'warning', what, cure };
}

function bad(what: string, cure: string): Finding {
  return { level: 'bad', what, cure };
}
