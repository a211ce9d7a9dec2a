/** What `tapway doctor` finds about devices: readers, slots of SAMs, barrier, printer, HSM. */

import type { KioskConfig } from '../../config/kiosk.ts';
import type { LaneConfig } from '../../config/schema.ts';
import type { DeviceFile, Reply } from '../../firmware-bridge/ports.ts';
import {
  type Board,
  bad,
  type Finding,
  good,
  type KioskBoard,
  type ReaderPart,
  type SlotPart,
  warning,
} from './finding.ts';

const RULES = 'copy config/board/99-tapway.rules to /etc/udev/rules.d, then udevadm trigger';
/** USB interface class of card readers behind pcscd. */
const CCID = '0b';

/** A reader under its key in the configuration. */
export interface NamedReader {
  readonly key: 'reader' | 'far_reader' | 'contact' | 'contactless';
  readonly reader: ReaderPart;
}

/** A reader with a wire of its own; what is behind pcscd is looked for together, by `slotsOf`. */
export async function readerOf(board: Board, named: NamedReader): Promise<Finding[]> {
  const { key, reader } = named;
  if (reader.kind === 'pcsc') return [];
  const findings =
    reader.kind === 'serial'
      ? await serialReaderOf(board, named, reader.path)
      : await hidReaderOf(board, named, reader.usb);
  if (key === 'reader') return findings;
  const name = key === 'far_reader' ? 'far reader' : key;
  return findings.map((finding) => ({ ...finding, what: `${name}: ${finding.what}` }));
}

async function serialReaderOf(board: Board, named: NamedReader, path: string) {
  const { findings, usable } = deviceOf(path, await board.serialDevice(path));
  return usable ? [...findings, await readerAnswerOf(board, named)] : findings;
}

type Usb = LaneConfig['reader']['usb'];

async function hidReaderOf(board: Board, named: NamedReader, usb: Usb): Promise<Finding[]> {
  const { key } = named;
  const bridge = await board.hidBridge(usb);
  if (!bridge.ok) {
    const holders = driversOf(await board.usbDevices(), '10c4:ea80', 'usbhid');
    if (holders) return [bad(`the CP2110 is held by kernel driver ${holders}`, `rmmod ${holders}`)];
    const cure = `plug the reader in, or set ${key}.usb.serial or ${key}.usb.path; ls /dev/tapway`;
    return [bad(bridge.fault.detail, cure)];
  }
  const { findings, usable } = deviceOf(bridge.value, await board.hidDevice(bridge.value));
  return usable ? [...findings, await readerAnswerOf(board, named)] : findings;
}

async function readerAnswerOf(board: Board, { key, reader }: NamedReader): Promise<Finding> {
  const firmware = await patientAnswer(() => board.readerFirmware(reader));
  if (firmware.ok) return good(`the reader answers: ${firmware.value}`);
  const cures: Readonly<Record<typeof reader.kind, string>> = {
    serial: `check power, cable, the HSU jumpers of the PN532, and ${key}.baud`,
    hid: `check power, the wires between CP2110 and PN532, its HSU jumpers, and ${key}.baud`,
    pcsc: 'plug the reader in anew; then systemctl restart pcscd',
  };
  return bad(`the reader does not answer: ${firmware.fault.detail}`, cures[reader.kind]);
}

/** A slot behind pcscd, and the question to what is in it. */
export interface Slot {
  readonly key: string;
  readonly pattern: string;
  readonly ask: () => Promise<Finding>;
}

/** The slot of a reader of kind pcsc; none where the reader has a wire of its own. */
export function readerSlot(board: Board, named: NamedReader): Slot[] {
  const { key, reader } = named;
  if (reader.kind !== 'pcsc') return [];
  const ask = () => readerAnswerOf(board, named);
  return [{ key: `${key}.name`, pattern: reader.name, ask }];
}

export function samSlot(board: Board, key: string, sam: SlotPart): Slot {
  return { key: `${key}.slot`, pattern: sam.slot, ask: () => samAnswerOf(board, sam) };
}

