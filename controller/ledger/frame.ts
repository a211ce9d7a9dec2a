/**
 * One record on disk, and the walk over many of them. Pure: no file is touched here.
 *
 *   length u32 LE ‖ crc32c u32 LE ‖ payload
 *
 * `length` counts the payload, the CRC-32C (Castagnoli, RFC 3720 B.4) covers length and payload.
 * The payload is UTF-8 JSON that begins `{"seq":…,"prev":"…"`, the record's keys following in
 * alphabetical order. `prev` is the first 16 bytes of SM3 over the whole frame before, in hex.
 */

import { createHash } from 'node:crypto';

const HEADER_BYTES = 8;
const PAYLOAD_MAX_BYTES = 0xffff;
/** No frame is shorter: header, `seq`, `prev` and a type take more. */
const FRAME_MIN_BYTES = 64;
export const NO_PREVIOUS = '0'.repeat(32);
const MARK = Buffer.from('{"seq":');

export type Fields = Readonly<Record<string, unknown>>;

/** What a walk finds; `offset` counts from the start of the file. */
export type Found =
  | {
      readonly kind: 'record';
      readonly offset: number;
      readonly seq: number;
      readonly fields: Fields;
    }
  /** An unfinished write at the end of the file: nobody was told that it is durable. */
  | { readonly kind: 'torn'; readonly offset: number; readonly length: number }
  | { readonly kind: 'damage'; readonly offset: number; readonly length: number }
  /** The record at `offset` follows record `after` although others belong between them. */
  | { readonly kind: 'gap'; readonly offset: number; readonly after: number; readonly seq: number }
  /** The record at `offset` names another predecessor than the one found. */
  | { readonly kind: 'chain'; readonly offset: number; readonly seq: number }
  /** A sound frame with a number that was passed already; its record is not reported. */
  | { readonly kind: 'misplaced'; readonly offset: number; readonly seq: number };

/** Where a chain stands; carried from one file to the next. */
export interface Position {
  seq: number;
  /** `prev` of the next frame. */
  hash: string;
  /** Damaged bytes since the last good record. */
  damaged_bytes: number;
}

export function startPosition(): Position {
  return { seq: 0, hash: NO_PREVIOUS, damaged_bytes: 0 };
}

/** The highest number that may lie hidden in the damage behind `position`, plus one. */
export function nextSeq(position: Position): number {
  return position.seq + 1 + Math.ceil(position.damaged_bytes / FRAME_MIN_BYTES);
}

/** @throws RangeError when the record is larger than a frame can hold */
export function encodeFrame(seq: number, prev: string, record: object): Buffer {
  const sorted = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const payload = Buffer.from(JSON.stringify({ seq, prev, ...Object.fromEntries(sorted) }));
  if (payload.length > PAYLOAD_MAX_BYTES) {
    throw new RangeError(
      `a record takes at most ${PAYLOAD_MAX_BYTES} bytes, not ${payload.length}`,
    );
  }
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  payload.copy(frame, HEADER_BYTES);
  frame.writeUInt32LE(checksum(frame), 4);
  return frame;
}

export function frameHash(frame: Buffer): string {
  return createHash('sm3').update(frame).digest('hex').slice(0, 32);
}

/** Walks one file, chunk by chunk, in bounded memory. Never throws, whatever the bytes are. */
export class FrameWalker {
  readonly #position: Position;
  #found: Found[] = [];
  #window: Buffer = Buffer.alloc(0);
  /** File offset of the window's first byte. */
  #offset = 0;
  #damagedFrom: number | null = null;
  #cutShort = false;

  constructor(position: Position) {
    this.#position = position;
  }

