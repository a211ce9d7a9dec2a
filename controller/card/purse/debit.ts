/** 8054 DEBIT FOR PURCHASE (消费, docs/protocol.md §2.5): the only command that moves money. */

import type { Command } from '../apdu.ts';

export interface DebitProof {
  readonly tac: Buffer; // 4
  readonly mac2: Buffer; // 4
}

/** @param at BCD date 4 ‖ time 3, the very bytes that the SAM signed */
export function debit(termSeq: Buffer, at: Buffer, mac1: Buffer): Command {
  const data = Buffer.concat([termSeq, at, mac1]);
  return { cla: 0x80, ins: 0x54, p1: 0x01, p2: 0x00, data, le: 8 };
}

export function parseDebitProof(data: Buffer): DebitProof | null {
  return data.length === 8 ? { tac: data.subarray(0, 4), mac2: data.subarray(4, 8) } : null;
}
