/** Text as cards store it: GB18030, which no library of the platform writes, only reads. */

const decoder = new TextDecoder('gb18030');
let table: ReadonlyMap<string, Buffer> | undefined;

/** GB18030 of two bytes where there is one, of four for rare characters beyond the basic plane. */
export function gb18030(text: string): Buffer {
  return Buffer.concat([...text].map(encodeOne));
}

function encodeOne(char: string): Buffer {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return Buffer.from([code]);
  if (code >= 0x10000) return fourBytes(code - 0x10000);
  table ??= twoByteTable();
  const found = table.get(char);
  if (found) return found;
  throw new RangeError(`U+${code.toString(16)} has no two-byte GB18030 code`);
}

/** 90308130 and on, counted in digits of 126 × 10 × 126 × 10. */
function fourBytes(index: number): Buffer {
  const digits = [index / 12_600, (index / 1_260) % 10, (index / 10) % 126, index % 10];
  return Buffer.from(
    digits.map((digit, at) => Math.floor(digit) + (at === 0 ? 0x90 : at === 2 ? 0x81 : 0x30)),
  );
}

function twoByteTable(): ReadonlyMap<string, Buffer> {
  const pairs = new Map<string, Buffer>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      const bytes = Buffer.from([lead, trail]);
      const char = decoder.decode(bytes);
      if ([...char].length === 1 && char !== '\ufffd' && !pairs.has(char)) pairs.set(char, bytes);
    }
  }
  return pairs;
}
