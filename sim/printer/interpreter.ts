/** Commands and characters put on paper: the line in the print buffer, and what each feeds. */

import receiptline from 'receiptline';
import type { Command } from './commands.ts';
import { defaults, MODE_COMMANDS, type Modes } from './modes.ts';
import { CHAR_HEIGHT, CHAR_WIDTH, type Mark, type Paper } from './paper.ts';

/** What a command did, for the mechanics around it. */
export interface Done {
  /** Dots of paper moved. */
  readonly feed: number;
  readonly cut: boolean;
  readonly reply: Buffer | null;
  readonly known: boolean;
}

export interface Interpreter {
  readonly chinese: boolean;
  readonly paper: Paper;
  apply(command: Command): Done;
  /** Throws the line away that is not printed yet. */
  dropLine(): void;
  /** ESC @, and power. */
  initialise(): void;
}

/** From the print head to the knife, so far GS V 65 and 66 feed. */
const KNIFE_DOTS = 96;
/** Tab stops of a printer just switched on: every eighth column. */
const TAB_DOTS = 8 * CHAR_WIDTH;
const NOTHING: Done = { feed: 0, cut: false, reply: null, known: true };

type Pending = Omit<Extract<Mark, { kind: 'char' }>, 'y'>;
type Action = (data: Buffer) => Partial<Done>;

/** @param width dots of a line, 576 on paper of 80 mm */
export function createInterpreter(width: number): Interpreter {
  const marks: Mark[] = [];
  const decoder = new TextDecoder('gb18030');
  let modes: Modes = defaults(width);
  let line: Pending[] = [];
  let x = 0;
  let y = 0;
  const actions: Readonly<Record<string, Action>> = {
    LF: () => ({ feed: printLine() }),
    FF: () => ({ feed: printLine() }),
    HT: () => moveTo((Math.floor(x / TAB_DOTS) + 1) * TAB_DOTS),
    'ESC $': (data) => moveTo(data.readUInt16LE()),
    'ESC \\': (data) => moveTo(Math.max(0, x + data.readInt16LE())),
    'ESC J': ([n = 0]) => ({ feed: printLine(0) + feed(n) }),
    'ESC d': ([n = 0]) => ({ feed: printLine(0) + feed(n * modes.spacing) }),
    'GS v': (data) => ({ feed: raster(data) }),
    'GS V': ([mode = 0, n = 0]) => cut(mode, n),
    'GS ( H': (data) => processId(data.subarray(3)),
  };
  return {
    get chinese() {
      return modes.chinese;
    },
    get paper() {
      return { width, length: y, marks };
    },
    apply,
    dropLine,
    initialise,
  };

  function apply(command: Command): Done {
    if (command.kind === 'char') return { ...NOTHING, feed: character(command.bytes) };
    const { name, data } = command;
    if (name === 'ESC @') initialise();
    if (name === 'CAN') dropLine();
    const change = MODE_COMMANDS[name];
    if (change) modes = { ...modes, ...change(data, modes) };
    if (name === 'GS ( k' && data[3] === 49 && data[4] === 81)
      return { ...NOTHING, feed: symbol() };
    const action = actions[name];
    if (action) return { ...NOTHING, ...action(data) };
    return { ...NOTHING, known: change !== undefined || name === 'ESC @' || name === 'CAN' };
  }

  function initialise(): void {
    modes = defaults(width);
    dropLine();
  }

  function dropLine(): void {
    line = [];
    x = 0;
  }

  function moveTo(dots: number): Partial<Done> {
    x = dots;
    return {};
  }

  function areaWidth(): number {
    return Math.max(CHAR_WIDTH, Math.min(modes.area, width - modes.left));
  }

  function character(bytes: Buffer): number {
    const { style, gap } = modes;
    const wide = bytes.length > 1;
    const text = wide ? decoder.decode(bytes) : bytes.toString('latin1');
    const takes = (CHAR_WIDTH * (wide ? 2 : 1) + gap) * style.scaleX;
    const fed = x + takes > areaWidth() && line.length > 0 ? printLine() : 0;
    line.push({ kind: 'char', text, x, width: takes, height: CHAR_HEIGHT * style.scaleY, style });
    x += takes;
    return fed;
  }

  /** Characters stand on a common base line. */
  function printLine(least = modes.spacing): number {
    const height = Math.max(0, ...line.map((each) => each.height));
    const shift = aligned(Math.max(0, ...line.map((each) => each.x + each.width)));
    for (const each of line) {
      marks.push({ ...each, x: each.x + shift, y: y + height - each.height });
    }
    dropLine();
    return feed(Math.max(height, least));
  }

  function feed(dots: number): number {
    y += dots;
    return dots;
  }

  function aligned(takes: number): number {
    return modes.left + Math.max(0, Math.floor(((areaWidth() - takes) * modes.align) / 2));
  }

  /** GS v 0: one bit a dot, row by row. */
  function raster(data: Buffer): number {
    if (data.length < 6) return 0;
    const dots = { width: data.readUInt16LE(2) * 8, height: data.readUInt16LE(4) };
    marks.push({ kind: 'image', ...dots, x: aligned(dots.width), y, rows: data.subarray(6) });
    return feed(dots.height);
  }

  function symbol(): number {
    const { text, module, level } = modes.qr;
    const side = text === '' ? 0 : qrModules(text, level).length * module;
    if (side === 0) return 0;
    const place = { x: aligned(side), y, width: side, height: side };
    marks.push({ kind: 'qr', text, module, level, ...place });
    return feed(side);
  }

  function cut(mode: number, n: number): Partial<Done> {
    const fed = printLine(0) + (mode >= 65 ? feed(KNIFE_DOTS + n) : 0);
    const full = [0, 48, 65, 97].includes(mode);
    marks.push({ kind: 'cut', x: 0, y, width, height: 1, full });
    return { feed: fed, cut: true };
  }
}

/** GS ( H 48: the answer comes when everything before it is on paper. */
function processId(data: Buffer): Partial<Done> {
  if (data[0] !== 48 || data.length < 6) return {};
  return { reply: Buffer.concat([Buffer.of(0x37, 0x22), data.subarray(2, 6), Buffer.of(0)]) };
}

/** Rows of 0 and 1; none for a text that is too long for a symbol. */
export function qrModules(text: string, level: Modes['qr']['level']): readonly Uint8Array[] {
  try {
    return receiptline.qrcode.generate({ data: text, type: 'qrcode', cell: 1, level });
  } catch {
    return [];
  }
}
