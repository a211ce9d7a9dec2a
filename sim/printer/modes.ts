/** What the printer has been told about how to print, and the commands that say so. */

import { CHAR_WIDTH, type Style } from './paper.ts';

export interface Modes {
  readonly style: Style;
  /** GB 18030 pairs, or single bytes. */
  readonly chinese: boolean;
  /** 0 left, 1 centre, 2 right. */
  readonly align: number;
  /** Left margin, in dots. */
  readonly left: number;
  /** Width of the printing area, in dots. */
  readonly area: number;
  /** Line spacing, in dots. */
  readonly spacing: number;
  /** Dots behind each character. */
  readonly gap: number;
  readonly qr: {
    readonly text: string;
    readonly module: number;
    readonly level: 'l' | 'm' | 'q' | 'h';
  };
}

/** ESC 2: 1/6 inch at 203 dots an inch. */
const LINE_SPACING = 34;
const PLAIN: Style = { scaleX: 1, scaleY: 1, bold: false, underline: false, inverted: false };

/** After power-on. Chinese models start in Chinese mode. */
export function defaults(width: number): Modes {
  const qr = { text: '', module: 3, level: 'l' } as const;
  const line = { align: 0, left: 0, area: width, spacing: LINE_SPACING, gap: 0 };
  return { style: PLAIN, chinese: true, ...line, qr };
}

type Change = (data: Buffer, modes: Modes) => Partial<Modes>;

const nothing: Change = () => ({});
const styled =
  (change: (n: number) => Partial<Style>): Change =>
  ([n = 0], { style }) => ({ style: { ...style, ...change(n) } });

export const MODE_COMMANDS: Readonly<Record<string, Change>> = {
  'ESC 2': () => ({ spacing: LINE_SPACING }),
  'ESC 3': ([spacing = 0]) => ({ spacing }),
  'ESC  ': ([gap = 0]) => ({ gap }),
  'ESC !': styled((n) => ({
    ...{ bold: bit(n, 3), underline: bit(n, 7) },
    ...{ scaleX: bit(n, 5) ? 2 : 1, scaleY: bit(n, 4) ? 2 : 1 },
  })),
  'ESC -': styled((n) => ({ underline: n % 48 > 0 })),
  'ESC E': styled((n) => ({ bold: bit(n, 0) })),
  'ESC G': styled((n) => ({ bold: bit(n, 0) })),
  'ESC a': ([n = 0]) => ({ align: (n % 48) % 3 }),
  'FS &': () => ({ chinese: true }),
  'FS .': () => ({ chinese: false }),
  'FS !': styled((n) => ({
    ...{ scaleX: bit(n, 2) ? 2 : 1, scaleY: bit(n, 3) ? 2 : 1, underline: bit(n, 7) },
  })),
  'FS -': styled((n) => ({ underline: n % 48 > 0 })),
  'GS !': styled((n) => ({ scaleX: ((n >> 4) & 7) + 1, scaleY: (n & 7) + 1 })),
  'GS B': styled((n) => ({ inverted: bit(n, 0) })),
  'GS L': (data) => ({ left: data.readUInt16LE() }),
  'GS W': (data) => ({ area: Math.max(CHAR_WIDTH, data.readUInt16LE()) }),
  // GS ( k for cn 49 (QR code), but for its printing (function 81).
  'GS ( k': (data, { qr }) => (data[3] === 49 ? { qr: symbol(data, qr) } : {}),
  // Known, and without a meaning here: fonts and code pages of Latin text, upside down, ASB.
  ...{ CR: nothing, 'ESC M': nothing, 'ESC R': nothing, 'ESC t': nothing, 'ESC {': nothing },
  ...{ 'FS S': nothing, 'FS C': nothing, 'GS a': nothing },
  // Real-time commands have been carried out when they came in.
  ...{ 'DLE \x04': nothing, 'DLE \x05': nothing, 'DLE \x14': nothing },
};

/** Functions 67 (module), 69 (error correction) and 80 (data); `data` begins with the letter k. */
function symbol(data: Buffer, qr: Modes['qr']): Modes['qr'] {
  const [fn, n = 0] = data.subarray(4);
  if (fn === 67) return { ...qr, module: Math.min(Math.max(n, 1), 16) };
  if (fn === 69) return { ...qr, level: (['l', 'm', 'q', 'h'] as const)[n - 48] ?? 'l' };
  return fn === 80 ? { ...qr, text: data.subarray(6).toString('utf8') } : qr;
}

function bit(n: number, which: number): boolean {
  return ((n >> which) & 1) === 1;
}
