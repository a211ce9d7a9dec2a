/**
 * PN532 frames as they run over HSU (NXP UM0701-02 §6.2.1): a pure codec without time or device.
 * Normal frame: 00 00 FF LEN LCS TFI PD… DCS 00; extended: 00 00 FF FF FF LENm LENl LCS TFI …
 */

export const HOST_TO_CHIP = 0xd4;
export const CHIP_TO_HOST = 0xd5;

export const ACK_FRAME = Buffer.from('0000ff00ff00', 'hex');
export const NACK_FRAME = Buffer.from('0000ffff0000', 'hex');

/** The most that TFI and data together may be: InDataExchange with 262 bytes for the card. */
const LENGTH_MAX = 265;

export type FrameEvent =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack' }
  /** The chip found the syntax of a command wrong: a frame with the lone byte 7F. */
  | { readonly kind: 'error' }
  /** `data` is what follows TFI: the command or answer code, then its parameters. */
  | { readonly kind: 'data'; readonly tfi: number; readonly data: Buffer }
  /** A frame began and its checksum or length was wrong. */
  | { readonly kind: 'damaged' };

export interface FrameDecoder {
  /** Takes bytes as they come, in any portions; never throws. */
  push(bytes: Buffer): FrameEvent[];
  /** Forgets a frame that has begun, because the rest of it will never come. */
  reset(): void;
  counters(): Readonly<Record<string, number>>;
}

/** @throws RangeError when the frame would exceed what the chip takes. */
export function encodeFrame(tfi: number, data: Buffer): Buffer {
  const length = data.length + 1;
  if (length > LENGTH_MAX) throw new RangeError(`PN532 frame of ${length} > ${LENGTH_MAX} bytes`);
  const high = length >> 8;
  const low = length & 0xff;
  const head =
    length <= 0xff
      ? [0x00, 0x00, 0xff, length, -length, tfi]
      : [0x00, 0x00, 0xff, 0xff, 0xff, high, low, -(high + low), tfi];
  return Buffer.concat([Buffer.from(head), data, Buffer.from([-(tfi + sum(data)), 0x00])]);
}

/** What stands at the start of `rest`, which begins with the start code 00 FF. */
type Parsed =
  | { readonly event: FrameEvent; readonly size: number }
  | 'bad_lcs'
  | 'bad_dcs'
  | 'bad_tfi'
  | 'oversize'
  | 'incomplete';

/**
 * After any damage the search goes on one byte behind the false start, so that no good frame is
 * swallowed by it. Holds less than one frame between calls.
 */
export function createFrameDecoder(): FrameDecoder {
  let held: Buffer = Buffer.alloc(0);
  const skip = (bytes: Buffer) => {
    for (const byte of bytes) if (byte !== 0) counts.noise_bytes += 1;
  };
  const counts = { frames: 0, noise_bytes: 0, bad_lcs: 0, bad_dcs: 0, bad_tfi: 0, oversize: 0 };

  return {
    push(bytes) {
      const events: FrameEvent[] = [];
      let rest: Buffer = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      for (;;) {
        const skipped = startOf(rest);
        if (skipped > 0) {
          skip(rest.subarray(0, skipped));
          rest = rest.subarray(skipped);
        }
        const parsed = rest.length < 2 ? 'incomplete' : parse(rest);
        if (parsed === 'incomplete') break;
        if (typeof parsed === 'string') {
          counts[parsed] += 1;
          events.push({ kind: 'damaged' });
          rest = rest.subarray(1);
        } else {
          counts.frames += 1;
          events.push(parsed.event);
          rest = rest.subarray(parsed.size);
        }
      }
      held = Buffer.from(rest);
      return events;
    },
    reset() {
      skip(held);
      held = Buffer.alloc(0);
    },
    counters: () => ({ ...counts }),
  };
}

/** Offset of the next start code 00 FF, or of a last 00 that may become one. */
function startOf(bytes: Buffer): number {
  // Quicker than `indexOf` for what is nearly always at the first or second place.
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === 0 && (bytes[at + 1] ?? 0xff) === 0xff) return at;
  }
  return bytes.length;
}

function parse(rest: Buffer): Parsed {
  if (rest.length < 4) return 'incomplete';
  const mark = rest.readUInt16BE(2);
  if (mark === 0x00ff) return { event: { kind: 'ack' }, size: 4 };
  if (mark === 0xff00) return { event: { kind: 'nack' }, size: 4 };
  if (mark !== 0xffff) return parseBody(rest, 4, rest.readUInt8(2));
  if (rest.length < 7) return 'incomplete';
  return parseBody(rest, 7, rest.readUInt16BE(4));
}

/** `body` is the offset of TFI; the checksum LCS covers the length bytes before it. */
function parseBody(rest: Buffer, body: number, length: number): Parsed {
  const lengthBytes = rest.subarray(body === 4 ? 2 : 4, body);
  if ((sum(lengthBytes) & 0xff) !== 0 || length === 0) return 'bad_lcs';
  if (length > LENGTH_MAX) return 'oversize';
  const end = body + length;
  if (rest.length <= end) return 'incomplete';
  if ((sum(rest.subarray(body, end + 1)) & 0xff) !== 0) return 'bad_dcs';
  const tfi = rest.readUInt8(body);
  if (tfi === 0x7f && length === 1) return { event: { kind: 'error' }, size: end + 1 };
  if (tfi !== HOST_TO_CHIP && tfi !== CHIP_TO_HOST) return 'bad_tfi';
  const data = Buffer.from(rest.subarray(body + 1, end));
  return { event: { kind: 'data', tfi, data }, size: end + 1 };
}

function sum(bytes: Buffer): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total;
}
