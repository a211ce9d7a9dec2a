/** What is on the paper, in dots (8 a millimetre), from the upper left corner of the roll. */

export const DOTS_PER_MM = 8;
/** A half-width character; an ideograph is twice as wide. */
export const CHAR_WIDTH = 12;
export const CHAR_HEIGHT = 24;

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Style {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly inverted: boolean;
}

export type Mark =
  | (Place & { readonly kind: 'char'; readonly text: string; readonly style: Style })
  /** One bit a dot, rows padded to bytes. */
  | (Place & { readonly kind: 'image'; readonly rows: Buffer })
  | (Place & {
      readonly kind: 'qr';
      readonly text: string;
      readonly level: 'l' | 'm' | 'q' | 'h';
      readonly module: number;
    })
  | (Place & { readonly kind: 'cut'; readonly full: boolean });

export interface Paper {
  readonly width: number;
  /** What has come out so far. */
  readonly length: number;
  readonly marks: readonly Mark[];
}

export interface PaperLine {
  readonly y_mm: number;
  /** Characters at their columns, blanks between; `[cut]`, `[image 150x150]`, `[QR …]`. */
  readonly text: string;
  /** The largest height in the line, 1 to 8. */
  readonly height: number;
  readonly bold: boolean;
}

/** The paper as lines of text, from top to bottom. */
export function linesOf({ marks }: Paper): PaperLine[] {
  const rows = new Map<number, Mark[]>();
  for (const mark of marks) {
    const bottom = mark.y + mark.height;
    rows.set(bottom, [...(rows.get(bottom) ?? []), mark]);
  }
  return [...rows.entries()]
    .sort(([a], [b]) => a - b)
    .map(([bottom, row]) => ({
      y_mm: bottom / DOTS_PER_MM,
      text: textOf(row),
      height: Math.max(...row.map((mark) => (mark.kind === 'char' ? mark.style.scaleY : 1))),
      bold: row.some((mark) => mark.kind === 'char' && mark.style.bold),
    }));
}

function textOf(row: readonly Mark[]): string {
  let text = '';
  let column = 0;
  for (const mark of [...row].sort((a, b) => a.x - b.x)) {
    const start = Math.floor(mark.x / CHAR_WIDTH);
    text += ' '.repeat(Math.max(0, start - column)) + nameOf(mark);
    column = start + Math.round(mark.width / CHAR_WIDTH);
  }
  return text.trimEnd();
}

function nameOf(mark: Mark): string {
  switch (mark.kind) {
    case 'char':
      return mark.text;
    case 'image':
      return `[image ${mark.width}x${mark.height}]`;
    case 'qr':
      return `[QR ${mark.text}]`;
    case 'cut':
      return '[cut]';
  }
}
