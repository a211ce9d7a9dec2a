/** Lanes and boards for `tapway doctor`: one on which nothing is wrong, and what may differ. */

import { writeFileSync } from 'node:fs';
import { loadConfig } from '../../../config/load.ts';
import type { LaneConfig } from '../../../config/schema.ts';
import type { Board } from '../../../controller/ops/finding.ts';
import { matches } from '../../../firmware-bridge/pcsc/names.ts';
import { type DeviceFile, ok, type UsbDevice } from '../../../firmware-bridge/ports.ts';
import { scratch } from '../../commands/programs.ts';

const modbus = (path: string) =>
  `barrier: { kind: modbus, path: ${path}, inputs: { beams: [0, 1] }, outputs: { open_in: 0 } }\n`;

const LANE = `extends: shipped:lanes/flat.yaml
data_dir: /data
reader: { path: /dev/reader }
sam: { kind: software, key_file: /keys }
lists: { trusted_keys: ['04${'11'.repeat(64)}'] }
`;
const KINDS = {
  serial: LANE,
  hid: LANE.replace('path: /dev/reader', 'kind: hid'),
  pcsc: LANE.replace('path: /dev/reader', 'kind: pcsc, name: "* PICC*"'),
  psam: LANE.replace('kind: software', 'kind: psam, slot: "* SAM*"'),
  both: LANE.replace('path: /dev/reader', 'kind: pcsc, name: "ACS*"').replace(
    'kind: software',
    'kind: psam, slot: "*PICC*"',
  ),
  modbus: LANE + modbus('/dev/board'),
  bothEnds: `${LANE}far_reader: { path: /dev/far }\n`,
  bothEndsOneSlot: LANE.replace(
    'path: /dev/reader }',
    'kind: pcsc, name: "* PICC*" }\nfar_reader: { kind: pcsc, name: "ACS*PICC*" }',
  ),
  oneLine: LANE + modbus('/dev/reader'),
  simulated: `${LANE}barrier: { kind: simulated }\n`,
  untrusting: LANE.replace(/lists.*\n/, ''),
  strict: LANE.replace('lists: {', 'lists: { when_stale: close,'),
};
export type Kind = keyof typeof KINDS;

export const DEVICE: DeviceFile = {
  ...{ exists: true, accessible: true, group: 'dialout', heldBy: [] },
  ...{ latency_ms: null, latencyFile: null, power: null, powerFile: null },
};
const SLOTS = ['ACS ACR1281 PICC 00 00', 'ACS ACR1281 SAM 00 01'];

/** A board on which nothing is wrong, but for what differs. */
export function boardWith(differs: Partial<Board>): Board {
  return {
    nodeVersion: 'v20.11.0',
    wall_ms: Date.UTC(2026, 6, 1),
    isRoot: false,
    clockSynchronised: async () => true,
    libraries: async () => [{ name: 'serialport', ok: true, detail: 'loads' }],
    kernelModules: async () => ['ftdi_sio', 'usbserial'],
    usbDevices: async () => [],
    serialDevice: async () => DEVICE,
    hidBridge: async () => ok('/dev/hidraw0'),
    hidDevice: async () => DEVICE,
    pcscReaders: async () => ok(SLOTS),
    matches,
    file: async (path) => ({ exists: !path.endsWith('/index'), mode: 0o600 }),
    directory: async () => ({ nearest: '/data', writable: true, free_bytes: 2 ** 30 }),
    hasVariable: () => true,
    readerFirmware: async () => ok('PN532 1.6'),
    samAnswer: async () => ok(Buffer.from('3b68', 'hex')),
    barrierAnswer: async () => ok('unit 1 at 19200 baud'),
    keySet: async () => ok(undefined),
    blacklist: async () => ok({ version: 42, age_hours: 5 }),
    indexLeftOpen: async () => false,
    ...differs,
  };
}

const device = (differs: Partial<DeviceFile>) => async () => ({ ...DEVICE, ...differs });
export const serial = (differs: Partial<DeviceFile>): Partial<Board> => ({
  serialDevice: device(differs),
});
export const hid = (differs: Partial<DeviceFile>): Partial<Board> => ({
  hidDevice: device(differs),
});

export function library(name: string): Partial<Board> {
  return { libraries: async () => [{ name, ok: false, detail: 'no native build' }] };
}

export function modules(...names: string[]): Partial<Board> {
  return { kernelModules: async () => names };
}

export function slots(...names: string[]): Partial<Board> {
  return { pcscReaders: async () => ok(names) };
}

export function usb(differs: Partial<UsbDevice>): Partial<Board> {
  const found: UsbDevice = {
    ...{ place: '1-1.3', id: '072f:2200', power: 'on', powerFile: '/sys/control' },
    interfaces: [{ class: '0b', driver: null }],
    ...differs,
  };
  return { usbDevices: async () => [found] };
}

export function configOf(kind: Kind): LaneConfig {
  const file = `${scratch()}/lane.yaml`;
  writeFileSync(file, KINDS[kind]);
  const loaded = loadConfig(file, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}
