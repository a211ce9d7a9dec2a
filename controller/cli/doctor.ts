/** `tapway doctor`: examines the board with the real devices. */

import { isKioskFile, loadKiosk } from '../../config/load-kiosk.ts';
import type { LaneConfig } from '../../config/schema.ts';
import { openBoard } from '../../firmware-bridge/barrier/board.ts';
import * as board from '../../firmware-bridge/board.ts';
import { probeLibraries } from '../../firmware-bridge/libraries.ts';
import { pickBridge } from '../../firmware-bridge/link/hid-choice.ts';
import { nodeHid } from '../../firmware-bridge/link/hid-library.ts';
import { openSerialLink } from '../../firmware-bridge/link/serial.ts';
import { listPcscReaders } from '../../firmware-bridge/pcsc/list.ts';
import { matches } from '../../firmware-bridge/pcsc/names.ts';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { openKept, readActive } from '../blacklist/archive.ts';
import type { ExitCode, Io } from '../commands/io.ts';
import { DEVICES } from '../devices.ts';
import { examine } from '../ops/doctor.ts';
import { examineKiosk, type KioskBoard } from '../ops/doctor-kiosk.ts';
import type { Finding, ListState } from '../ops/finding.ts';
import { wipeKeys } from '../sam/key-set.ts';
import { listDirectory } from '../stores.ts';
import { readKeySet } from './key-file.ts';
import { readLane } from './shell.ts';

/** @param file the configuration of a lane or kiosk; without it only what every board needs */
export async function doctor(io: Io, file: string | undefined): Promise<ExitCode> {
  const findings = await findingsOf(io, file);
  if (!findings) return 2;
  for (const { level, what, cure } of findings) {
    io.out(`${level.padEnd(8)} ${what}${cure ? `\n         cure: ${cure}` : ''}`);
  }
  return findings.some(({ level }) => level === 'bad') ? 1 : 0;
}

/** Null: the configuration cannot be used, as standard error says. */
async function findingsOf(io: Io, file: string | undefined): Promise<Finding[] | null> {
  const realOne = realBoard(io);
  if (file === undefined) return examine(realOne, null);
  if (!isKioskFile(file, io.env)) {
    const lane = readLane(io, file);
    return lane && examine(realOne, lane);
  }
  const loaded = loadKiosk(file, io.env);
  if (loaded.ok) return examineKiosk(realOne, loaded.config);
  for (const error of loaded.errors) io.err(error);
  return null;
}

function realBoard(io: Io): KioskBoard {
  return {
    hasProgram: board.hasProgram,
    hasChineseFont: board.hasChineseFont,
    nodeVersion: process.version,
    wall_ms: io.clock.wall_ms(),
    isRoot: process.getuid?.() === 0,
    clockSynchronised: board.clockSynchronised,
    libraries: probeLibraries,
    kernelModules: board.kernelModules,
    usbDevices: () => board.usbDevices(),
    serialDevice: board.inspectSerialDevice,
    hidBridge,
    hidDevice: board.inspectHidDevice,
    pcscReaders: () => listPcscReaders(io.clock),
    matches,
    file: board.inspectFile,
    directory: board.inspectDirectory,
    hasVariable: (name) => Boolean(io.env[name]),
    readerFirmware: (lane) => readerFirmware(io, lane),
    samAnswer: (lane) => samAnswer(io, lane),
    barrierAnswer: (lane) => barrierAnswer(io, lane),
    async keySet(lane) {
      const keySet = await readKeySet(lane, io);
      if (keySet.ok) wipeKeys(keySet.value);
      return keySet.ok ? ok(undefined) : keySet;
    },
    blacklist: (lane) => blacklistInForce(io, lane),
    indexLeftOpen: async ({ data_dir }) =>
      (await board.inspectFile(`${data_dir}/ledger/index-in-use`)).exists,
  };
}

async function hidBridge({ reader }: LaneConfig): Promise<Reply<string>> {
  try {
    const bridge = pickBridge(await nodeHid.list(), reader.usb);
    return bridge.ok ? ok(bridge.value.path) : bridge;
  } catch (error) {
    return failed('link-absent', 'none', `node-hid: ${String(error).split('\n')[0]}`);
  }
}

async function readerFirmware(io: Io, lane: LaneConfig): Promise<Reply<string>> {
  const reader = DEVICES.reader(lane, io.clock);
  const firmware = await reader.recover();
  await reader.close();
  return firmware;
}

async function samAnswer(io: Io, lane: LaneConfig): Promise<Reply<Buffer>> {
  const slot = DEVICES.samSlot(lane, io.clock);
  const answer = await slot.reset();
  await slot.close();
  return answer;
}

/** Not through the `Barrier` port, which gives orders to the leaves when it is closed. */
async function barrierAnswer({ clock }: Io, { barrier }: LaneConfig): Promise<Reply<string>> {
  const { path, baud, parity, stop_bits, unit, timeout_ms, inputs } = barrier;
  const link = await openSerialLink({ path, baud, parity, stop_bits, clock });
  if (!link.ok) return link;
  const counts = { requests: 0, timeouts: 0, garbled: 0, exceptions: 0, stray_bytes: 0 };
  const onLost = () => {};
  const modbus = await openBoard({
    ...{ link: link.value, clock, unit, baud, timeout_ms, counts, onLost },
  });
  const answer = await modbus.readInputs(Math.min(...inputs.beams), 1);
  await modbus.close();
  return answer.ok ? ok(`unit ${unit} at ${baud} baud`) : answer;
}

async function blacklistInForce(io: Io, lane: LaneConfig): Promise<Reply<ListState | null>> {
  const directory = listDirectory(lane.data_dir, 'blacklist');
  const active = await readActive(io.disk, directory);
  if (!active.ok) return active;
  const kept = active.value?.chain.at(-1);
  if (!active.value || !kept) return ok(null);
  const list = await openKept({ disk: io.disk, directory }, kept);
  if (!list.ok) return list;
  await list.value.close();
  const age_hours = (io.clock.wall_ms() - Date.parse(list.value.header.issued)) / 3_600_000;
  return ok({ version: active.value.version, age_hours });
}
