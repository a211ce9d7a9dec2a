/**
 * A virtual PN532 that speaks HSU bytes: line, sleep, frames, and the dispatch of commands
 * (PN532 user manual UM0701-02; product data sheet for the wake-up).
 */

import type { Clock } from '../../firmware-bridge/ports.ts';
import { type Air, createAir, switchOff } from './air.ts';
import { cardCommands, PARAMETER, type Settings } from './card-commands.ts';
import type { Field } from './field.ts';
import {
  ACK_FRAME,
  CHIP_TO_HOST,
  createFrameScanner,
  ERROR_FRAME,
  encodeFrame,
  type FrameScanner,
  HOST_TO_CHIP,
  type HostFrame,
} from './frame.ts';
import { hostCommands } from './host-commands.ts';
import { createRun, type Data, type Handler, type RunControl } from './run.ts';
import type { Timing } from './timing.ts';
import { createUart, type Uart } from './uart.ts';

export interface ChipOptions {
  readonly clock: Clock;
  readonly field: Field;
  readonly timing: Timing;
}

export interface VirtualPn532 {
  /** Bytes from the host, cut anywhere. */
  receive(bytes: Buffer): void;
  /** Sets the one listener for bytes to the host. */
  onSend(listener: (bytes: Buffer) => void): void;
  /** On at first. Off forgets everything; back on, the chip sleeps at 115200 baud. */
  power(on: boolean): void;
  /** A chip that hangs: it keeps its state, hears nothing and says nothing. */
  mute(on: boolean): void;
  /** The front end hangs until the field goes off: the chip answers well, and finds no card. */
  hangFrontEnd(): void;
  /** The rate of its line. */
  readonly baud: number;
  readonly counters: Readonly<Record<Counter, number>>;
}

export type Counter =
  | 'commands'
  | 'acks'
  | 'nacks'
  | 'badFrames'
  | 'syntaxErrors'
  | 'aborted'
  | 'lostBytes'
  | 'droppedBytes';

/** Bit 4 of WakeUpEnable; without it a sleeping chip does not listen to the line. */
const WAKE_BY_HSU = 0x10;
/** The data sheet's wake-up condition of the HSU. */
const WAKE_EDGES = 5;
const DEFAULT_BAUD = 115_200;

export function createVirtualPn532(options: ChipOptions): VirtualPn532 {
  const chip = createChip(options);
  const { uart, state, counters } = chip;
  return {
    receive: uart.receive,
    onSend: uart.onSend,
    power(on) {
      state.powered = on;
      reset(chip);
    },
    mute(on) {
      state.mute = on;
      abort(chip);
      chip.scanner.reset();
      uart.hush();
    },
    hangFrontEnd() {
      chip.air.hung = true;
    },
    get baud() {
      return uart.baud;
    },
    counters,
  };
}

interface State {
  powered: boolean;
  mute: boolean;
  /** Null while awake; else the WakeUpEnable byte and the rising edges seen so far. */
  asleep: { wakeUpEnable: number; edges: number } | null;
  /** Bytes before this moment are lost: the oscillator is starting. */
  awakeFrom_ms: number;
  proposedBaud: number | null;
  /** The command under way. */
  control: RunControl | null;
  lastResponse: Buffer | null;
}

interface Chip {
  readonly options: ChipOptions;
  readonly air: Air;
  readonly settings: Settings;
  readonly state: State;
  readonly uart: Uart;
  readonly scanner: FrameScanner;
  readonly handlers: Map<number, Handler>;
  readonly counters: Record<Counter, number>;
}

const AT_POWER_UP: State = {
  powered: true,
  mute: false,
  asleep: null,
  awakeFrom_ms: 0,
  proposedBaud: null,
  control: null,
  lastResponse: null,
};

function createChip(options: ChipOptions): Chip {
  const { clock, timing } = options;
  const counters: Chip['counters'] = {
    commands: 0,
    acks: 0,
    nacks: 0,
    badFrames: 0,
    syntaxErrors: 0,
    aborted: 0,
    lostBytes: 0,
    droppedBytes: 0,
  };
  const chip: Chip = {
    options,
    air: createAir(options),
    settings: { parameters: 0, thruTimeout: 0, lastError: 0 },
    state: { ...AT_POWER_UP },
    uart: createUart({
      clock,
      timing,
      baud: DEFAULT_BAUD,
      heard: (bytes, start_ms, byte_ms) => hear(chip, bytes, { start_ms, byte_ms }),
      dropped: (bytes) => {
        counters.droppedBytes += bytes;
      },
    }),
    scanner: createFrameScanner(
      (frame) => handle(chip, frame),
      () => {
        counters.badFrames += 1;
      },
    ),
    handlers: new Map(),
    counters,
  };
  reset(chip);
  return chip;
}

