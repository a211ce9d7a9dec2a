/**
 * A virtual CP2110: HID reports on one side, a UART on the other, a store of 480 bytes each way
 * (Silicon Labs AN434; the order of the two counts in report 0x42 as AN434 and OpenBSD have it).
 * Reports carry their ID first. It keeps parity and flow control but its line is 8N1 all the same.
 */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';

export interface Cp2110Options {
  readonly clock: Clock;
  /** The line takes bytes at its speed, and the host asks once a millisecond. */
  readonly paced: boolean;
}

export interface VirtualCp2110 {
  /** An output report: 1 to 63 bytes for the line. */
  output(report: Buffer): void;
  /** False: the chip refuses the report. */
  setFeature(report: Buffer): boolean;
  /** Null: there is no such report to get. */
  getFeature(id: number): Buffer | null;
  /** Sets the one listener for input reports. */
  onInput(listener: (report: Buffer) => void): void;
  /** Does a host fetch input reports? Until then they wait in the chip. True at first. */
  polled(on: boolean): void;
  /** Bytes that arrive on RXD. */
  receive(bytes: Buffer): void;
  /** Sets the one listener for bytes on TXD. */
  onTransmit(listener: (bytes: Buffer) => void): void;
  /** The host asked for a reset: the device leaves the bus and comes back. */
  onReset(listener: () => void): void;
  /** As after power-up: settings and bytes are gone, the UART is off. */
  powerUp(): void;
  readonly enabled: boolean;
  readonly baud: number;
  readonly counters: Readonly<Record<Counter, number>>;
}

type Counter = 'sent' | 'received' | 'overrun' | 'badReports' | 'refusedFeatures';

const FIFO_BYTES = 480;
const REPORT_BYTES = 63;
const POLL_MS = 1;
const PART_NUMBER = 0x0a;
const VERSION = 0x03;
/** 115200 8N1; AN434 names no other state after power-up. */
const CONFIG_AT_POWER_UP = Buffer.from('0001c20000000300', 'hex');

const NOTHING = Buffer.alloc(0);

/** Bytes of one direction, and the timer that moves the next of them. */
interface Fifo {
  bytes: Buffer;
  timer: Timer | undefined;
}

interface Chip extends Cp2110Options {
  readonly counters: Record<Counter, number>;
  /** For the line; a byte leaves when the line has taken it. */
  readonly tx: Fifo;
  /** For the host. */
  readonly rx: Fifo;
  /** When the line is free again. */
  free_ms: number;
  readonly config: Buffer;
  readonly gpio: Buffer;
  enabled: boolean;
  overrun: boolean;
  polled: boolean;
  input(report: Buffer): void;
  transmit(bytes: Buffer): void;
  reset(): void;
}

export function createVirtualCp2110(options: Cp2110Options): VirtualCp2110 {
  const chip: Chip = {
    ...options,
    counters: { sent: 0, received: 0, overrun: 0, badReports: 0, refusedFeatures: 0 },
    tx: { bytes: NOTHING, timer: undefined },
    rx: { bytes: NOTHING, timer: undefined },
    free_ms: 0,
    config: Buffer.from(CONFIG_AT_POWER_UP),
    gpio: Buffer.alloc(2),
    enabled: false,
    overrun: false,
    polled: true,
    input() {},
    transmit() {},
    reset() {},
  };
  return {
    output: (report) => output(chip, report),
    setFeature(report) {
      const taken = setFeature(chip, report);
      if (!taken) chip.counters.refusedFeatures += 1;
      return taken;
    },
    getFeature: (id) => getFeature(chip, id),
    onInput(listener) {
      chip.input = listener;
    },
    polled(on) {
      chip.polled = on;
      fetch(chip);
    },
    receive: (bytes) => receive(chip, bytes),
    onTransmit(listener) {
      chip.transmit = listener;
    },
    onReset(listener) {
      chip.reset = listener;
    },
    powerUp: () => powerUp(chip),
    get enabled() {
      return chip.enabled;
    },
    get baud() {
      return baudOf(chip);
    },
    counters: chip.counters,
  };
}

function empty(chip: Chip, ...fifos: Fifo[]): void {
  for (const fifo of fifos) {
    chip.clock.clearTimeout(fifo.timer);
    Object.assign(fifo, { bytes: NOTHING, timer: undefined });
  }
}

function powerUp(chip: Chip): void {
  empty(chip, chip.tx, chip.rx);
  CONFIG_AT_POWER_UP.copy(chip.config);
  chip.gpio.fill(0);
  chip.enabled = false;
  chip.overrun = false;
}

function baudOf({ config }: Chip): number {
  return config.readUInt32BE(0);
}

/** The ID is the length; what stands behind is padding. */
function output(chip: Chip, report: Buffer): void {
  const { counters, tx } = chip;
  const length = report.at(0) ?? 0;
  if (length === 0 || length > REPORT_BYTES || report.length <= length) {
    counters.badReports += 1;
    return;
  }
  if (!chip.enabled) return;
  store(chip, tx, report.subarray(1, 1 + length));
  transmit(chip);
}

