/** What `tapway doctor` finds about reader, PSAM slot and barrier. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Reply } from '../../firmware-bridge/ports.ts';
import { type Board, bad, type Device, type Finding, good, warning } from './finding.ts';

const RULES = 'copy config/board/99-tapway.rules to /etc/udev/rules.d, then udevadm trigger';
/** USB interface class of card readers behind pcscd. */
const CCID = '0b';

export function readerOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  switch (config.reader.kind) {
    case 'serial':
      return serialReaderOf(board, config);
    case 'hid':
      return hidReaderOf(board, config);
    case 'pcsc':
      // Its slot is looked for together with the SAM's: one daemon has both.
      return Promise.resolve([]);
  }
}

/** The reader at the other end of a lane for both directions, where there is one. */
export async function farReaderOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  if (!config.far_reader) return [];
  const findings = await readerOf(board, { ...config, reader: config.far_reader });
  return findings.map((finding) => ({ ...finding, what: `far reader: ${finding.what}` }));
}

async function serialReaderOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  const { path } = config.reader;
  const { findings, usable } = deviceOf(path, await board.serialDevice(path));
  return usable ? [...findings, await readerAnswerOf(board, config)] : findings;
}

async function hidReaderOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  const bridge = await board.hidBridge(config);
  if (!bridge.ok) {
    const holders = driversOf(await board.usbDevices(), '10c4:ea80', 'usbhid');
    if (holders) return [bad(`the CP2110 is held by kernel driver ${holders}`, `rmmod ${holders}`)];
    const cure = 'plug the reader in, or set reader.usb.serial or reader.usb.path; ls /dev/tapway';
    return [bad(bridge.fault.detail, cure)];
  }
  const { findings, usable } = deviceOf(bridge.value, await board.hidDevice(bridge.value));
  return usable ? [...findings, await readerAnswerOf(board, config)] : findings;
}

async function readerAnswerOf(board: Board, config: LaneConfig): Promise<Finding> {
  const firmware = await board.readerFirmware(config);
  if (firmware.ok) return good(`the reader answers: ${firmware.value}`);
  const cures: Readonly<Record<typeof config.reader.kind, string>> = {
    serial: 'check power, cable, the HSU jumpers of the PN532, and reader.baud',
    hid: 'check power, the wires between CP2110 and PN532, its HSU jumpers, and reader.baud',
    pcsc: 'plug the reader in anew; then systemctl restart pcscd',
  };
  return bad(`the reader does not answer: ${firmware.fault.detail}`, cures[config.reader.kind]);
}

/** Everything behind pcscd: the reader of kind pcsc, the slot of the PSAM. */
export async function slotsOf(board: Board, config: LaneConfig): Promise<Finding[]> {
  const { reader, far_reader: far, sam } = config;
  const wanted: Wanted[] = [];
  if (reader.kind === 'pcsc') wanted.push({ key: 'reader.name', pattern: reader.name });
  if (far?.kind === 'pcsc') wanted.push({ key: 'far_reader.name', pattern: far.name });
  if (sam.kind === 'psam') wanted.push({ key: 'sam.slot', pattern: sam.slot });
  if (wanted.length === 0) return [];
  const findings = await sleepersOf(board);
  const names = await board.pcscReaders();
  if (!names.ok) {
    const cure = 'apt-get install pcscd; systemctl enable --now pcscd.socket';
    return [...findings, bad(`PC/SC: ${names.fault.detail}`, cure)];
  }
  const found = wanted.map((each) => slotOf(board, names.value, each));
  findings.push(...found.map(({ finding }) => finding));
  for (const [index, { name }] of found.entries()) {
    const twin = found.findIndex((each) => name !== undefined && each.name === name);
    if (name === undefined || twin === index) continue;
    const what = `${wanted[twin]?.key} and ${wanted[index]?.key} both mean '${name}'`;
    return [...findings, bad(what, 'make each match its own slot; pcsc_scan -r')];
  }
  for (const [index, { key }] of wanted.entries()) {
    if (!found[index]?.name) continue;
    if (key === 'sam.slot') findings.push(await samAnswerOf(board, config));
    else if (key === 'reader.name') findings.push(await readerAnswerOf(board, config));
    else if (far) findings.push(await readerAnswerOf(board, { ...config, reader: far }));
  }
  return findings;
}

interface Wanted {
  readonly key: 'reader.name' | 'far_reader.name' | 'sam.slot';
  readonly pattern: string;
}

interface Found {
  readonly finding: Finding;
  readonly name?: string;
}

function slotOf(board: Board, names: readonly string[], { key, pattern }: Wanted): Found {
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

async function samAnswerOf(board: Board, config: LaneConfig): Promise<Finding> {
  const answer = await board.samAnswer(config);
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
    return [bad(`${key}.path and barrier.path are both ${path}`, 'give each its own line')];
  }
  const { findings, usable } = deviceOf(path, await board.serialDevice(path));
  if (!usable) return findings;
  const answer = await patientAnswer(() => board.barrierAnswer(config));
  if (answer.ok) return [...findings, good(`the barrier board answers: ${answer.value}`)];
  const what = `the barrier board does not answer: ${answer.fault.detail}`;
  const cure = 'check its power, A and B, barrier.baud, barrier.parity and barrier.unit';
  return [...findings, bad(what, cure)];
}

/** A single late answer, on a busy machine, is no reason to send for somebody. */
async function patientAnswer(ask: () => Promise<Reply<string>>): Promise<Reply<string>> {
  let answer = await ask();
  for (let asked = 1; !answer.ok && asked < ASKED_MAX; asked += 1) answer = await ask();
  return answer;
}

const ASKED_MAX = 3;

/** What a device file must be before its device is asked. */
function deviceOf(path: string, device: Device): { findings: Finding[]; usable: boolean } {
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
