/**
 * One record on disk, and the walk over many of them. Pure: no file is touched here.
 *
 *   length u32 LE ‖ crc32c u32 LE ‖ payload
 *
 * `length` counts the payload, the CRC-32C (Castagnoli, RFC 3720 B.4) covers length and payload.
 * The payload is UTF-8 JSON that begins `{"seq":…,"prev":"…"`, the record's keys following in
 * alphabetical order. `prev` is the first 16 bytes of SM3 over the whole frame before, in hex.
 * `"batch":…` behind `prev` names the first frame of the write that this one was part of, where it
 * is not itself the first. Zeros behind the last frame are room: files are made full of them.
 */

import { hash } from 'node:crypto';

const HEADER_BYTES = 8;
const PAYLOAD_MAX_BYTES = 0xffff;
export const FRAME_MAX_BYTES = HEADER_BYTES + PAYLOAD_MAX_BYTES;
/** No frame is shorter: header, `seq`, `prev` and a type take more. */
export const FRAME_MIN_BYTES = 64;
/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;
/** One write takes no more, except where a single frame does. */
export const WRITE_MAX_BYTES = 64 * 1024;
/** What one failed write can have left behind. */
export const LEFTOVER_MAX_BYTES = WRITE_MAX_BYTES + FRAME_MAX_BYTES;
const HELD_MAX_BYTES = 4 * WRITE_MAX_BYTES;
const ZEROS = Buffer.alloc(64 * 1024);
export const NO_PREVIOUS = '0'.repeat(32);
const HEADER_ROOM = ' '.repeat(HEADER_BYTES);
const MARK = Buffer.from('{"seq":');

export type Fields = Readonly<Record<string, unknown>>;

/** What a walk finds; `offset` counts from the start of the file. */
export type Found =
  | {
      readonly kind: 'record';
      readonly offset: number;
      readonly seq: number;
      readonly hash: string;
      readonly fields: Fields;
    }
  /** An unfinished write behind all records: nobody was told that it is durable. */
  | { readonly kind: 'torn'; readonly offset: number; readonly length: number }
  | { readonly kind: 'damage'; readonly offset: number; readonly length: number }
  /** The record at `offset` follows record `after` although others belong between them. */
  | {
      readonly kind: 'gap';
      readonly offset: number;
      readonly after: number;
      readonly seq: number;
      /** Hash of the record before `seq`, as record `seq` names it. */
      readonly prev: string;
    }
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

/** Where a frame stands in its chain. */
export interface Place {
  readonly seq: number;
  readonly prev: string;
  /** Number of the first frame that is written together with this one; absent: this one. */
  readonly batch?: number;
}

/** @throws RangeError when the record is larger than a frame can hold */
export function encodeFrame(place: Place, record: object): Buffer {
  const frame = Buffer.from(`${HEADER_ROOM}${payloadOf(place, record)}`);
  const length = frame.length - HEADER_BYTES;
  if (length > PAYLOAD_MAX_BYTES) {
    throw new RangeError(`a record takes at most ${PAYLOAD_MAX_BYTES} bytes, not ${length}`);
  }
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(checksum(frame), 4);
  return frame;
}

/** Written piece by piece: three times as fast as an object put in order and then stringified. */
function payloadOf({ seq, prev, batch = seq }: Place, record: object): string {
  const fields = record as Fields;
  let text = `{"seq":${seq},"prev":"${prev}"${batch === seq ? '' : `,"batch":${batch}`}`;
  for (const key of Object.keys(fields).sort()) {
    const value = JSON.stringify(fields[key]);
    if (value !== undefined) text += `,${JSON.stringify(key)}:${value}`;
  }
  return `${text}}`;
}

export function frameHash(frame: Buffer): string {
  return hash('sm3', frame, 'hex').slice(0, 32);
}

/** The sound frame that `bytes` begin with: its number, its hash and the one it names. */
export function firstFrame(bytes: Buffer): { seq: number; hash: string; prev: string } | null {
  const frame = readFrame(bytes);
  if (frame === 'short' || frame === 'bad') return null;
  const { seq, prev, size } = frame;
  return { seq, prev, hash: frameHash(bytes.subarray(0, size)) };
}

