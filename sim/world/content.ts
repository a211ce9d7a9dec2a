/** The bytes of a file on a simulated disk. */

export interface Change {
  readonly offset: number;
  /** Null: the file ends at `offset`. */
  readonly bytes: Buffer | null;
}

/** Bytes that grow in place. */
export class Content {
  length = 0;
  #bytes = Buffer.alloc(0);

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.write(0, bytes);
  }

  slice(offset: number, length = this.length): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, Math.min(offset + length, this.length)));
  }

  write(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const longer = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(longer, 0, 0, this.length);
      this.#bytes = longer;
    }
    bytes.copy(this.#bytes, offset);
    this.length = Math.max(this.length, end);
  }

  apply({ offset, bytes }: Change): void {
    if (bytes) this.write(offset, bytes);
    else {
      this.#bytes.fill(0, offset);
      this.length = offset;
    }
  }

  take(other: Content): void {
    this.apply({ offset: 0, bytes: null });
    this.write(0, other.slice(0));
  }
}
