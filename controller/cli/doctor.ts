/** `tapway doctor`: examines the board with the real devices. */

import type { KioskConfig } from '../../config/kiosk.ts';
import type { LaneConfig } from '../../config/schema.ts';
import { openBoard } from '../../firmware-bridge/barrier/board.ts';
import * as board from '../../firmware-bridge/board.ts';
import { probeLibraries } from '../../firmware-bridge/libraries.ts';
import { pickBridge } from '../../firmware-bridge/link/hid-choice.ts';
import { nodeHid } from '../../firmware-bridge/link/hid-library.ts';
import { openSerialLink } from '../../firmware-bridge/link/serial.ts';
import { listPcscReaders } from '../../firmware-bridge/pcsc/list.ts';
import { matches } from '../../firmware-bridge/pcsc/names.ts';
import { createPcscReader } from '../../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../../firmware-bridge/pcsc/slot.ts';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { whyStopped } from '../../firmware-bridge/printer/status.ts';
import { openKept, readActive } from '../blacklist/archive.ts';
import type { ExitCode, Io } from '../commands/io.ts';
import { createReader } from '../devices.ts';
import { createPrinter, KIOSK_DEVICES } from '../kiosk-devices.ts';
import { examine } from '../ops/doctor.ts';
import { examineKiosk } from '../ops/doctor-kiosk.ts';
import type {
  Finding,
  KioskBoard,
  ListState,
  PrinterState,
  ReaderPart,
  SlotPart,
} from '../ops/finding.ts';
import { wipeKeys } from '../sam/key-set.ts';
import { listDirectory } from '../stores.ts';
import { readAuthority } from './authority.ts';
import { readKeySet } from './key-file.ts';
import { readEither } from './shell.ts';

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
  const config = readEither(io, file);
  if (!config) return null;
  return 'kiosk' in config ? examineKiosk(realOne, config) : examine(realOne, config);
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
    printerDevice: board.inspectPrinterDevice,
    readerFirmware: (reader) => readerFirmware(io, reader),
    samAnswer: (sam) => samAnswer(io, sam),
    barrierAnswer: (barrier) => barrierAnswer(io, barrier),
    printerState: (printer) => printerState(io, printer),
    hsmAnswer: (ssc) => hsmAnswer(io, ssc),
    async keySet(sam) {
      const keySet = await readKeySet({ sam }, io);
      if (keySet.ok) wipeKeys(keySet.value);
      return keySet.ok ? ok(undefined) : keySet;
    },
    blacklist: (data_dir) => blacklistInForce(io, data_dir),
    indexLeftOpen: async (data_dir) =>
      (await board.inspectFile(`${data_dir}/ledger/index-in-use`)).exists,
  };
}

async function hidBridge(usb: LaneConfig['reader']['usb']): Promise<Reply<string>> {
  try {
    const bridge = pickBridge(await nodeHid.list(), usb);
    return bridge.ok ? ok(bridge.value.path) : bridge;
  } catch (error) {
    return failed('link-absent', 'none', `node-hid: ${String(error).split('\n')[0]}`);
  }
}

async function readerFirmware({ clock }: Io, config: ReaderPart): Promise<Reply<string>> {
  const reader =
    'path' in config ? createReader(config, clock) : createPcscReader({ config, clock });
  return reader.recover().finally(() => reader.close());
}

async function samAnswer({ clock }: Io, sam: SlotPart): Promise<Reply<Buffer>> {
  const { slot: pattern, timeout_ms } = sam;
  const slot = createPcscSamSlot({ pattern, timeout_ms, clock });
  return slot.reset().finally(() => slot.close());
}

async function printerState(
  { clock }: Io,
  config: KioskConfig['printer'],
): Promise<Reply<PrinterState>> {
  const printer = createPrinter(config, clock);
  if (!printer) return failed('printer-lost', 'none', `printer.kind ${config.kind}`);
  try {
    const alive = await printer.recover();
    const status = alive.ok ? await printer.status() : alive;
    if (!status.ok) return status;
    return ok({ stopped: whyStopped(status.value), nearEnd: status.value.paper === 'near-end' });
  } finally {
    await printer.close();
  }
}

async function hsmAnswer({ clock, disk }: Io, ssc: KioskConfig['ssc']): Promise<Reply<string>> {
  const authority = await readAuthority(ssc, disk);
  if (!authority.ok) return authority;
  const hsm = KIOSK_DEVICES.hsm({ ssc }, clock, authority.value);
  return hsm.probe().finally(() => hsm.close());
}

/** Not through the `Barrier` port, which gives orders to the leaves when it is closed. */
async function barrierAnswer(
  { clock }: Io,
  barrier: LaneConfig['barrier'],
): Promise<Reply<string>> {
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

async function blacklistInForce(io: Io, data_dir: string): Promise<Reply<ListState | null>> {
  const directory = listDirectory(data_dir, 'blacklist');
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
