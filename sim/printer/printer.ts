/**
 * A slip printer in software: bytes in, paper and status bytes out, in the printer's own time. Its
 * sensors can be worked by hand: paper, cover, cutter, power.
 */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import { createParser } from './commands.ts';
import { createInterpreter, type Done } from './interpreter.ts';
import { CHAR_WIDTH, DOTS_PER_MM, type Paper } from './paper.ts';

export interface PrinterOptions {
  readonly clock: Clock;
  /** 48, 42 or 32; 48 if absent. */
  readonly columns?: number;
  /** 150 if absent; slow ones reach 50. */
  readonly speed_mm_s?: number;
  /** A simple model: DLE DC4 8 and GS ( H do nothing. */
  readonly simple?: boolean;
}

export interface VirtualPrinter {
  /** Bytes from the host. */
  receive(bytes: Buffer): void;
  /** Sets the one listener for bytes to the host. */
  onSend(listener: (bytes: Buffer) => void): void;
  /** Called after each thing that moves paper or a sensor. */
  onChange(listener: () => void): void;
  readonly paper: Paper;
  /** Bytes received and not carried out yet. */
  readonly waiting: number;
  readonly sensors: Readonly<Sensors>;
  counters(): Readonly<Record<string, number>>;
  /** A new roll, or what is left of one. Near its end below 2 m. */
  load(paper_mm: number): void;
  cover(state: 'open' | 'closed'): void;
  /** `jammed`: from its next cut on; `ok`: somebody has freed it. */
  cutter(state: 'ok' | 'jammed'): void;
  /** Hears and says nothing, as with a broken cable. */
  mute(on: boolean): void;
  /** Off: buffers and modes are gone; on: as new, with what is on paper. */
  power(on: boolean): void;
  stop(): void;
}

interface Sensors {
  paper_mm: number;
  coverOpen: boolean;
  cutterBent: boolean;
  /** It tried to cut, and could not. */
  cutterJammed: boolean;
  muted: boolean;
  powered: boolean;
}

const ROLL_MM = 50_000;
const NEAR_END_MM = 2_000;
/** A host that sends more than this without waiting loses bytes. */
const BUFFER_BYTES = 64 * 1024;
/** Longest real-time command: DLE DC4 8 with its seven bytes. */
const TAIL_BYTES = 10;
const CLEAR = Buffer.from('10140801031401060208', 'hex');

