/** VERIFY: how many tries are left, and one try (docs/protocol.md §10.5). */

import type { Command } from '../apdu.ts';

/** `0020000000`, Lc 00: asks and costs no try. */
export function queryTries(): Command {
  return { cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x00, le: 256 };
}

/** ASCII `0` */
const ZERO = 0x30;
/** Goes behind the last of an odd number of digits. */
const FILLER = 0x0f;

/** 4 to 16 digits. @param pin ASCII; bytes, for a string could not be wiped */
export function isPin(pin: Buffer): boolean {
  return pin.length >= 4 && pin.length <= 16 && pin.every((byte) => byte >= ZERO && byte <= 0x39);
}

/**
 * 2 to 8 bytes of BCD; an odd last digit is followed by the nibble F. Throws on anything else.
 * Whoever sends it wipes its `data`.
 * @param pin ASCII
 */
export function verify(pin: Buffer): Command & { readonly data: Buffer } {
  if (!isPin(pin)) throw new RangeError('a PIN has 4 to 16 digits');
  // Small ones of `alloc` lie in the heap of JavaScript, which leaves copies where it moves things.
  const data = Buffer.allocUnsafe(Math.ceil(pin.length / 2));
  for (let at = 0; at < data.length; at += 1) {
    const low = pin[2 * at + 1];
    const nibble = low === undefined ? FILLER : low - ZERO;
    data[at] = (((pin[2 * at] ?? 0) - ZERO) << 4) | nibble;
  }
  return { cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x00, data, secret: true };
}

export type PinAnswer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'left'; readonly left: number }
  | { readonly kind: 'locked' }
  | { readonly kind: 'other' };

/** To a try: `ok` it was right. To a query: `ok` the card has no PIN. */
export function pinAnswer(sw: number): PinAnswer {
  if (sw === 0x9000) return { kind: 'ok' };
  if (sw === 0x6983 || sw === 0x63c0) return { kind: 'locked' };
  if (sw >> 4 === 0x63c) return { kind: 'left', left: sw & 0x0f };
  return { kind: 'other' };
}
