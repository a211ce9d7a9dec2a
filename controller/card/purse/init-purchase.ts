/** 8050 INITIALIZE FOR CAPP PURCHASE (复合消费初始化, docs/protocol.md §2.3). Changes nothing. */

import type { Command } from '../apdu.ts';
import { u32 } from '../bytes.ts';

export interface PurchaseOffer {
  readonly balance_fen: number;
  /** n: the EP offline counter before this transaction. */
  readonly counter: number;
  readonly overdraftLimit_fen: number;
  readonly keyVersion: number;
  /** Copied to the SAM unread: the gate never interprets it. */
  readonly algorithm: number;
  readonly random: Buffer;
}

/** @param terminal 6 bytes from the SAM */
export function initPurchase(keyIndex: number, amount_fen: number, terminal: Buffer): Command {
  const data = Buffer.concat([Buffer.from([keyIndex]), u32(amount_fen), terminal]);
  return { cla: 0x80, ins: 0x50, p1: 0x03, p2: 0x02, data, le: 15 };
}

export function parsePurchaseOffer(data: Buffer): PurchaseOffer | null {
  if (data.length !== 15) return null;
  return {
    balance_fen: data.readUInt32BE(0),
    counter: data.readUInt16BE(4),
    overdraftLimit_fen: data.readUIntBE(6, 3),
    keyVersion: data.readUInt8(9),
    algorithm: data.readUInt8(10),
    random: data.subarray(11, 15),
  };
}
