/** The paper as a picture (SVG): every character at its place and size, images dot by dot. */

import { qrModules } from './interpreter.ts';
import { CHAR_HEIGHT, type Mark, type Paper } from './paper.ts';

/** Blank paper around what is printed, in dots. */
const MARGIN = 24;

export function drawPaper({ width, length, marks }: Paper): string {
  const across = width + 2 * MARGIN;
  const down = length + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${across}" height="${down}"`,
    ` viewBox="${-MARGIN} ${-MARGIN} ${across} ${down}">`,
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${across}" height="${down}" fill="#fffdf7"/>`,
    '<g font-family="\'Noto Sans Mono CJK SC\',monospace" font-size="22" fill="#222">',
    ...marks.map(drawMark),
    '</g></svg>',
  ].join('');
}

function drawMark(mark: Mark): string {
  switch (mark.kind) {
    case 'char':
      return drawChar(mark);
    case 'image':
      return dots(mark, bitRows(mark.rows, mark.width), 1);
    case 'qr':
      return dots(mark, qrModules(mark.text, mark.level), mark.module);
    case 'cut': {
      const dash = mark.full ? 'none' : '6 6';
      const line = `M${-MARGIN},${mark.y}h${mark.width + 2 * MARGIN}`;
      return `<path d="${line}" stroke="#c33" stroke-width="2" stroke-dasharray="${dash}"/>`;
    }
  }
}

function drawChar({ x, y, width, height, text, style }: Extract<Mark, { kind: 'char' }>): string {
  const { scaleX, scaleY, bold, underline, inverted } = style;
  if (text === ' ' && !underline && !inverted) return '';
  const fill = inverted ? ' fill="#fff"' : '';
  const weight = bold ? ' font-weight="bold"' : '';
  const middle = width / 2 / scaleX;
  const glyph =
    `<text transform="translate(${x},${y}) scale(${scaleX},${scaleY})" x="${middle}"` +
    ` y="${CHAR_HEIGHT - 4}" text-anchor="middle"${weight}${fill}>${escaped(text)}</text>`;
  const back = inverted ? `<rect x="${x}" y="${y}" width="${width}" height="${height}"/>` : '';
  const under = underline ? `<path d="M${x},${y + height}h${width}" stroke="#222"/>` : '';
  return back + glyph + under;
}

/** Black runs as one path. */
function dots(
  { x, y }: { readonly x: number; readonly y: number },
  rows: readonly ArrayLike<number>[],
  size: number,
): string {
  let path = '';
  for (const [row, cells] of rows.entries()) {
    let start = -1;
    for (let column = 0; column <= cells.length; column += 1) {
      const black = cells[column] === 1;
      if (black && start < 0) start = column;
      if (black || start < 0) continue;
      const [left, top] = [x + start * size, y + row * size];
      path += `M${left},${top}h${(column - start) * size}v${size}H${left}z`;
      start = -1;
    }
  }
  return `<path d="${path}"/>`;
}

function bitRows(rows: Buffer, width: number): number[][] {
  const stride = width / 8;
  return Array.from({ length: stride > 0 ? Math.floor(rows.length / stride) : 0 }, (_, row) =>
    Array.from({ length: width }, (__, column) => {
      const byte = rows[row * stride + (column >> 3)] ?? 0;
      return (byte >> (7 - (column & 7))) & 1;
    }),
  );
}

/** Control characters have no place in XML. */
function escaped(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD');
  return shown.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
