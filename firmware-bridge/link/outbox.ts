/**
 * Bytes on their way to a device: in order, so many at most, and wiped as they go, for slips name
 * persons.
 */

export class Outbox {
  /** Bytes that wait. */
  waiting = 0;
  readonly #limit: number;
  #chunks: Buffer[] = [];

  constructor(limit_bytes: number) {
    this.#limit = limit_bytes;
  }

  /** Takes a copy, or false where there is no room. */
  put(bytes: Buffer): boolean {
    if (this.waiting + bytes.length > this.#limit) return false;
    if (bytes.length > 0) this.#chunks.push(Buffer.from(bytes));
    this.waiting += bytes.length;
    return true;
  }

  /** What goes next. */
  get head(): Buffer | undefined {
    return this.#chunks[0];
  }

  /** The device took so many bytes of the head. */
  took(count: number): void {
    const [head] = this.#chunks;
    if (!head) return;
    head.fill(0, 0, count);
    this.waiting -= count;
    if (count === head.length) this.#chunks.shift();
    else this.#chunks[0] = head.subarray(count);
  }

  wipe(): void {
    for (const chunk of this.#chunks) chunk.fill(0);
    this.#chunks = [];
    this.waiting = 0;
  }
}
