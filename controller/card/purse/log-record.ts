/** EF18, one 23-byte record of the purchase log (docs/protocol.md §1.4). */

import type { Command } from '../apdu.ts';
import { hexOf } from '../bytes.ts';

export const LOG_RECORD_LENGTH = 23;

export interface LogRecord {
  /** Deployed cards write it after the transaction, the manual says before: take either. */
  readonly counter: number;
  readonly overdraftLimit_fen: number;
  readonly amount_fen: number;
  /** 02 load, 06 purchase, 09 compound purchase … */
  readonly type: string;
  readonly terminal: string;
  /** BCD `YYYYMMDDHHMMSS`. */
  readonly at: string;
}

/** @param number 1: the newest */
export function readLogRecord(number: number): Command {
  return { cla: 0x00, ins: 0xb2, p1: number, p2: (0x18 << 3) | 4, le: LOG_RECORD_LENGTH };
}

export function parseLogRecord(bytes: Buffer): LogRecord | null {
  if (bytes.length !== LOG_RECORD_LENGTH) return null;
  return {
    counter: bytes.readUInt16BE(0),
    overdraftLimit_fen: bytes.readUIntBE(2, 3),
    amount_fen: bytes.readUInt32BE(5),
    type: hexOf(bytes.subarray(9, 10)),
    terminal: hexOf(bytes.subarray(10, 16)),
    at: hexOf(bytes.subarray(16, 23)),
  };
}