/** Everything behind pcscd: one daemon has it all. */
export async function slotsOf(board: Board, wanted: readonly Slot[]): Promise<Finding[]> {
  if (wanted.length === 0) return [];
  const findings = await sleepersOf(board);
  const names = await board.pcscReaders();
  if (!names.ok) return [...findings, bad(`PC/SC: ${names.fault.detail}`, PCSCD)];
  const found = wanted.map((each) => slotOf(board, names.value, each));
  findings.push(...found.map(({ finding }) => finding));
  for (const [index, { name }] of found.entries()) {
    const twin = found.findIndex((each) => name !== undefined && each.name === name);
    if (name === undefined || twin === index) continue;
    const what = `${wanted[twin]?.key} and ${wanted[index]?.key} both mean '${name}'`;
    return [...findings, bad(what, 'make each match its own slot; pcsc_scan -r')];
  }
  for (const [index, { ask }] of wanted.entries()) {
    if (found[index]?.name !== undefined) findings.push(await ask());
  }
  return findings;
}

const PCSCD = 'apt-get install pcscd; systemctl enable --now pcscd.socket';

/** Without a configuration: somebody may want a card reader, such as `tapway card read`. */
export async function pcscdOf(board: Board): Promise<Finding> {
  const names = await board.pcscReaders();
  if (!names.ok) return warning(`PC/SC: ${names.fault.detail}`, `only if you need it: ${PCSCD}`);
  return good(`pcscd answers: ${names.value.length === 0 ? 'no reader' : listed(names.value)}`);
}

interface Found {
  readonly finding: Finding;
  readonly name?: string;
}

function slotOf(board: Board, names: readonly string[], { key, pattern }: Slot): Found {
  const [name, ...others] = names.filter((each) => board.matches(pattern, each));
  const cure = `set ${key} to one of the names of pcsc_scan -r; * and ? are allowed`;
  if (name === undefined) {
    if (names.length > 0) {
      return { finding: bad(`${key} '${pattern}' fits none of ${listed(names)}`, cure) };
    }
    const what = `pcscd sees no reader; ${key} is '${pattern}'`;
    return { finding: bad(what, 'plug it in; apt-get install libccid; systemctl restart pcscd') };
  }
  if (others.length > 0) {
    return { finding: bad(`${key} '${pattern}' fits ${listed([name, ...others])}`, cure) };
  }
  return { finding: good(`${key}: '${name}'`), name };
}

async function samAnswerOf(board: Board, sam: SlotPart): Promise<Finding> {
  const answer = await board.samAnswer(sam);
  if (answer.ok) return good(`the PSAM answers to reset: ${answer.value.toString('hex')}`);
  const cure = 'seat the PSAM anew, contacts down; stop a lane or program that holds the slot';
  return bad(`the PSAM does not answer: ${answer.fault.detail}`, cure);
}

/** Card readers that sleep, or that a kernel driver keeps from pcscd. */
async function sleepersOf(board: Board): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { place, id, power, powerFile, interfaces } of await board.usbDevices()) {
    const driver = interfaces.find((each) => each.driver?.startsWith('pn533'))?.driver;
    if (driver) {
      const cure = `rmmod ${driver}; to keep it: config/board/modprobe.conf`;
      findings.push(bad(`card reader ${id} at ${place} is held by kernel driver ${driver}`, cure));
    }
    if (power !== 'auto' || !interfaces.some((each) => each.class === CCID)) continue;
    findings.push(sleepy(`card reader ${id} at ${place}`, powerFile));
  }
  return findings;
}

/** Opening the board's line and reading its inputs moves nothing. */
export async function barrierOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  const { kind, path } = config.barrier;
  if (kind === 'none') return [good('barrier.kind none: a post without leaves')];
  if (kind === 'simulated') {
    const cure = 'set barrier.kind: modbus and wire the board, or none for a post';
    return [warning('barrier.kind simulated exists in tapway-sim alone: no leaves here', cure)];
  }
  for (const key of ['reader', 'far_reader'] as const) {
    if (config[key]?.kind !== 'serial' || config[key].path !== path) continue;
    return [oneLineForTwo(`${key}.path`, 'barrier.path', path)];
  }
  const { findings, usable } = deviceOf(path, await board.serialDevice(path));
  if (!usable) return findings;
  const answer = await patientAnswer(() => board.barrierAnswer(config.barrier));
  if (answer.ok) return [...findings, good(`the barrier board answers: ${answer.value}`)];
  const what = `the barrier board does not answer: ${answer.fault.detail}`;
  const cure = 'check its power, A and B, barrier.baud, barrier.parity and barrier.unit';
  return [...findings, bad(what, cure)];
}

function oneLineForTwo(one: string, other: string, path: string): Finding {
  return bad(`${one} and ${other} are both ${path}`, 'give each its own line');
}