/** Walks one file, chunk by chunk, in bounded memory. Never throws, whatever the bytes are. */
export class FrameWalker {
  readonly #position: Position;
  #found: Found[] = [];
  #window: Buffer = Buffer.alloc(0);
  /** File offset of the window's first byte. */
  #offset = 0;
  /** Zeros at the end of what was pushed: room, unless something follows. */
  #zeros = 0;
  #hole: Hole | null = null;
  #held: Held | null = null;

  constructor(position: Position) {
    this.#position = position;
  }

  push(chunk: Buffer): Found[] {
    const end = lastNonZero(chunk) + 1;
    if (end > 0) {
      while (this.#zeros > 0) {
        const zeros = ZEROS.subarray(0, this.#zeros);
        this.#zeros -= zeros.length;
        this.#feed(zeros);
      }
      this.#feed(chunk.subarray(0, end));
    }
    this.#zeros += chunk.length - end;
    return this.#take();
  }

  /** The file ends here. */
  end(): Found[] {
    const size = this.#offset + this.#window.length;
    while (this.#step(true));
    const hole = this.#hole;
    if (hole) this.#skipInHole(this.#window.length);
    if (this.#held) this.#tearOff(this.#held, size);
    else if (hole) this.#endInHole(hole, size);
    return this.#take();
  }

  /** A hole in the last write of all: none of what lies in and behind it was ever confirmed. */
  #tearOff({ from, position }: Held, size: number): void {
    Object.assign(this.#position, position);
    this.#found.push({ kind: 'torn', offset: from, length: size - from });
  }

  #endInHole({ from, cutShort, unwritten }: Hole, size: number): void {
    const length = size - from;
    // Less than a frame is what a torn end left that was not wiped to its end.
    const isTorn = cutShort || unwritten || length < FRAME_MIN_BYTES;
    const kind = isTorn ? 'torn' : 'damage';
    this.#found.push({ kind, offset: from, length });
    if (kind === 'damage') this.#position.damaged_bytes += length;
  }

  #feed(bytes: Buffer): void {
    this.#window = this.#window.length === 0 ? bytes : Buffer.concat([this.#window, bytes]);
    while (this.#step(false));
  }

  /** One frame, or one stretch of damage. False when more bytes are needed. */
  #step(final: boolean): boolean {
    return this.#hole === null ? this.#readNext(final) : this.#resynchronise(this.#hole, final);
  }

  #readNext(final: boolean): boolean {
    const frame = readFrame(this.#window);
    if (frame === 'short' && (!final || this.#window.length === 0)) return false;
    if (frame === 'short' || frame === 'bad') {
      const cutShort = frame === 'short' && !holdsWholePayload(this.#window);
      this.#hole = { from: this.#offset, cutShort, unwritten: false, sectorZero: true };
    } else this.#accept(frame);
    return true;
  }

  #resynchronise(hole: Hole, final: boolean): boolean {
    const found = this.#window.indexOf(MARK, HEADER_BYTES);
    if (found < 0) {
      this.#skipInHole(Math.max(0, this.#window.length - HEADER_BYTES - MARK.length));
      return false;
    }
    this.#skipInHole(found - HEADER_BYTES);
    const frame = readFrame(this.#window);
    if (frame === 'short' && !final) return false;
    if (frame === 'short' || frame === 'bad' || !this.#fits(frame, hole)) {
      this.#skipInHole(1);
      return true;
    }
    this.#release(frame);
    const { from, unwritten } = hole;
    const { seq } = this.#position;
    // Every number that is missing belongs to the write that this frame was part of.
    const sameWrite = frame.batch < frame.seq && frame.batch <= seq + 1;
    if (unwritten && sameWrite && !this.#held) {
      this.#held = { from, batch: frame.batch, position: { ...this.#position }, found: [] };
    }
    this.#report({ kind: 'damage', offset: from, length: this.#offset - from });
    this.#hole = null;
    this.#accept(frame);
    return true;
  }

  /**
   * After damage only a later number counts, and not later than the damage can hide. Books whose
   * first segments were retired begin with any number.
   */
  #fits({ seq }: Frame, { from }: Hole): boolean {
    const position = this.#position;
    if (position.seq === 0) return seq > 0;
    const damaged_bytes = position.damaged_bytes + this.#offset - from;
    return seq > position.seq && seq <= nextSeq({ ...position, damaged_bytes });
  }

  #accept(frame: Frame): void {
    this.#release(frame);
    const position = this.#position;
    const { seq, prev, fields } = frame;
    const offset = this.#offset;
    const own = frameHash(this.#window.subarray(0, frame.size));
    this.#skip(frame.size);
    if (seq <= position.seq) {
      this.#report({ kind: 'misplaced', offset, seq });
      return;
    }
    const gap = seq > position.seq + 1;
    if (gap) this.#report({ kind: 'gap', offset, after: position.seq, seq, prev });
    // Books that begin with a later number have no record yet that this one could contradict.
    const begins = gap && position.seq === 0 && position.damaged_bytes === 0 && offset === 0;
    if (prev !== position.hash && !begins) this.#report({ kind: 'chain', offset, seq });
    this.#report({ kind: 'record', offset, seq, hash: own, fields });
    Object.assign(position, { seq, hash: own, damaged_bytes: 0 });
  }

  /** A frame of a later write shows that the write with the hole had been durable: damage. */
  #release(frame: Frame): void {
    const held = this.#held;
    if (!held) return;
    if (frame.batch === held.batch && this.#offset - held.from <= HELD_MAX_BYTES) return;
    this.#held = null;
    this.#found.push(...held.found);
  }

  #report(found: Found): void {
    (this.#held?.found ?? this.#found).push(found);
  }

  #skip(bytes: number): void {
    this.#window = this.#window.subarray(bytes);
    this.#offset += bytes;
  }

  /** Notes a sector of zeros, or the part of one behind the hole's beginning: never written. */
  #skipInHole(bytes: number): void {
    const hole = this.#hole;
    const end = this.#offset + bytes;
    for (let at = this.#offset; hole && at < end; ) {
      const next = Math.min(end, at - (at % SECTOR_BYTES) + SECTOR_BYTES);
      const part = this.#window.subarray(at - this.#offset, next - this.#offset);
      hole.sectorZero &&= lastNonZero(part) < 0;
      if (next % SECTOR_BYTES === 0) {
        hole.unwritten ||= hole.sectorZero;
        hole.sectorZero = true;
      }
      at = next;
    }
    this.#skip(bytes);
  }

  #take(): Found[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

/** Bytes behind a good frame that are no frame. */
interface Hole {
  readonly from: number;
  /** A frame began and the file ended within it. */
  readonly cutShort: boolean;
  /** A whole sector of it holds zeros: the disk never wrote it. */
  unwritten: boolean;
  /** Is the sector that is being looked at zero so far? */
  sectorZero: boolean;
}

/** What lies behind a hole, until it is known whether the write that has the hole was the last. */
interface Held {
  readonly from: number;
  readonly batch: number;
  /** Before the hole. */
  readonly position: Position;
  readonly found: Found[];
}

/** Index of the last byte that is not zero, -1 when there is none. */
export function lastNonZero(bytes: Buffer): number {
  let end = bytes.length;
  while (end >= 1_024 && bytes.subarray(end - 1_024, end).equals(ZEROS.subarray(0, 1_024))) {
    end -= 1_024;
  }
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end - 1;
}

interface Frame {
  readonly size: number;
  readonly seq: number;
  /** Number of the first frame of the same write. */
  readonly batch: number;
  readonly prev: string;
  readonly fields: Fields;
}

function readFrame(bytes: Buffer): Frame | 'short' | 'bad' {
  if (bytes.length < HEADER_BYTES) return 'short';
  const size = HEADER_BYTES + bytes.readUInt32LE(0);
  if (size < FRAME_MIN_BYTES || size > FRAME_MAX_BYTES) return 'bad';
  const start = bytes.subarray(HEADER_BYTES, HEADER_BYTES + MARK.length);
  if (!start.equals(MARK.subarray(0, start.length))) return 'bad';
  if (bytes.length < size) return 'short';
  const frame = bytes.subarray(0, size);
  if (frame.readUInt32LE(4) !== checksum(frame)) return 'bad';
  const parsed = parseJson(frame.subarray(HEADER_BYTES));
  if (parsed === null) return 'bad';
  const { seq, prev, batch = seq, ...fields } = parsed;
  if (!Number.isSafeInteger(seq) || Number(seq) < 1 || typeof prev !== 'string') return 'bad';
  return { size, seq: Number(seq), batch: Number(batch), prev, fields };
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
