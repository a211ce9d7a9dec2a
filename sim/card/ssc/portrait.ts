/** A drawn head and shoulders, as JPEG and as bitmap: nobody's picture. */

const WIDTH = 96;
const HEIGHT = 120;
const HEAD = 62;

/** One bit a dot, 1502 bytes: both headers, two colours, and the rows from the lowest up. */
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

/** 96 by 120 dots, with the word SYNTHETIC across it; drawn in a browser. */
export function portraitJpeg(): Buffer {
  return Buffer.from(JPEG, 'base64');
}

const JPEG =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABIMDRANCxIQDhAUExIVGywdGxgYGzYnKSAsQDlEQz85Pj1HUGZXR0thTT0+WX' +
  'laYWltcnNyRVV9hnxvhWZwcm7/2wBDARMUFBsXGzQdHTRuST5Jbm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5u' +
  'bm5ubm5ubm5ubm5ubm5ubm7/wAARCAB4AGADASIAAhEBAxEB/8QAGgABAAIDAQAAAAAAAAAAAAAAAAMGAgQFAf/EAC8QAA' +
  'ICAgAEBQMCBwEAAAAAAAABAgMEEQUSITETIkFRYRQycaHRBiNCgYKxwTP/xAAXAQEBAQEAAAAAAAAAAAAAAAAAAgED/8QA' +
  'IhEBAQEAAgEEAgMAAAAAAAAAAAERAhIhBBMxUWGhA0Hw/9oADAMBAAIRAxEAPwC8AAAAAAAAAAAAAAAAAAAARZeTXiUO2x' +
  '9F2Xq37AStpLbeka1nEsSt6lfDfx1/0V3Nz7syb55NQ9ILsjVK6p7LZXxLEseo3w389P8AZspprae0Uo2sLiF2HNckm4es' +
  'G+jHU7LWCLEya8uhW1vo+69U/YlJUAAAAABWuNZLvzZQT8lXlS+fUspTLJOVkpPu22VxTyYgApIAAOhwXKdGbGDfkt8rXz' +
  '6FlKZXJwsjJd00y5k8lcQAEqAAAKhmVOjLtrf9Mnr8ehbzlcbwHfD6ipbnBakl6o2VlV8AFoAABNh1O/LqrX9Ulv8AHqW8' +
  '5XBMB0Q+otWpzWop+iOqRauAAMaAAAAR5GTVjQ57pqK9PdgaWdwenJk51vwrH30uj/scyzgmXB+VQmviX7m1f/EHdY9P+U' +
  '3/AMRqS41mS7TjH8RRU1Nx7XwTLm/MoQXzL9jp4PB6caSnY/FsXba6L+xy48azI95xl+Yo26P4g7LIp/yg/wDjF0mO0CPH' +
  'yasmHPTNSXr7okJUAAAAQZ2XHDxpWy6vtFe7Ah4lxKGFDljqVzXSPt8srV11l9jstk5SfqxbbO62Vlj3KT22YFyYi3QAGs' +
  'AABnTdZRYrKpOMl6osvDeJQzYcstRuS6x9/lFXM6rZ02xsrepRe0zLNbLi5AgwcqOZjRtj0faS9mTkLCu8dyXbl+Evtq6f' +
  'llilJRi5PslsoefO67Jdu5uEtykoS097G55Vx4d713E4NOyySoryKpyko91J91+5haro49X82SssmtvfbfoLz/Dpx9Nuef' +
  '7xvg0qpyyb5Rc5x8i2ovWnvqY0qTpvsdtjcHJLcunYe5vwX02bt8+P23wc9XXOGMmpRTkvNzfce1eLPJs/9ZRjZrpZpJb9' +
  'h7n4bfS2S22f643waUqn9ZGvxreVxb+9mMrrK4ZHLJtqaSbe9D3M+Yyem7Z1vzn7uLFwHJdWX4T+239GWIpGInjXQtjbOb' +
  'TT8z2XeMlKKkuzWza42SXJdRZb5cO6XtXJ/oUu2iu5p2R2103vQBsks8s7Xjd43Hrqg6vDcVyeyEqoSUVJb5GmuvZgG5Gd' +
  '+X2RphGyVkY6lLuxGmEYSio9JttrffYAyHfl9vPAr5YR5ekHuPXsY/S087nyeZve+Z9wB1n0qfyc58WpHXF2KxrzJaT+Dx' +
  'U1rn8q8/3b9QBkT35fbyrHqpbdcdN/JdMR82HS/euL/QAyySeG9ryu8rr/2Q==';