/** As after power-up: UM0701-02's defaults, and asleep until the line wakes it. */
function reset(chip: Chip): void {
  const { air, settings, state, handlers, uart, scanner } = chip;
  abort(chip);
  scanner.reset();
  uart.hush();
  uart.baud = DEFAULT_BAUD;
  switchOff(air);
  Object.assign(air, { comRetries: 0, activationRetries: 0xff });
  Object.assign(settings, { parameters: 0x14, thruTimeout: 0x0a, lastError: 0 });
  const { powered, mute } = state;
  const asleep = { wakeUpEnable: WAKE_BY_HSU, edges: 0 };
  Object.assign(state, { ...AT_POWER_UP, asleep, powered, mute });
  const controls = {
    sleep(wakeUpEnable: number) {
      state.asleep = { wakeUpEnable, edges: 0 };
    },
    proposeBaud(baud: number) {
      state.proposedBaud = baud;
    },
  };
  const all = [...hostCommands({ air, settings, controls }), ...cardCommands(air, settings)];
  for (const [code, handler] of all) handlers.set(code, handler);
}

/** Bytes have arrived; a command among them may send the chip to sleep before the next one. */
function hear(chip: Chip, bytes: Buffer, when: { start_ms: number; byte_ms: number }): void {
  const { start_ms, byte_ms } = when;
  for (let at = 0; at < bytes.length; at += 1) {
    const at_ms = start_ms + (at + 1) * byte_ms;
    if (isListening(chip, at_ms)) chip.scanner.push(bytes[at] ?? 0);
    else lose(chip, bytes[at] ?? 0, at_ms);
  }
}

function isListening({ state }: Chip, at_ms: number): boolean {
  return state.powered && !state.mute && state.asleep === null && at_ms >= state.awakeFrom_ms;
}

/** One byte has arrived in full at `at_ms` and is no part of a frame; it may wake the chip. */
function lose({ state, counters, options }: Chip, byte: number, at_ms: number): void {
  counters.lostBytes += 1;
  const { powered, mute, asleep } = state;
  if (!powered || mute || asleep === null || (asleep.wakeUpEnable & WAKE_BY_HSU) === 0) return;
  asleep.edges += risingEdges(byte);
  if (asleep.edges < WAKE_EDGES) return;
  state.asleep = null;
  state.awakeFrom_ms = at_ms + options.timing.wakeUp_ms();
}

/** On the line: start bit 0, eight data bits from the lowest, stop bit 1. A 0x55 has five. */
function risingEdges(byte: number): number {
  const line = 0x200 | (byte << 1);
  let edges = 0;
  for (let bit = 1; bit <= 9; bit += 1) {
    if ((line >> bit) % 2 === 1 && (line >> (bit - 1)) % 2 === 0) edges += 1;
  }
  return edges;
}

function handle(chip: Chip, frame: HostFrame): void {
  const { state, counters } = chip;
  switch (frame.kind) {
    case 'ack':
      counters.acks += 1;
      abort(chip);
      if (state.proposedBaud !== null) chip.uart.baud = state.proposedBaud;
      state.proposedBaud = null;
      return;
    case 'nack':
      counters.nacks += 1;
      if (state.control === null && state.lastResponse !== null) chip.uart.send(state.lastResponse);
      return;
    case 'information':
      execute(chip, frame.data);
  }
}

/** A new command ends the one under way, as the manual says, without an answer to that one. */
function execute(chip: Chip, data: Buffer): void {
  const { counters, uart, state, options, settings } = chip;
  abort(chip);
  state.proposedBaud = null;
  counters.commands += 1;
  uart.send(ACK_FRAME);
  const code = data.at(1);
  const handler = code === undefined ? undefined : chip.handlers.get(code);
  if (data.at(0) !== HOST_TO_CHIP || code === undefined || handler === undefined) {
    respond(chip, null);
    return;
  }
  const bare = (settings.parameters & PARAMETER.removePreAndPostamble) !== 0;
  state.control = createRun(options.clock, (answer) => {
    state.control = null;
    respond(chip, answer && encodeFrame(responseOf(code, answer), bare));
  });
  handler(data.subarray(2), state.control.run);
}

function responseOf(code: number, answer: Data): Buffer {
  const response = Buffer.allocUnsafe(2 + answer.length);
  response[0] = CHIP_TO_HOST;
  response[1] = code + 1;
  response.set(answer, 2);
  return response;
}

/** Null is a syntax error. */
function respond(chip: Chip, response: Buffer | null): void {
  if (response === null) chip.counters.syntaxErrors += 1;
  chip.state.lastResponse = response ?? ERROR_FRAME;
  chip.uart.send(chip.state.lastResponse);
}

function abort({ state, counters }: Chip): void {
  if (state.control === null) return;
  state.control.abort();
  state.control = null;
  counters.aborted += 1;
}