/** Asking a printer for its state prints nothing. */
export async function printerOf(board: KioskBoard, config: KioskConfig): Promise<Finding[]> {
  const { printer, contactless } = config;
  const { kind, path } = printer;
  if (kind === 'none' || kind === 'simulated' || path === undefined) {
    const what = `printer.kind ${kind}: nothing is printed`;
    return [warning(what, 'set printer.kind and printer.path')];
  }
  if (contactless?.kind === 'serial' && contactless.path === path) {
    return [oneLineForTwo('contactless.path', 'printer.path', path)];
  }
  const file = await (kind === 'usb' ? board.printerDevice(path) : board.serialDevice(path));
  const { findings, usable } = deviceOf(path, file);
  if (usable) findings.push(...(await printerStateOf(board, printer)));
  return findings.map((finding) => ({ ...finding, what: `printer: ${finding.what}` }));
}

async function printerStateOf(
  board: KioskBoard,
  printer: KioskConfig['printer'],
): Promise<Finding[]> {
  const state = await patientAnswer(() => board.printerState(printer));
  if (!state.ok) {
    const baud = printer.kind === 'serial' ? ', printer.baud and printer.flow' : '';
    const cure = `check power, cable${baud}; it must speak ESC/POS; remove cups and ipp-usb`;
    return [bad(`it does not answer: ${state.fault.detail}`, cure)];
  }
  const { stopped, nearEnd } = state.value;
  if (stopped !== null) return [bad(`it cannot print: ${stopped}`, 'mend that at the printer')];
  if (nearEnd) return [warning('its paper is near its end', 'put a new roll in')];
  return [good('it answers, with paper in it')];
}

export async function hsmOf(board: KioskBoard, { ssc }: KioskConfig): Promise<Finding[]> {
  if (!ssc.keys.endsWith('hsm')) return [];
  const answer = await board.hsmAnswer(ssc);
  if (answer.ok) return [good(`HSM: ${answer.value}`)];
  const cure =
    'check network, ssc.hsm.address, port, tls, ca_file, and IPAddressAllow= of the unit';
  return [bad(`HSM: ${answer.fault.detail}`, cure)];
}

/** A single late answer, on a busy machine, is no reason to send for somebody. */
async function patientAnswer<T>(ask: () => Promise<Reply<T>>): Promise<Reply<T>> {
  let answer = await ask();
  for (let asked = 1; !answer.ok && asked < ASKED_MAX; asked += 1) answer = await ask();
  return answer;
}

const ASKED_MAX = 3;

/** What a device file must be before its device is asked. */
function deviceOf(path: string, device: DeviceFile): { findings: Finding[]; usable: boolean } {
  const { exists, accessible, group, heldBy, latency_ms, latencyFile, power, powerFile } = device;
  if (!exists) {
    const cure = 'plug it in; dmesg and ls /dev/tapway tell its name';
    return { findings: [bad(`${path} does not exist`, cure)], usable: false };
  }
  if (!accessible) {
    const cure = group === null ? RULES : `usermod -aG ${group} tapway, then start anew`;
    return { findings: [bad(`${path} may not be opened`, cure)], usable: false };
  }
  const findings = [good(`${path} exists and may be opened`)];
  if (latency_ms !== null && latency_ms > 1) {
    const cure = `echo 1 > ${latencyFile}; to keep it: ${RULES}`;
    findings.push(warning(`${path}: USB latency timer is ${latency_ms} ms per answer`, cure));
  }
  if (power === 'auto') findings.push(sleepy(path, powerFile ?? ''));
  if (heldBy.length === 0) return { findings, usable: true };
  findings.push(bad(`${path} is held by ${heldBy.join(', ')}`, 'stop that program'));
  return { findings, usable: false };
}

function sleepy(name: string, powerFile: string): Finding {
  const cure = `echo on > ${powerFile}; to keep it: ${RULES}`;
  return warning(`${name}: the kernel may put it to sleep (autosuspend)`, cure);
}

/** Drivers other than the usual one that hold a device of this kind; empty: none. */
function driversOf(
  devices: Awaited<ReturnType<Board['usbDevices']>>,
  id: string,
  usual: string,
): string {
  const drivers = devices
    .filter((device) => device.id === id)
    .flatMap(({ interfaces }) => interfaces.flatMap(({ driver }) => driver ?? []));
  return drivers.filter((driver) => driver !== usual).join(' ');
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
