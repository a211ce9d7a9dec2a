/**
 * Cuts a byte stream into ESC/POS commands and characters, by the length that each has in Epson's
 * command reference (and FS & … of the Chinese models). Written without a look at the product's
 * encoder. Never throws; what it does not know is a command of two bytes.
 */

export type Command =
  /** One character: its bytes in the code in force. */
  | { readonly kind: 'char'; readonly bytes: Buffer }
  /** `name` is what follows ESC, FS, GS or DLE, with the prefix: `ESC @`, `GS ( k`. */
  | { readonly kind: 'command'; readonly name: string; readonly data: Buffer };

const PREFIX: Readonly<Record<number, string>> = { 16: 'DLE', 27: 'ESC', 28: 'FS', 29: 'GS' };
const CONTROL: Readonly<Record<number, string>> = {
  ...{ 9: 'HT', 10: 'LF', 12: 'FF', 13: 'CR', 24: 'CAN' },
};
/** A longer command is read to its end and thrown away. */
const KEPT_BYTES = 256 * 1024;

/** How many bytes follow the name; a command that is not here has none. */
const FIXED: Readonly<Record<string, number>> = {
  ...{ 'DLE \x04': 1, 'DLE \x05': 1 },
  ...{ 'ESC  ': 1, 'ESC !': 1, 'ESC -': 1, 'ESC 3': 1, 'ESC E': 1, 'ESC G': 1, 'ESC J': 1 },
  ...{ 'ESC M': 1, 'ESC R': 1, 'ESC V': 1, 'ESC a': 1, 'ESC d': 1, 'ESC e': 1, 'ESC t': 1 },
  ...{ 'ESC {': 1, 'ESC r': 1, 'ESC =': 1, 'ESC %': 1, 'ESC T': 1, 'ESC c': 2, 'ESC $': 2 },
  ...{ 'ESC \\': 2, 'ESC p': 3, 'ESC W': 8, 'FS !': 1, 'FS -': 1, 'FS C': 1, 'FS W': 1 },
  ...{ 'FS S': 2, 'GS !': 1, 'GS B': 1, 'GS H': 1, 'GS I': 1, 'GS a': 1, 'GS b': 1, 'GS f': 1 },
  ...{ 'GS h': 1, 'GS r': 1, 'GS w': 1, 'GS /': 1, 'GS L': 2, 'GS W': 2, 'GS $': 2, 'GS \\': 2 },
  ...{ 'GS P': 2 },
};

/** Bytes after the name, as far as `data` tells; undefined: more of it must be seen first. */
const VARIABLE: Readonly<Record<string, (data: readonly number[]) => number | undefined>> = {
  'DLE \x14': ([fn]) => (fn === undefined ? undefined : realTimeLength(fn)),
  'ESC *': ([mode = 0, low, high]) => {
    if (low === undefined || high === undefined) return undefined;
    return 3 + (low + high * 256) * (mode >= 32 ? 3 : 1);
  },
  'ESC D': untilNul,
  'FS (': parenthesised,
  'GS (': parenthesised,
  'GS 8': ([, a, b, c, d]) => {
    if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
    return 5 + a + b * 0x100 + c * 0x10000 + d * 0x1000000;
  },
  'GS *': ([x, y]) => (x === undefined || y === undefined ? undefined : 2 + x * y * 8),
  'GS V': ([mode]) => (mode === undefined ? undefined : cutLength(mode)),
  'GS k': (data) => {
    const [system, count] = data;
    if (system === undefined) return undefined;
    if (system <= 6) return untilNul(data);
    return count === undefined ? undefined : 2 + count;
  },
  'GS v': ([, , xLow, xHigh, yLow, yHigh]) => {
    if (xLow === undefined || xHigh === undefined) return undefined;
    if (yLow === undefined || yHigh === undefined) return undefined;
    return 6 + (xLow + xHigh * 256) * (yLow + yHigh * 256);
  },
};

function realTimeLength(fn: number): number {
  if (fn === 8) return 8;
  return fn === 1 || fn === 2 ? 3 : 1;
}

/** Functions with a feed (65, 66 …) have its length as a second parameter. */
function cutLength(mode: number): number {
  return mode >= 65 ? 2 : 1;
}

function parenthesised([, low, high]: readonly number[]): number | undefined {
  return low === undefined || high === undefined ? undefined : 3 + low + high * 256;
}

function untilNul(data: readonly number[]): number | undefined {
  const end = data.indexOf(0);
  return end < 0 ? undefined : end + 1;
}

export interface Parser {
  /** The command or character that ends with this byte, or null. */
  push(byte: number, chinese: boolean): Command | null;
  /** Drops what is half read. */
  reset(): void;
}

export function createParser(): Parser {
  let prefix = '';
  let name = '';
  let data: number[] = [];
  /** Bytes of a character that are still to come, or of the command after the kept ones. */
  let wanted: number | undefined;
  let seen = 0;
  const reset = () => {
    prefix = '';
    name = '';
    data = [];
    wanted = undefined;
    seen = 0;
  };

  return { push, reset };

  function push(byte: number, chinese: boolean): Command | null {
    if (name !== '') return parameter(byte);
    if (prefix !== '') return named(byte);
    if (data.length > 0) return character(byte, chinese);
    const starts = PREFIX[byte];
    if (starts !== undefined) {
      prefix = starts;
      return null;
    }
    if (byte >= 0x20) return character(byte, chinese);
    return { kind: 'command', name: CONTROL[byte] ?? `control ${byte}`, data: Buffer.alloc(0) };
  }

  function named(byte: number): Command | null {
    name = `${prefix} ${String.fromCharCode(byte)}`;
    if (name in VARIABLE) return null;
    wanted = FIXED[name] ?? 0;
    return wanted === 0 ? finished() : null;
  }

  function parameter(byte: number): Command | null {
    seen += 1;
    if (data.length < KEPT_BYTES) data.push(byte);
    wanted ??= VARIABLE[name]?.(data);
    if (wanted === undefined && seen === KEPT_BYTES) wanted = seen;
    return wanted === undefined || seen < wanted ? null : finished();
  }

  function finished(): Command {
    const sub = name === 'GS (' || name === 'FS (' || name === 'GS 8';
    const [letter = 0] = data;
    const whole = sub ? `${name} ${String.fromCharCode(letter)}` : name;
    // Of what was too long to keep nothing is shown.
    const kept = seen > KEPT_BYTES ? [] : data;
    const command: Command = { kind: 'command', name: whole, data: Buffer.from(kept) };
    reset();
    return command;
  }

  /** GB 18030: two bytes, or four where the second is a digit. */
  function character(byte: number, chinese: boolean): Command | null {
    data.push(byte);
    const [lead = 0, second] = data;
    const wide = chinese && lead > 0x80 && lead < 0xff;
    if (wide && second === undefined) return null;
    const four = second !== undefined && second >= 0x30 && second <= 0x39;
    if (wide && four && data.length < 4) return null;
    const bytes = Buffer.from(data);
    reset();
    return { kind: 'char', bytes };
  }
}