export function createVirtualPrinter(options: PrinterOptions): VirtualPrinter {
  const { clock, columns = 48, speed_mm_s = 150, simple = false } = options;
  const counts = { bytes_in: 0, bytes_lost: 0, unknown_commands: 0, cuts: 0, cleared: 0 };
  const parser = createParser();
  const interpreter = createInterpreter(columns * CHAR_WIDTH);
  const sensors: Sensors = {
    ...{ paper_mm: ROLL_MM, coverOpen: false, cutterBent: false, cutterJammed: false },
    ...{ muted: false, powered: true },
  };
  let buffer: number[] = [];
  let next = 0;
  let tail = Buffer.alloc(0);
  let moving: Timer | null = null;
  let send: (bytes: Buffer) => void = () => {};
  let changed: () => void = () => {};

  return {
    receive,
    onSend(listener) {
      send = listener;
    },
    onChange(listener) {
      changed = listener;
    },
    get paper() {
      return interpreter.paper;
    },
    get waiting() {
      return buffer.length - next;
    },
    sensors,
    counters: () => ({ ...counts }),
    load: (paper_mm) => sense({ paper_mm }),
    cover: (state) => sense({ coverOpen: state === 'open' }),
    cutter: (state) =>
      sense(state === 'ok' ? { cutterBent: false, cutterJammed: false } : { cutterBent: true }),
    mute: (muted) => sense({ muted }),
    power(on) {
      if (!on) {
        clear();
        interpreter.initialise();
      }
      sense({ powered: on });
    },
    stop: clear,
  };

  function sense(change: Partial<Sensors>): void {
    Object.assign(sensors, change);
    changed();
    work();
  }

  function say(...bytes: number[]): void {
    if (sensors.powered && !sensors.muted) send(Buffer.from(bytes));
  }

  function receive(bytes: Buffer): void {
    if (!sensors.powered || sensors.muted) return;
    for (const byte of bytes) {
      counts.bytes_in += 1;
      if (buffer.length - next < BUFFER_BYTES) buffer.push(byte);
      else counts.bytes_lost += 1;
      tail = Buffer.concat([tail, Buffer.of(byte)]).subarray(-TAIL_BYTES);
      realTime();
    }
    work();
  }

  /** Carried out as they come in, whatever they are a part of. */
  function realTime(): void {
    const [dle, command, n = 0] = tail.subarray(-3);
    if (dle === 0x10 && command === 0x04) status(n);
    if (dle === 0x10 && command === 0x05 && n === 2 && sensors.cutterJammed) {
      sensors.cutterJammed = false;
      clear();
    }
    if (simple || !tail.equals(CLEAR)) return;
    clear();
    counts.cleared += 1;
    say(0x37, 0x25, 0x00);
  }

  function status(page: number): void {
    const answer = statusByte(page, sensors);
    if (answer !== null) say(answer);
  }

  function clear(): void {
    buffer = [];
    next = 0;
    tail = Buffer.alloc(0);
    parser.reset();
    interpreter.dropLine();
    if (moving !== null) clock.clearTimeout(moving);
    moving = null;
  }

  /** What it holds, until the paper moves, or it cannot go on. */
  function work(): void {
    while (moving === null && sensors.powered && isOnline(sensors)) {
      const byte = buffer[next];
      if (byte === undefined) {
        buffer = [];
        next = 0;
        return;
      }
      next += 1;
      const command = parser.push(byte, interpreter.chinese);
      if (!command) continue;
      if (command.kind === 'command' && command.name === 'GS r') tellPaper(command.data);
      else if (!(simple && command.kind === 'command' && command.name === 'GS ( H')) {
        move(interpreter.apply(command));
      }
    }
  }

  function tellPaper([n = 0]: Buffer): void {
    if (n % 48 === 1) say(sensors.paper_mm < NEAR_END_MM ? 0x03 : 0x00);
  }

  function move({ feed, cut, reply, known }: Done): void {
    if (!known) counts.unknown_commands += 1;
    if (reply) say(...reply);
    if (cut) {
      counts.cuts += 1;
      sensors.cutterJammed = sensors.cutterBent;
    }
    if (feed === 0) return;
    sensors.paper_mm = Math.max(0, sensors.paper_mm - feed / DOTS_PER_MM);
    changed();
    moving = clock.setTimeout(
      () => {
        moving = null;
        work();
      },
      (feed / DOTS_PER_MM / speed_mm_s) * 1_000,
    );
  }
}

function isOnline({ paper_mm, coverOpen, cutterJammed }: Sensors): boolean {
  return paper_mm > 0 && !coverOpen && !cutterJammed;
}

/** DLE EOT n; null for a page that there is not. Bits 1 and 4 are always set. */
function statusByte(page: number, sensors: Sensors): number | null {
  const { paper_mm, coverOpen, cutterJammed } = sensors;
  const pages: readonly (readonly (readonly [boolean, number])[])[] = [
    [[!isOnline(sensors), 0x08]],
    [
      [coverOpen, 0x04],
      [paper_mm <= 0, 0x20],
      [cutterJammed, 0x40],
    ],
    [[cutterJammed, 0x08]],
    [
      [paper_mm < NEAR_END_MM, 0x0c],
      [paper_mm <= 0, 0x60],
    ],
  ];
  const bits = pages[page - 1];
  return bits ? bits.reduce((sum, [set, bit]) => sum | (set ? bit : 0), 0x12) : null;
}
