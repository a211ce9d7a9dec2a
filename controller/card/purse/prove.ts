/** 805A GET TRANSACTION PROVE (取交易认证, docs/protocol.md §2.6). */

import type { Command } from '../apdu.ts';
import { u16 } from '../bytes.ts';
import type { DebitProof } from './debit.ts';

/** @param counter n+1: the counter after the debit that is to be proved */
export function prove(txnType: number, counter: number): Command {
  return { cla: 0x80, ins: 0x5a, p1: 0x00, p2: txnType, data: u16(counter), le: 8 };
}

/** MAC ‖ TAC: the reverse order of 8054. */
export function parseProof(data: Buffer): DebitProof | null {
  return data.length === 8 ? { mac2: data.subarray(0, 4), tac: data.subarray(4, 8) } : null;
}
