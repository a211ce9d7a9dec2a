/** A drawn head and shoulders as Windows bitmap, one bit a dot: nobody's picture. */

const WIDTH = 96;
const HEIGHT = 120;
const HEAD = 62;

/** 1502 bytes, BITMAPFILEHEADER and BITMAPINFOHEADER before two colours and the rows, bottom up. */
export function portraitBmp(): Buffer {
  const stride = WIDTH / 8;
  const bytes = Buffer.alloc(HEAD + stride * HEIGHT);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(HEAD, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(WIDTH, 18);
  bytes.writeInt32LE(HEIGHT, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(1, 28);
  bytes.writeUInt32LE(0x00ffffff, 54);
  bytes.writeUInt32LE(0x00998a7a, 58);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      if (!inside(x, y)) continue;
      const at = HEAD + (HEIGHT - 1 - y) * stride + (x >> 3);
      bytes.writeUInt8(bytes.readUInt8(at) | (0x80 >> (x & 7)), at);
    }
  }
  return bytes;
}

function inside(x: number, y: number): boolean {
  const head = (x - 48) ** 2 + (y - 46) ** 2 < 24 ** 2;
  const shoulders = ((x - 48) / 41) ** 2 + ((y - 120) / 44) ** 2 < 1;
  return head || shoulders;
}