function store(chip: Chip, fifo: Fifo, bytes: Buffer): void {
  const room = FIFO_BYTES - fifo.bytes.length;
  if (bytes.length > room) {
    chip.overrun = true;
    chip.counters.overrun += bytes.length - room;
  }
  fifo.bytes = Buffer.concat([fifo.bytes, bytes.subarray(0, room)]);
}

/**
 * Puts stored bytes on the line, as many at a time as it carries in a millisecond. They are handed
 * over when the first begins; the chip at the other end gives each its time.
 */
function transmit(chip: Chip): void {
  const { tx, clock, paced, counters } = chip;
  if (tx.timer !== undefined || tx.bytes.length === 0) return;
  const byte_ms = paced ? 10_000 / baudOf(chip) : 0;
  const bytes = tx.bytes.subarray(0, paced ? Math.max(1, Math.floor(1 / byte_ms)) : undefined);
  chip.free_ms = Math.max(clock.now_ms(), chip.free_ms) + bytes.length * byte_ms;
  counters.sent += bytes.length;
  chip.transmit(bytes);
  const taken = () => {
    tx.timer = undefined;
    tx.bytes = tx.bytes.subarray(bytes.length);
    transmit(chip);
  };
  if (paced) tx.timer = clock.setTimeout(taken, chip.free_ms - clock.now_ms());
  else taken();
}

function receive(chip: Chip, bytes: Buffer): void {
  if (!chip.enabled) return;
  chip.counters.received += bytes.length;
  store(chip, chip.rx, bytes);
  fetch(chip);
}

/** The host fetches one report per poll. */
function fetch(chip: Chip): void {
  const { rx, clock, paced } = chip;
  if (!chip.polled || rx.timer !== undefined || rx.bytes.length === 0) return;
  const poll = () => {
    rx.timer = undefined;
    if (!chip.polled) return;
    const bytes = rx.bytes.subarray(0, REPORT_BYTES);
    rx.bytes = rx.bytes.subarray(bytes.length);
    chip.input(Buffer.concat([Buffer.of(bytes.length), bytes]));
    fetch(chip);
  };
  if (paced) rx.timer = clock.setTimeout(poll, POLL_MS);
  else poll();
}

function setFeature(chip: Chip, report: Buffer): boolean {
  const { config, gpio } = chip;
  const body = report.subarray(1);
  const first = body.at(0) ?? 0;
  switch (report.at(0)) {
    case 0x40:
      powerUp(chip);
      chip.reset();
      return true;
    case 0x41:
      if (first > 1) return false;
      chip.enabled = first === 1;
      if (!chip.enabled) empty(chip, chip.tx, chip.rx);
      return true;
    case 0x43:
      if ((first & 1) !== 0) empty(chip, chip.tx);
      if ((first & 2) !== 0) empty(chip, chip.rx);
      return first !== 0 && first <= 3;
    case 0x45:
      if (body.length < 4) return false;
      for (const at of [0, 1]) {
        const mask = body.readUInt8(at + 2);
        gpio.writeUInt8((gpio.readUInt8(at) & ~mask & 0xff) | (body.readUInt8(at) & mask), at);
      }
      return true;
    case 0x50:
      if (!acceptable(body)) return false;
      body.copy(config, 0, 0, config.length);
      return true;
    // A break would be seen by nobody at this line's other end.
    case 0x51:
    case 0x52:
      return true;
    default:
      return false;
  }
}

/** Speed 300 to 1,000,000 with seven or eight bits, from 500,000 down with fewer. */
function acceptable(body: Buffer): boolean {
  if (body.length < CONFIG_AT_POWER_UP.length) return false;
  const [parity, flow, bits, stop] = [4, 5, 6, 7].map((at) => body.readUInt8(at));
  if (Number(parity) > 4 || Number(flow) > 1 || Number(bits) > 3 || Number(stop) > 1) return false;
  const baud = body.readUInt32BE(0);
  return baud >= 300 && baud <= (Number(bits) >= 2 ? 1_000_000 : 500_000);
}

function getFeature(chip: Chip, id: number): Buffer | null {
  const { enabled, tx, rx, gpio, config } = chip;
  switch (id) {
    case 0x41:
      return Buffer.of(id, enabled ? 1 : 0);
    case 0x42: {
      const report = Buffer.of(id, 0, 0, 0, 0, chip.overrun ? 2 : 0, 0);
      report.writeUInt16BE(tx.bytes.length, 1);
      report.writeUInt16BE(rx.bytes.length, 3);
      chip.overrun = false;
      return report;
    }
    case 0x44:
      return Buffer.concat([Buffer.of(id), gpio]);
    case 0x46:
      return Buffer.of(id, PART_NUMBER, VERSION);
    case 0x50:
      return Buffer.concat([Buffer.of(id), config]);
    default:
      return null;
  }
}
