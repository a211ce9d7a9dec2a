/**
 * An exact sorted table over one Buffer: entries of key ‖ one value byte, strictly ascending by
 * key, as a list file holds them. 10-byte keys (stride 11), 4 (5) or 2 (3).
 */

export type Stride = 11 | 5 | 3;

export class Table {
  readonly bytes: Buffer;
  readonly stride: Stride;
  readonly count: number;
  readonly #view: DataView;

  /**
   * @param bytes whole entries, strictly ascending: that is the caller's duty (the reader of a list
   * file checks it). Kept, not copied.
   */
  constructor(bytes: Buffer, stride: Stride) {
    if (bytes.length % stride !== 0) throw new RangeError('a table holds whole entries');
    this.bytes = bytes;
    this.stride = stride;
    this.count = bytes.length / stride;
    this.#view = viewOf(bytes);
  }

  /** Gathers chunks of whole entries in one Buffer. */
  static async from(
    chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
    { count, stride }: { count: number; stride: Stride },
  ): Promise<Table> {
    const bytes = Buffer.alloc(count * stride);
    let at = 0;
    for await (const chunk of chunks) {
      chunk.copy(bytes, at);
      at += chunk.length;
    }
    if (at !== bytes.length) throw new RangeError(`${at} bytes where ${count} entries are due`);
    return new Table(bytes, stride);
  }

  /** The value byte of a key, or undefined. Allocates nothing. @param key at least its length */
  find(key: Buffer): number | undefined {
    const at = this.#lowerBound(key) * this.stride;
    if (at === this.bytes.length || !this.#holds(key, at)) return undefined;
    return this.bytes[at + this.stride - 1];
  }

  /**
   * This table with another laid over it: the overlay's value counts where both have a key.
   * @param dropRemoved leave out what the overlay gives the value 0; otherwise such entries stay,
   * for a table that itself lies over something
   */
  merge(overlay: Table, dropRemoved: boolean): Table {
    const { bytes, stride } = this;
    if (overlay.stride !== stride) throw new RangeError('tables of different strides');
    const merged = Buffer.allocUnsafe(bytes.length + overlay.bytes.length);
    let from = 0;
    let to = 0;
    for (let at = 0; at < overlay.bytes.length; at += stride) {
      const entry = overlay.bytes.subarray(at, at + stride);
      const next = this.#lowerBound(entry) * stride;
      to += bytes.copy(merged, to, from, next);
      from = next < bytes.length && this.#holds(entry, next) ? next + stride : next;
      if (!dropRemoved || entry[stride - 1] !== 0) to += entry.copy(merged, to);
    }
    to += bytes.copy(merged, to, from);
    return new Table(merged.subarray(0, to), stride);
  }

  /** Index of the first entry whose key is not below `key`. */
  #lowerBound(key: Buffer): number {
    const { stride } = this;
    const view = this.#view;
    const wide = stride === 11;
    const first = stride === 3 ? key.readUInt16BE(0) * 0x1_0000 : key.readUInt32BE(0);
    const second = wide ? key.readUInt32BE(4) : 0;
    const third = wide ? key.readUInt16BE(8) : 0;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * stride;
      // Stride 3 has no four bytes to spare at its end; the others have.
      let order = (stride === 3 ? view.getUint16(at) * 0x1_0000 : view.getUint32(at)) - first;
      if (order === 0 && wide) {
        order = view.getUint32(at + 4) - second;
        if (order === 0) order = view.getUint16(at + 8) - third;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #holds(key: Buffer, at: number): boolean {
    for (let i = 0; i < this.stride - 1; i++) {
      if (this.bytes[at + i] !== key[i]) return false;
    }
    return true;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
