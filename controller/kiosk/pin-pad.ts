/** Digits as they are typed, in memory that can be wiped. */

/** The longest PIN of a card, or code of staff. */
const DIGITS_MAX = 16;

export class PinPad {
  /** Outside the heap of JavaScript, which would leave copies where it moves things. */
  readonly #digits = Buffer.from(new ArrayBuffer(DIGITS_MAX));
  #typed = 0;

  get typed(): number {
    return this.#typed;
  }

  /** @param digit one of 0 to 9; more than 16 are not taken */
  push(digit: string): void {
    if (this.#typed < DIGITS_MAX) this.#typed += this.#digits.write(digit, this.#typed, 'latin1');
  }

  /** What was typed, in ASCII; the same memory, which `wipe` clears. */
  digits(): Buffer {
    return this.#digits.subarray(0, this.#typed);
  }

  wipe(): void {
    this.#digits.fill(0);
    this.#typed = 0;
  }
}
