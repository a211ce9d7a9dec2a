/**
 * The PN532's side of the host line: information, ACK, NACK and error frames (PN532 user manual
 * UM0701-02 §6.2.1). Written from the manual, independently of the firmware bridge's codec.
 */

/** TFI + command code + target number + 262 data bytes: the most that the chip takes or sends. */
const MAX_LENGTH = 265;

export const HOST_TO_CHIP = 0xd4;
export const CHIP_TO_HOST = 0xd5;

export const ACK_FRAME = Buffer.from('0000ff00ff00', 'hex');
/** Syntax error: the host's command is unknown or malformed. */
export const ERROR_FRAME = Buffer.from('0000ff01ff7f8100', 'hex');

/** A whole extended frame from its start code on. */
const HELD_BYTES = 2 + 5 + MAX_LENGTH + 1;

const START_CODE = Buffer.from('00ff', 'hex');

/** What a host can say; `data` begins with the TFI. */
export type HostFrame =
  | { readonly kind: 'ack' | 'nack' }
  | { readonly kind: 'information'; readonly data: Buffer };

/**
 * Wraps `data` (TFI first, 1 to 265 bytes); more than 255 bytes need the extended form. `bare`
 * leaves out pre- and postamble (SetParameters, fRemovePrePostAmble).
 */
export function encodeFrame(data: Buffer, bare = false): Buffer {
  const length = data.length;
  const header =
    length <= 255
      ? [length, negative(length)]
      : [0xff, 0xff, length >> 8, length & 0xff, negative((length >> 8) + length)];
  const from = START_CODE.length + header.length + (bare ? 0 : 1);
  const end = from + length;
  const frame = Buffer.allocUnsafe(bare ? end + 1 : end + 2);
  frame[0] = 0;
  frame[frame.length - 1] = 0;
  frame.set(START_CODE, bare ? 0 : 1);
  frame.set(header, from - header.length);
  frame.set(data, from);
  frame[end] = negative(sum(data, 0, length));
  return frame;
}

export interface FrameScanner {
  push(byte: number): void;
  /** Forgets a frame begun. */
  reset(): void;
}

/** Every length counts from the start code on. */
type Step =
  /** Nothing can be said before so many bytes are there. */
  | { readonly kind: 'more'; readonly length: number }
  | { readonly kind: 'bad' }
  | { readonly kind: 'frame'; readonly frame: HostFrame; readonly length: number };

const BAD: Step = { kind: 'bad' };

/**
 * Finds frames in a byte stream cut anywhere. Noise is skipped; a frame with a wrong checksum is
 * dropped in silence, as by the chip, and looked through once more for the frame that follows.
 */
export function createFrameScanner(
  deliver: (frame: HostFrame) => void,
  dropped: () => void,
): FrameScanner {
  const held = Buffer.alloc(HELD_BYTES);
  let length = 0;
  /** With fewer bytes there is nothing to look for: a byte then costs next to nothing. */
  let wanted = START_CODE.length;
  const drop = (bytes: number) => {
    if (bytes < length) held.copyWithin(0, bytes, length);
    length -= bytes;
  };

  /** One frame, or one false start; false when more bytes are needed. */
  const look = (): boolean => {
    const at = startIn(held, length);
    if (at < 0) {
      drop(length - (held[length - 1] === 0 ? 1 : 0));
      wanted = START_CODE.length;
      return false;
    }
    if (at > 0) drop(at);
    const step = readFrame(held, length);
    if (step.kind === 'more') {
      wanted = step.length;
      return false;
    }
    drop(step.kind === 'frame' ? step.length : START_CODE.length);
    wanted = START_CODE.length;
    if (step.kind === 'frame') deliver(step.frame);
    else dropped();
    return true;
  };

  return {
    push(byte) {
      held[length] = byte;
      length += 1;
      while (length >= wanted && look());
    },
    reset() {
      length = 0;
      wanted = START_CODE.length;
    },
  };
}

/** Where the first start code stands, or -1. Quicker than `indexOf` for so few bytes. */
function startIn(bytes: Buffer, length: number): number {
  for (let at = 0; at + 1 < length; at += 1) {
    if (bytes[at] === START_CODE[0] && bytes[at + 1] === START_CODE[1]) return at;
  }
  return -1;
}

/** Reads the frame at whose start code `bytes` begin; `held` of them are there. */
function readFrame(bytes: Buffer, held: number): Step {
  if (held < 4) return more(4);
  const code = bytes.readUInt16BE(2);
  if (code === 0x00ff) return { kind: 'frame', frame: { kind: 'ack' }, length: 4 };
  if (code === 0xff00) return { kind: 'frame', frame: { kind: 'nack' }, length: 4 };
  const extended = code === 0xffff;
  const header = extended ? 7 : 4;
  if (held < header) return more(header);
  if (sum(bytes, extended ? 4 : 2, header) !== 0) return BAD;
  const length = extended ? bytes.readUInt16BE(4) : bytes.readUInt8(2);
  if (length === 0 || length > MAX_LENGTH) return BAD;
  const end = header + length + 1;
  if (held < end) return more(end);
  if (sum(bytes, header, end) !== 0) return BAD;
  const data = Buffer.from(bytes.subarray(header, end - 1));
  return { kind: 'frame', frame: { kind: 'information', data }, length: end };
}

function more(length: number): Step {
  return { kind: 'more', length };
}

function sum(bytes: Buffer, from: number, to: number): number {
  let total = 0;
  for (let at = from; at < to; at += 1) total += bytes[at] ?? 0;
  return total & 0xff;
}

function negative(value: number): number {
  return -value & 0xff;
}
