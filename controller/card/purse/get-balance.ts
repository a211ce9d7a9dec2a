/** 805C GET BALANCE (docs/protocol.md §2.2). */

import type { Command } from '../apdu.ts';

/** P1 03: the balance that can be spent, as T-Union terminals ask for it. */
export function getBalance(): Command {
  return { cla: 0x80, ins: 0x5c, p1: 0x03, p2: 0x02, le: 4 };
}

export function parseBalance(data: Buffer): number | null {
  return data.length === 4 ? data.readUInt32BE(0) : null;
}
