/**
 * `tapway doctor`: checks a board and says how to mend what is missing. Every finding has a cure
 * that an installer can type. The bridge's eyes come in through `Board`, so that the rules here
 * can be tested without one. What the configuration
 * does not need is a hint at most.
 */

import type { LaneConfig } from '../../config/schema.ts';
import {
  barrierOf,
  type NamedReader,
  pcscdOf,
  readerOf,
  readerSlot,
  samSlot,
  slotsOf,
} from './doctor-devices.ts';
import { diskOf, indexOf, keysOf, listsOf } from './doctor-stores.ts';
import { type Board, bad, type Finding, good, warning } from './finding.ts';

/** What a configuration needs of a board. */
export type Use = 'serial' | 'hid' | 'pcsc' | 'modbus' | 'lists';

const CURES: Readonly<Record<string, string>> = {
  serialport: 'npm ci',
  'node-hid': 'apt-get install libusb-1.0-0 libudev1, then npm ci',
  pcsclite: 'apt-get install libpcsclite-dev g++ make python3, then npm ci',
};
const USES: Readonly<Record<string, readonly Use[]>> = {
  serialport: ['serial', 'modbus'],
  'node-hid': ['hid'],
  pcsclite: ['pcsc'],
  level: ['lists'],
  'modbus-serial': ['modbus'],
};
/** Kernel drivers that take a reader for themselves, and which kind of reader. */
const RIVALS: Readonly<Record<string, Use | null>> = {
  pn533_usb: 'pcsc',
  pn532_uart: 'serial',
  pn533: null,
  nfc: null,
  hid_mcp2221: null,
};
/** A board without a battery wakes up in 1970, or when its image was made. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

/** @param config null: only what every board needs */
export async function examine(board: Board, config: LaneConfig | null): Promise<Finding[]> {
  if (!config) return [...(await examineBoard(board, null)), await pcscdOf(board)];
  const { reader, far_reader: far, sam } = config;
  const readers: NamedReader[] = [{ key: 'reader', reader }];
  if (far) readers.push({ key: 'far_reader', reader: far });
  const findings = await examineBoard(board, usesOf(config));
  for (const each of readers) findings.push(...(await readerOf(board, each)));
  const slots = readers.flatMap((each) => readerSlot(board, each));
  if (sam.kind === 'psam') slots.push(samSlot(board, 'sam', sam));
  findings.push(...(await slotsOf(board, slots)));
  findings.push(...(await barrierOf(board, config)));
  if (sam.kind === 'software') findings.push(await keysOf(board, sam));
  findings.push(await listsOf(board, config));
  findings.push(await diskOf(board, config.data_dir));
  findings.push(...(await indexOf(board, config.data_dir)));
  return findings;
}

/** @param uses what the configuration needs of the board; null: there is no configuration */
export async function examineBoard(board: Board, uses: readonly Use[] | null): Promise<Finding[]> {
  const findings = [nodeOf(board), await clockOf(board)];
  findings.push(...(await librariesOf(board, uses ?? [])));
  findings.push(await rivalsOf(board, uses));
  if (uses && board.isRoot) findings.push(ROOT);
  return findings;
}

function usesOf({ reader, far_reader: far, sam, barrier }: LaneConfig): Use[] {
  const uses: Use[] = [reader.kind, 'lists'];
  if (far) uses.push(far.kind);
  if (sam.kind === 'psam') uses.push('pcsc');
  if (barrier.kind === 'modbus') uses.push('modbus');
  return uses;
}

const ROOT = warning(
  'root may open everything: permissions of the service were not tried',
  'run it as the user of the service: runuser -u tapway -- tapway doctor …',
);

function nodeOf({ nodeVersion }: Board): Finding {
  const major = Number.parseInt(nodeVersion.replace('v', ''), 10);
  if (major >= 20) return good(`Node ${nodeVersion}`);
  return bad(`Node ${nodeVersion} is too old`, 'install Node 20 or newer');
}

async function clockOf(board: Board): Promise<Finding> {
  const today = new Date(board.wall_ms).toISOString().slice(0, 10);
  const cure = 'timedatectl set-ntp true';
  if (board.wall_ms < EARLIEST_MS) {
    return bad(`clock says ${today}: cards would be refused by date`, cure);
  }
  if ((await board.clockSynchronised()) !== false) return good(`clock says ${today} (UTC)`);
  return warning(`clock says ${today} (UTC), compared with no time server yet`, cure);
}

async function librariesOf(board: Board, uses: readonly Use[]): Promise<Finding[]> {
  return (await board.libraries()).map(({ name, ok, detail }) => {
    if (ok) return good(`${name}: ${detail}`);
    const cure = CURES[name] ?? 'npm ci';
    const needed = USES[name]?.some((use) => uses.includes(use));
    if (needed) return bad(`${name}: ${detail}`, cure);
    return warning(`${name}: ${detail}`, `only if you need it: ${cure}`);
  });
}

async function rivalsOf(board: Board, uses: readonly Use[] | null): Promise<Finding> {
  const loaded = (await board.kernelModules()).filter((name) => name in RIVALS);
  if (loaded.length === 0) return good('no kernel driver competes for the reader');
  const names = loaded.join(' ');
  const cure = `rmmod ${names}; to keep it: config/board/modprobe.conf`;
  if (!uses) return warning(`kernel driver ${names} is loaded, which holds some readers`, cure);
  const harmful = loaded.some((name) => uses.some((use) => use === RIVALS[name]));
  if (harmful) return bad(`kernel driver ${names} may hold the reader`, cure);
  return warning(`kernel driver ${names} is loaded; it is not needed here`, cure);
}
