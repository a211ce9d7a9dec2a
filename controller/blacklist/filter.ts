/**
 * Binary fuse filter with 8-bit fingerprints, three-wise (Graf and Lemire, "Binary Fuse Filters:
 * Fast and Smaller Than Xor Filters", 2022) over 10-byte application serials. It never denies a
 * serial that it was built with, and admits about one other in 256.
 *
 * Bytes: seed u32 BE ‖ segment_length u32 BE (a power of two, 4 … 2^18) ‖ segment_count_length
 * u32 BE (a multiple of it) ‖ segment_count_length + 2 · segment_length fingerprints.
 *
 * A serial is read as words w0 (bytes 0-3), w1 (4-7), w2 (8-9), big-endian, and hashed to two lanes
 * of 32 bits, `high` and `low` below. With h = high · 2^32 + low and mask = segment_length - 1 its
 * three places are  p = floor(high · segment_count_length / 2^32),
 * (p + segment_length) ^ ((h >> 18) & mask),  (p + 2 · segment_length) ^ (h & mask);
 * it is admitted when the exclusive-or of the fingerprints there is (high ^ low) & FF.
 */

import type { Table } from './table.ts';

const SERIAL_BYTES = 10;
const PLACES = 3;
const HEAD_BYTES = 12;
const SEGMENT_MIN = 4;
const SEGMENT_MAX = 2 ** 18;
/** One in some hundred seeds fails; so many in a row mean a defect. */
const TRIES = 100;
/** In a slot of so many keys the counter could wrap; a sound hash has a handful there. */
const CROWD = 255;

