/** EF18, one 23-byte record of the purchase log (docs/protocol.md §1.4). */

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
