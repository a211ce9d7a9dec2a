/**
 * How long the card works on a command, in milliseconds, as measured at the reader on one bus POS
 * of 2019 (docs/protocol.md §5.1). The figures include the radio transport of those days, so they
 * err on the slow side. Values marked [I] are taken from a command of like weight.
 */

import type { Apdu } from './apdu.ts';

const OTHER_MS = 7; // [I] a refusal costs about as much as the smallest command
const SELECT_PPSE_MS = 26;
const READ_17_MS = 13;

const WORK_MS: ReadonlyMap<number, number> = new Map([
  [0xa4, 19], // SELECT of the purse
  [0xb0, 10], // READ BINARY 15
  [0xb2, 12], // READ RECORD 1E
  [0x5c, 7],
  [0x50, 11],
  [0xdc, 16],
  [0x54, 67],
  [0x5a, 16], // [I] reads two values that 8054 stored
  [0x84, 7], // [I]
  [0x1e, 16], // [I] one MAC and one write
]);

/** @param apdu null for bytes that are no APDU */
export function work_ms(apdu: Apdu | null): number {
  if (!apdu) return OTHER_MS;
  if (apdu.ins === 0xa4 && apdu.data.length === 14) return SELECT_PPSE_MS;
  if (apdu.ins === 0xb0 && apdu.p1 === 0x97) return READ_17_MS;
  return WORK_MS.get(apdu.ins) ?? OTHER_MS;
}
