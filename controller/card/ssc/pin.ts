/** VERIFY: how many tries are left, and one try (docs/protocol.md §10.5). */

import type { Command } from '../apdu.ts';

/** `0020000000`, Lc 00: asks and costs no try. */
export function queryTries(): Command {
  return { cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x00, le: 256 };
}

/** 2 to 8 bytes of BCD, and never fewer than 4 digits. */
export function isPin(pin: string): boolean {
  return /^\d{4,16}$/.test(pin);
}

/** Digits in BCD; an odd last one is followed by the nibble F. Throws on anything else. */
export function verify(pin: string): Command {
  if (!isPin(pin)) throw new RangeError('a PIN has 4 to 16 digits');
  const data = Buffer.from(pin.length % 2 === 0 ? pin : `${pin}F`, 'hex');
  return { cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x00, data };
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
