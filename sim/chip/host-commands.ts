/** Commands between host and chip that need no card, and Diagnose (UM0701-02 §7.2, §7.3.1). */

import { type Air, STATUS, switchOff } from './air.ts';
import type { Settings } from './card-commands.ts';
import { checkPresence } from './exchange.ts';
import type { Handler, Run } from './run.ts';

/** What a command may do to the chip as a whole; both come into force after the response. */
export interface ChipControls {
  sleep(wakeUpEnable: number): void;
  /** Waits for the host's ACK. */
  proposeBaud(baud: number): void;
}

export interface HostParts {
  readonly air: Air;
  readonly settings: Settings;
  readonly controls: ChipControls;
}

/** IC PN532, version 1, revision 6, ISO 18092 and ISO 14443 A and B. */
const FIRMWARE = [0x32, 0x01, 0x06, 0x07];

const BAUDS = [9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000];

export function hostCommands(parts: HostParts): [number, Handler][] {
  const { air, settings } = parts;
  /** Registers keep what was written; the chip's own changes to them are not modelled. */
  const registers = new Map<number, number>();
  return [
    [0x00, (args, run) => diagnose(air, args, run)],
    [0x02, (_args, run) => run.answer(FIRMWARE)],
    [0x04, (_args, run) => run.answer(generalStatus(air, settings))],
    [0x06, (args, run) => readRegisters(registers, args, run)],
    [0x08, (args, run) => writeRegisters(registers, args, run)],
    [0x10, (args, run) => setBaud(parts.controls, args, run)],
    [0x12, (args, run) => setParameters(settings, args, run)],
    [0x14, (args, run) => samConfiguration(args, run)],
    [0x16, (args, run) => powerDown(parts, args, run)],
    [0x32, (args, run) => rfConfiguration(parts, args, run)],
  ];
}

/** NumTst, parameters; the tests of ROM, RAM and antenna always succeed on a simulated chip. */
function diagnose(air: Air, args: Buffer, run: Run): void {
  switch (args.at(0)) {
    case 0x00: // communication line: echo, number included
      run.answer(args);
      return;
    case 0x01: // ROM
    case 0x02: // RAM
      run.answer([0x00]);
      return;
    case 0x04: // polling to a FeliCa target, 128 times; the answer counts the failures
      run.answer([0x80]);
      return;
    case 0x06:
      attentionRequest(air, run);
      return;
    case 0x07: // self-test of the antenna
      if (args.length === 2) run.answer([0x00]);
      else run.refuse();
      return;
    default:
      run.refuse();
  }
}

/** Is the activated ISO 14443-4 card still there? 00 yes, 01 gone, 27 none is activated. */
function attentionRequest(air: Air, run: Run): void {
  const session = [...air.sessions.values()].find(({ selected, blocks }) => selected && blocks);
  if (session === undefined) run.answer([STATUS.context]);
  else checkPresence(air, run, { session, done: (status) => run.answer([status]) });
}

/** Err, external field, NbTg, per target: Tg, rates, modulation (type A); SAM status. */
function generalStatus(air: Air, settings: Settings): readonly number[] {
  const targets = [...air.sessions.values()].flatMap(({ number, rate }) => {
    const code = rate >> 1; // 1, 2, 4 → 0, 1, 2
    return [number, code, code, 0x00];
  });
  return [settings.lastError, 0x00, air.sessions.size, ...targets, 0x00];
}

function readRegisters(registers: Map<number, number>, args: Buffer, run: Run): void {
  if (args.length === 0 || args.length % 2 !== 0) {
    run.refuse();
    return;
  }
  const values: number[] = [];
  for (let at = 0; at < args.length; at += 2) {
    values.push(registers.get(args.readUInt16BE(at)) ?? 0x00);
  }
  run.answer(values);
}

function writeRegisters(registers: Map<number, number>, args: Buffer, run: Run): void {
  if (args.length === 0 || args.length % 3 !== 0) {
    run.refuse();
    return;
  }
  for (let at = 0; at < args.length; at += 3) {
    registers.set(args.readUInt16BE(at), args.readUInt8(at + 2));
  }
  run.answer([]);
}

function setBaud(controls: ChipControls, args: Buffer, run: Run): void {
  const baud = BAUDS[args.at(0) ?? 0xff];
  if (baud === undefined || args.length !== 1) {
    run.refuse();
    return;
  }
  run.answer([]);
  controls.proposeBaud(baud);
}

function setParameters(settings: Settings, args: Buffer, run: Run): void {
  const flags = args.at(0);
  if (flags === undefined || args.length !== 1) {
    run.refuse();
    return;
  }
  run.answer([]);
  settings.parameters = flags;
}

/** Mode (1 normal, 2 virtual card, 3 wired card, 4 dual card), time-out, IRQ. */
function samConfiguration(args: Buffer, run: Run): void {
  const mode = args.at(0) ?? 0;
  if (mode < 1 || mode > 4 || args.length > 3) run.refuse();
  else run.answer([]);
}

/** WakeUpEnable, GenerateIRQ. The RF field goes with the power. */
function powerDown({ air, controls }: HostParts, args: Buffer, run: Run): void {
  const wakeUpEnable = args.at(0);
  if (wakeUpEnable === undefined || args.length > 2) {
    run.refuse();
    return;
  }
  switchOff(air);
  run.answer([STATUS.ok]);
  controls.sleep(wakeUpEnable);
}

/** Bytes of each configuration item; the analog settings (0A to 0D) have no effect here. */
const ITEM_LENGTHS = new Map([
  [0x01, 1],
  [0x02, 3],
  [0x04, 1],
  [0x05, 3],
  [0x0a, 11],
  [0x0b, 8],
  [0x0c, 3],
  [0x0d, 9],
]);

function rfConfiguration({ air, settings }: HostParts, args: Buffer, run: Run): void {
  const item = args.at(0) ?? 0xff;
  const data = args.subarray(1);
  const last = data.at(-1);
  if (last === undefined || ITEM_LENGTHS.get(item) !== data.length) {
    run.refuse();
    return;
  }
  switch (item) {
    case 0x01: // bit 0: field on
      if ((last & 0x01) === 0) switchOff(air);
      else air.on = true;
      break;
    case 0x02: // RFU, ATR_RES time-out, time-out of InCommunicateThru
      settings.thruTimeout = last;
      break;
    case 0x04: // MxRtyCOM
      air.comRetries = last;
      break;
    case 0x05: // MxRtyATR, MxRtyPSL, MxRtyPassiveActivation
      air.activationRetries = last;
      break;
  }
  run.answer([]);
}