export class Filter {
  /** As described above; what a list file carries. */
  readonly bytes: Buffer;
  readonly #prints: Buffer;
  readonly #seed: number;
  readonly #length: number;
  readonly #span: number;
  /** Reused for every serial. */
  readonly #places = new Uint32Array(PLACES);

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#prints = bytes.subarray(HEAD_BYTES);
    this.#seed = bytes.readInt32BE(0);
    this.#length = bytes.readUInt32BE(4);
    this.#span = bytes.readUInt32BE(8);
  }

  /** Takes about 10 further bytes a key while it works. @param table of stride 11 */
  static build(table: Table): Filter {
    const length = segmentLength(table.count);
    const segments = segmentCount(table.count, length);
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const bytes = Buffer.alloc(HEAD_BYTES + (segments + 2) * length);
      bytes.writeInt32BE(Math.imul(attempt, 0x9e3779b1), 0);
      bytes.writeUInt32BE(length, 4);
      bytes.writeUInt32BE(segments * length, 8);
      const filter = new Filter(bytes);
      if (filter.#fill(table)) return filter;
    }
    throw new Error(`no seed of ${TRIES} fits; are the keys distinct?`);
  }

  /** Null unless the bytes are a filter, of any content: every look-up in it stays in bounds. */
  static parse(bytes: Buffer): Filter | null {
    if (bytes.length < HEAD_BYTES) return null;
    const length = bytes.readUInt32BE(4);
    const span = bytes.readUInt32BE(8);
    if (length < SEGMENT_MIN || length > SEGMENT_MAX || (length & (length - 1)) !== 0) return null;
    if (span === 0 || span % length !== 0) return null;
    return bytes.length === HEAD_BYTES + span + 2 * length ? new Filter(bytes) : null;
  }

  /** False: certainly not built with this serial. Allocates nothing. @param card 10 bytes there */
  mayHold(card: Buffer, offset = 0): boolean {
    if (offset + SERIAL_BYTES > card.length) throw new RangeError('a serial has 10 bytes');
    return this.#locate(card, offset) === this.#fold();
  }

  /** Leaves the three places of a serial in `#places`; returns its fingerprint. */
  #locate(bytes: Buffer, at: number): number {
    const high = highLane(this.#seed, bytes, at);
    const low = lowLane(this.#seed, bytes, at);
    const mask = this.#length - 1;
    // In two steps, as the whole product does not fit the 53 bits of a number.
    const lower = Math.floor(((high & 0xffff) * this.#span) / 0x1_0000);
    const first = Math.floor(((high >>> 16) * this.#span + lower) / 0x1_0000);
    const places = this.#places;
    places[0] = first;
    places[1] = (first + this.#length) ^ (((low >>> 18) | (high << 14)) & mask);
    places[2] = (first + 2 * this.#length) ^ (low & mask);
    return (high ^ low) & 0xff;
  }

  /** The exclusive-or of the fingerprints at `#places`. */
  #fold(): number {
    const prints = this.#prints;
    const places = this.#places;
    let folded = 0;
    for (let i = 0; i < PLACES; i++) folded ^= prints[places[i] ?? 0] ?? 0;
    return folded;
  }

  /** False when this seed does not work out. */
  #fill(table: Table): boolean {
    const slots = this.#prints.length;
    /** How many keys lie in a slot, and the exclusive-or of their indexes. */
    const held: Held = { counts: new Uint8Array(slots), keys: new Uint32Array(slots) };
    if (!this.#scatter(table, held)) return false;
    const order = new Uint32Array(slots);
    if (this.#peel(table, held, order) < table.count) return false;
    for (let i = table.count - 1; i >= 0; i--) {
      const slot = order[i] ?? 0;
      const print = this.#locate(table.bytes, (held.keys[slot] ?? 0) * table.stride);
      // The slot's own fingerprint is still zero.
      this.#prints[slot] = this.#fold() ^ print;
    }
    return true;
  }

  #scatter(table: Table, { counts, keys }: Held): boolean {
    for (let key = 0; key < table.count; key++) {
      this.#locate(table.bytes, key * table.stride);
      for (let i = 0; i < PLACES; i++) {
        const slot = this.#places[i] ?? 0;
        const count = (counts[slot] ?? 0) + 1;
        if (count === CROWD) return false;
        counts[slot] = count;
        keys[slot] = (keys[slot] ?? 0) ^ key;
      }
    }
    return true;
  }

  /**
   * Takes away, again and again, a key that is alone in a slot. `order` is both the queue of such
   * slots and, in its front, the slots by which keys went. Returns how many keys went.
   */
  #peel(table: Table, { counts, keys }: Held, order: Uint32Array): number {
    let queued = 0;
    for (let slot = 0; slot < counts.length; slot++) {
      if (counts[slot] === 1) order[queued++] = slot;
    }
    let gone = 0;
    for (let next = 0; next < queued; next++) {
      const slot = order[next] ?? 0;
      if (counts[slot] !== 1) continue;
      const key = keys[slot] ?? 0;
      order[gone++] = slot;
      this.#locate(table.bytes, key * table.stride);
      for (let i = 0; i < PLACES; i++) {
        const other = this.#places[i] ?? 0;
        const count = (counts[other] ?? 0) - 1;
        counts[other] = count;
        if (other === slot) continue;
        keys[other] = (keys[other] ?? 0) ^ key;
        if (count === 1) order[queued++] = other;
      }
    }
    return gone;
  }
}

interface Held {
  readonly counts: Uint8Array;
  readonly keys: Uint32Array;
}

/** The paper's choice for three places. */
function segmentLength(count: number): number {
  const power = Math.floor(Math.log(Math.max(count, 1)) / Math.log(3.33) + 2.25);
  return Math.min(2 ** power, SEGMENT_MAX);
}

function segmentCount(count: number, length: number): number {
  if (count < 2) return 1;
  const factor = Math.max(1.125, 0.875 + (0.25 * Math.log(1e6)) / Math.log(count));
  return Math.max(1, Math.ceil((count * factor) / length) - 2);
}

/** The rounds and the end of MurmurHash3 x86_32, without its length, over w0, w1, w2. */
function highLane(seed: number, bytes: Buffer, at: number): number {
  let h = step(seed, word(bytes, at));
  h = step(h, word(bytes, at + 4));
  return finish(step(h, half(bytes, at + 8)));
}

/** The same over w2, w1, w0 from another start, so that no two serials agree in both by design. */
function lowLane(seed: number, bytes: Buffer, at: number): number {
  let h = step(seed ^ 0x7feb352d, half(bytes, at + 8));
  h = step(h, word(bytes, at + 4));
  return finish(step(h, word(bytes, at)));
}

function step(h: number, w: number): number {
  const k = Math.imul(w, 0xcc9e2d51);
  const mixed = h ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(h: number): number {
  let mixed = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Plain index reads: the calls of Buffer cost four times the rest of a look-up. */
function word(bytes: Buffer, at: number): number {
  return (half(bytes, at) << 16) | half(bytes, at + 2);
}

function half(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
