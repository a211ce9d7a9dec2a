/**
 * Text as GB 18030-2022, for the printer's Chinese mode. Node only decodes this character set, so
 * the table is its decoder turned round: made once, at the first slip. Printing libraries follow
 * the 2005 edition, which puts 18 characters elsewhere, some of them in names (U+9FB4 …).
 */

/** First of the four-byte codes for characters above U+FFFF: 90 30 81 30. */
const SUPPLEMENT = 189_000;
/** The four-byte codes below U+10000: 81 30 81 30 to 84 31 A4 37 (U+FFFF). */
const BASIC = 39_418;
/** 〓, what a Chinese printer shows for a character that it does not have. */
const GETA = 0xa1fe;

let table: Uint32Array | undefined;

/** Never fails: lone surrogates become 〓 (A1FE). ASCII stays as it is, control codes included. */
export function encodeGb18030(text: string): Buffer {
  table ??= invertDecoder();
  const bytes: number[] = [];
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (point < 0x80) bytes.push(point);
    else if (point > 0xffff) bytes.push(...fourBytes(SUPPLEMENT + point - 0x10000));
    else pushCode(bytes, table[point] || GETA);
  }
  return Buffer.from(bytes);
}

/** For each character up to U+FFFF its code as a number of two or four bytes; 0: it has none. */
function invertDecoder(): Uint32Array {
  const codes = [...twoByteCodes(), ...fourByteCodes()];
  const bytes: number[] = [];
  for (const code of codes) pushCode(bytes, code);
  const chars = new TextDecoder('gb18030', { fatal: true }).decode(Buffer.from(bytes));
  const inverse = new Uint32Array(0x10000);
  if (chars.length !== codes.length) throw new Error('this Node has another GB 18030');
  for (const [index, code] of codes.entries()) {
    const point = chars.charCodeAt(index);
    // Of two codes for one character the shorter and lower one is the standard's.
    inverse[point] ||= code;
  }
  return inverse;
}

function* twoByteCodes(): Generator<number> {
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail !== 0x7f) yield lead * 0x100 + trail;
    }
  }
}

function* fourByteCodes(): Generator<number> {
  for (let pointer = 0; pointer < BASIC; pointer += 1) {
    yield Buffer.from(fourBytes(pointer)).readUInt32BE();
  }
}

/** Digits of the pointer to the bases 10, 126 and 10 (the standard's order of four-byte codes). */
function fourBytes(pointer: number): readonly [number, number, number, number] {
  const last = pointer % 10;
  const third = Math.floor(pointer / 10) % 126;
  const second = Math.floor(pointer / 1_260) % 10;
  const first = Math.floor(pointer / 12_600);
  return [0x81 + first, 0x30 + second, 0x81 + third, 0x30 + last];
}

function pushCode(bytes: number[], code: number): void {
  if (code > 0xffff) bytes.push(code >>> 24, (code >>> 16) & 0xff);
  bytes.push((code >>> 8) & 0xff, code & 0xff);
}