  push(chunk: Buffer): Found[] {
    this.#window = this.#window.length === 0 ? chunk : Buffer.concat([this.#window, chunk]);
    while (this.#step(false));
    return this.#take();
  }

  /** The file ends here. */
  end(): Found[] {
    const size = this.#offset + this.#window.length;
    // JSON holds no zero byte: a file that ends in one has blocks that were never written.
    const unwritten = this.#window.at(-1) === 0;
    while (this.#step(true));
    if (this.#damagedFrom !== null) {
      const length = size - this.#damagedFrom;
      const kind = this.#cutShort || unwritten ? 'torn' : 'damage';
      this.#found.push({ kind, offset: this.#damagedFrom, length });
      if (kind === 'damage') this.#position.damaged_bytes += length;
    }
    return this.#take();
  }

  /** One frame, or one stretch of damage. False when more bytes are needed. */
  #step(final: boolean): boolean {
    return this.#damagedFrom === null ? this.#readNext(final) : this.#resynchronise(final);
  }

  #readNext(final: boolean): boolean {
    const frame = readFrame(this.#window);
    if (frame === 'short' && (!final || this.#window.length === 0)) return false;
    if (frame === 'short' || frame === 'bad') {
      this.#damagedFrom = this.#offset;
      this.#cutShort = frame === 'short' && !holdsWholePayload(this.#window);
    } else this.#accept(frame);
    return true;
  }

  #resynchronise(final: boolean): boolean {
    const found = this.#window.indexOf(MARK, HEADER_BYTES);
    if (found < 0) {
      this.#skip(Math.max(0, this.#window.length - HEADER_BYTES - MARK.length));
      return false;
    }
    this.#skip(found - HEADER_BYTES);
    const frame = readFrame(this.#window);
    if (frame === 'short' && !final) return false;
    if (frame === 'short' || frame === 'bad' || !this.#fits(frame)) {
      this.#skip(1);
      return true;
    }
    const from = this.#damagedFrom ?? this.#offset;
    this.#found.push({ kind: 'damage', offset: from, length: this.#offset - from });
    this.#damagedFrom = null;
    this.#accept(frame);
    return true;
  }

  /** After damage only a later number counts, and not later than the damage can hide. */
  #fits(frame: Frame): boolean {
    const hidden = this.#offset - (this.#damagedFrom ?? this.#offset);
    const damaged_bytes = this.#position.damaged_bytes + hidden;
    return (
      frame.seq > this.#position.seq && frame.seq <= nextSeq({ ...this.#position, damaged_bytes })
    );
  }

  #accept(frame: Frame): void {
    const position = this.#position;
    const { seq, fields } = frame;
    const offset = this.#offset;
    const hash = frameHash(this.#window.subarray(0, frame.size));
    this.#skip(frame.size);
    if (seq <= position.seq) {
      this.#found.push({ kind: 'misplaced', offset, seq });
      return;
    }
    if (seq > position.seq + 1) this.#found.push({ kind: 'gap', offset, after: position.seq, seq });
    if (frame.prev !== position.hash) this.#found.push({ kind: 'chain', offset, seq });
    this.#found.push({ kind: 'record', offset, seq, fields });
    Object.assign(position, { seq, hash, damaged_bytes: 0 });
  }

  #skip(bytes: number): void {
    this.#window = this.#window.subarray(bytes);
    this.#offset += bytes;
  }

  #take(): Found[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

interface Frame {
  readonly size: number;
  readonly seq: number;
  readonly prev: string;
  readonly fields: Fields;
}

function readFrame(bytes: Buffer): Frame | 'short' | 'bad' {
  if (bytes.length < HEADER_BYTES) return 'short';
  const size = HEADER_BYTES + bytes.readUInt32LE(0);
  if (size < FRAME_MIN_BYTES || size > HEADER_BYTES + PAYLOAD_MAX_BYTES) return 'bad';
  const start = bytes.subarray(HEADER_BYTES, HEADER_BYTES + MARK.length);
  if (!start.equals(MARK.subarray(0, start.length))) return 'bad';
  if (bytes.length < size) return 'short';
  const frame = bytes.subarray(0, size);
  if (frame.readUInt32LE(4) !== checksum(frame)) return 'bad';
  const parsed = parseJson(frame.subarray(HEADER_BYTES));
  if (parsed === null) return 'bad';
  const { seq, prev, ...fields } = parsed;
  if (!Number.isSafeInteger(seq) || Number(seq) < 1 || typeof prev !== 'string') return 'bad';
  return { size, seq: Number(seq), prev, fields };
}

/** Then the write was finished, and it is the length field that was damaged afterwards. */
function holdsWholePayload(tail: Buffer): boolean {
  return parseJson(tail.subarray(HEADER_BYTES)) !== null;
}

function parseJson(bytes: Buffer): Fields | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function checksum(frame: Buffer): number {
  return crc32c(frame.subarray(HEADER_BYTES), crc32c(frame.subarray(0, 4)));
}

/** CRC-32C; `before` continues a sum. `123456789` gives E3069283. */
export function crc32c(bytes: Buffer, before = 0): number {
  let sum = ~before;
  for (let i = 0; i < bytes.length; i += 1) {
    sum = (sum >>> 8) ^ (TABLE[(sum ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return ~sum >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  return sum;
});
