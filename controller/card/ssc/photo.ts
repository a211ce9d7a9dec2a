/** EF08, the photo: READ BINARY in pieces, and what picture it is (docs/protocol.md §10.2). */

import type { Command } from '../apdu.ts';

export const PHOTO_FILE = Buffer.from('EF08', 'hex');
/** Size of the file in the standard. */
export const PHOTO_MAX = 0x1000;
/** Fits a frame of every reader and every card seen. */
export const PHOTO_CHUNK = 0xf0;

export interface Photo {
  readonly type: 'jpeg' | 'bmp';
  readonly bytes: Buffer;
}

export function readBinary(offset: number, length: number): Command {
  return { cla: 0x00, ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le: length };
}

/** Does a file that begins like this hold a picture? */
export function beginsPicture(bytes: Buffer): boolean {
  return isBmp(bytes) || isJpeg(bytes);
}

function isBmp(bytes: Buffer): boolean {
  return bytes.length >= 6 && bytes.toString('latin1', 0, 2) === 'BM';
}

function isJpeg(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUIntBE(0, 3) === 0xffd8ff;
}

/** Nothing but padding: the picture has ended before this piece. */
export function isPadding(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x00) || bytes.every((byte) => byte === 0xff);
}

/** The picture without the padding behind it; null when the file holds none, or half of one. */
export function parsePhoto(file: Buffer): Photo | null {
  if (isBmp(file)) {
    const size = file.readUInt32LE(2);
    const whole = size >= 26 && size <= file.length;
    return whole ? { type: 'bmp', bytes: file.subarray(0, size) } : null;
  }
  if (!isJpeg(file)) return null;
  // The last end mark: a small preview inside may have one of its own.
  const end = file.lastIndexOf(Buffer.from('FFD9', 'hex'));
  return end < 0 ? null : { type: 'jpeg', bytes: file.subarray(0, end + 2) };
}
