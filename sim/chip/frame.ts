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
  const ends = bare ? [] : [0];
  return Buffer.from([...ends, ...START_CODE, ...header, ...data, negative(sum(data)), ...ends]);
}

export interface FrameScanner {
  push(bytes: Buffer): void;
  /** Forgets a frame begun. */
  reset(): void;
}

type Step =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad' }
  | { readonly kind: 'frame'; readonly frame: HostFrame; readonly length: number };

const MORE: Step = { kind: 'more' };
const BAD: Step = { kind: 'bad' };

/**
 * Finds frames in a byte stream cut anywhere. Noise is skipped; a frame with a wrong checksum is
 * dropped in silence, as by the chip, and looked through once more for the frame that follows.
 */
export function createFrameScanner(
  deliver: (frame: HostFrame) => void,
  dropped: () => void,
): FrameScanner {
  let held: Buffer = Buffer.alloc(0);
  return {
    push(bytes) {
      held = Buffer.concat([held, bytes]);
      for (;;) {
        const at = held.indexOf(START_CODE);
        if (at < 0) {
          held = held.subarray(held.at(-1) === 0 ? held.length - 1 : held.length);
          return;
        }
        const step = readFrame(held.subarray(at + 2));
        if (step.kind === 'more') return;
        held = held.subarray(at + 2 + (step.kind === 'frame' ? step.length : 0));
        if (step.kind === 'frame') deliver(step.frame);
        else dropped();
      }
    },
    reset() {
      held = Buffer.alloc(0);
    },
  };
}

/** Reads what follows the start code. */
function readFrame(bytes: Buffer): Step {
  if (bytes.length < 2) return MORE;
  const code = bytes.readUInt16BE(0);
  if (code === 0x00ff) return { kind: 'frame', frame: { kind: 'ack' }, length: 2 };
  if (code === 0xff00) return { kind: 'frame', frame: { kind: 'nack' }, length: 2 };
  const extended = code === 0xffff;
  const header = extended ? 5 : 2;
  if (bytes.length < header) return MORE;
  const lengthField = bytes.subarray(extended ? 2 : 0, header);
  if (sum(lengthField) !== 0) return BAD;
  const length = extended ? bytes.readUInt16BE(2) : bytes.readUInt8(0);
  if (length === 0 || length > MAX_LENGTH) return BAD;
  const end = header + length + 1;
  if (bytes.length < end) return MORE;
  if (sum(bytes.subarray(header, end)) !== 0) return BAD;
  const data = Buffer.from(bytes.subarray(header, end - 1));
  return { kind: 'frame', frame: { kind: 'information', data }, length: end };
}

function sum(bytes: Buffer): number {
  return bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
}

function negative(value: number): number {
  return -value & 0xff;
}
