/** 841E APPLICATION BLOCK (应用锁定, docs/protocol.md §2.9) of a card found on the blacklist. */

import type { Command } from '../apdu.ts';

export function getChallenge(): Command {
  return { cla: 0x00, ins: 0x84, p1: 0x00, p2: 0x00, le: 4 };
}

/** P2 00: a block that the issuer can lift again. */
export function blockApplication(mac: Buffer): Command {
  return { cla: 0x84, ins: 0x1e, p1: 0x00, p2: 0x00, data: mac };
}
