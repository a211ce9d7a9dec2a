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
const NOTHING: Buffer = Buffer.alloc(0);

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
  const end = head.length + data.length;
  const frame = Buffer.allocUnsafe(end + 2);
  frame.set(head);
  frame.set(data, head.length);
  frame[end] = -(tfi + sum(data, 0, data.length));
  frame[end + 1] = 0x00;
  return frame;
}

/** What stands at a start code 00 FF; `size` counts from there. */
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
  let held = NOTHING;
  const skip = (bytes: Buffer, from: number, to: number) => {
    for (let at = from; at < to; at += 1) if (bytes[at] !== 0) counts.noise_bytes += 1;
  };
  const counts = { frames: 0, noise_bytes: 0, bad_lcs: 0, bad_dcs: 0, bad_tfi: 0, oversize: 0 };

  return {
    push(bytes) {
      const events: FrameEvent[] = [];
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      let at = 0;
      for (;;) {
        const start = startIn(all, at);
        skip(all, at, start);
        at = start;
        const parsed = parse(all, at);
        if (parsed === 'incomplete') break;
        if (typeof parsed === 'string') {
          counts[parsed] += 1;
          events.push({ kind: 'damaged' });
          at += 1;
        } else {
          counts.frames += 1;
          events.push(parsed.event);
          at += parsed.size;
        }
      }
      held = at === all.length ? NOTHING : Buffer.from(all.subarray(at));
      return events;
    },
    reset() {
      skip(held, 0, held.length);
      held = NOTHING;
    },
    counters: () => ({ ...counts }),
  };
}

/** Offset of the next start code 00 FF, or of a last 00 that may become one. */
function startIn(bytes: Buffer, from: number): number {
  // Quicker than `indexOf` for what is nearly always at the first or second place.
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] === 0 && (bytes[at + 1] ?? 0xff) === 0xff) return at;
  }
  return bytes.length;
}

function parse(bytes: Buffer, at: number): Parsed {
  const left = bytes.length - at;
  if (left < 4) return 'incomplete';
  const mark = bytes.readUInt16BE(at + 2);
  if (mark === 0x00ff) return { event: { kind: 'ack' }, size: 4 };
  if (mark === 0xff00) return { event: { kind: 'nack' }, size: 4 };
  if (mark !== 0xffff) return parseBody(bytes, { at, head: 4, length: bytes.readUInt8(at + 2) });
  if (left < 7) return 'incomplete';
  return parseBody(bytes, { at, head: 7, length: bytes.readUInt16BE(at + 4) });
}

interface Body {
  readonly at: number;
  /** Bytes before TFI. */
  readonly head: number;
  readonly length: number;
}

/** The checksum LCS covers the length bytes before it. */
function parseBody(bytes: Buffer, { at, head, length }: Body): Parsed {
  const body = at + head;
  if ((sum(bytes, at + (head === 4 ? 2 : 4), body) & 0xff) !== 0 || length === 0) return 'bad_lcs';
  if (length > LENGTH_MAX) return 'oversize';
  const end = body + length;
  const size = head + length + 1;
  if (bytes.length <= end) return 'incomplete';
  if ((sum(bytes, body, end + 1) & 0xff) !== 0) return 'bad_dcs';
  const tfi = bytes.readUInt8(body);
  if (tfi === 0x7f && length === 1) return { event: { kind: 'error' }, size };
  if (tfi !== HOST_TO_CHIP && tfi !== CHIP_TO_HOST) return 'bad_tfi';
  return { event: { kind: 'data', tfi, data: Buffer.from(bytes.subarray(body + 1, end)) }, size };
}

function sum(bytes: Buffer, from: number, to: number): number {
  let total = 0;
  for (let at = from; at < to; at += 1) total += bytes[at] ?? 0;
  return total;
}
