/** The parts that a slip is made of, as lines of a receiptline document. */

import { data } from './paper.ts';

/** `elder`: every line twice as high, and what a row says twice as wide where it fits. */
export interface SlipStyle {
  /** BCP 47, such as `zh-CN`. */
  readonly locale: string;
  /** 48, 42 or 32 half-width characters. */
  readonly columns: number;
  readonly elder: boolean;
}

export interface SlipParts {
  /** In the middle, twice as wide and high, bold. */
  title(text: string): string;
  /** In the middle. */
  centred(text: string): string;
  /** A paragraph, broken between words. */
  paragraph(text: string): string;
  /** What it is at the left, what it says at the right. */
  row(label: string, value: string): string;
  /** As `row`, with what it says twice as wide and high; below the label where it is too long. */
  bigRow(label: string, value: string): string;
  /** Three columns, the last one right-aligned. */
  record(cells: readonly [string, string, string]): string;
  rule(): string;
  qr(text: string): string;
}

/** `^^`: twice as high; `^^^`: twice as wide, too. */
const TALL = '^^';
const LARGE = '^^^';

export function slipParts({ columns, elder }: SlipStyle): SlipParts {
  const size = elder ? TALL : '';
  const wide = '{w:auto}';
  const sized = (text: string) => size + data(text);
  const labels = Math.floor(columns * 0.4);
  const beside = columns - labels - 1;
  const row = (label: string, value: string) => {
    const lines = wrap(value, beside).map(sized).join('\\n');
    return `{w:${labels},*}\n|${sized(label)} | ${lines}|`;
  };
  const bigRow = (label: string, value: string) => {
    const large = widthOf(value) * 2;
    if (large > columns) return row(label, value);
    const big = `${LARGE}${data(value)}`;
    if (large > beside) return `${wide}\n|${sized(label)} |\n| ${big}|`;
    return `{w:${labels},*}\n|${sized(label)} | ${big}|`;
  };
  const centred = (text: string, scale: number) => (line: string) =>
    wrap(line, Math.floor(columns / scale)).map((part) => `|${text}${data(part)}|`);
  return {
    title: (text) => [wide, ...centred(`${LARGE}"`, 2)(text)].join('\n'),
    centred: (text) => [wide, ...centred(size, 1)(text)].join('\n'),
    paragraph: (text) =>
      [wide, ...wrap(text, columns).map((line) => `|${sized(line)} |`)].join('\n'),
    row: elder ? bigRow : row,
    bigRow,
    record([time, what, amount]) {
      const rest = columns - 12 - 2;
      return `{w:12,${rest - 10},10}\n|${sized(time)} |${sized(what)} | ${sized(amount)}|`;
    },
    rule: () => `${wide}\n-`,
    qr: (text) => `${wide}\n|~|\n{o:qrcode,${columns < 40 ? 5 : 6},m}\n{c:${data(text)}}\n|~|`,
  };
}

/** Lines of at most `columns`, broken at spaces where there are any; never an empty list. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words(text)) {
    if (line !== '' && widthOf(line) + widthOf(word.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return [...lines, line.trimEnd()];
}

/** Latin words with the space behind them; ideographs alone, with the punctuation behind them. */
function words(text: string): string[] {
  return text.match(/[!-~]+\s*|[^!-~\s][，。；：、？！）》」”]*|\s+/gu) ?? [];
}

/** In half-width characters: ASCII takes one, everything else two. */
function widthOf(text: string): number {
  return Array.from(text).reduce((sum, char) => sum + (char < '\u0080' ? 1 : 2), 0);
}
