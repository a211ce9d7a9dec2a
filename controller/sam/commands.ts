/** The PSAM's commands, each as build and parse (docs/protocol.md §4). */

import type { Command } from '../card/apdu.ts';
import { u16, u32 } from '../card/bytes.ts';
import type { Authorisation, PurchaseInput } from './sam.ts';

const MASTER_FILE = Buffer.from('3F00', 'hex');

export function selectMasterFile(): Command {
  return selectFile(MASTER_FILE);
}

export function selectFile(fid: Buffer): Command {
  return { cla: 0x00, ins: 0xa4, p1: 0x00, p2: 0x00, data: fid, le: 256 };
}

/** MF EF15: PSAM serial 10 ‖ version ‖ key card type ‖ issuer data 2. */
export function readSamInfo(): Command {
  return { cla: 0x00, ins: 0xb0, p1: 0x95, p2: 0x00, le: 14 };
}

/** MF EF16: the 6-byte terminal id. */
export function readTerminalId(): Command {
  return { cla: 0x00, ins: 0xb0, p1: 0x96, p2: 0x00, le: 6 };
}

/** Application EF17: key index, issuer, acquirer, dates. */
export function readApplicationInfo(): Command {
  return { cla: 0x00, ins: 0xb0, p1: 0x97, p2: 0x00, le: 25 };
}

/** 8070 INIT SAM FOR PURCHASE, two diversification levels: card factor, then issuer factor. */
export function initSamForPurchase(input: PurchaseInput): Command {
  const data = Buffer.concat([
    input.random,
    u16(input.counter),
    u32(input.amount_fen),
    Buffer.from([input.txnType]),
    input.at,
    Buffer.from([input.keyVersion, input.algorithm]),
    input.cardFactor,
    input.issuerFactor,
  ]);
  return { cla: 0x80, ins: 0x70, p1: 0x00, p2: 0x00, data, le: 8 };
}

export function parseAuthorisation(data: Buffer): Authorisation | null {
  return data.length === 8 ? { termSeq: data.subarray(0, 4), mac1: data.subarray(4, 8) } : null;
}

/** 8072 CREDIT SAM FOR PURCHASE: has the SAM verify the card's MAC2. */
export function creditSamForPurchase(mac2: Buffer): Command {
  return { cla: 0x80, ins: 0x72, p1: 0x00, p2: 0x00, data: mac2 };
}

/** 801A INIT FOR DESCRYPT: derives a working key, card factor first on the wire. */
export function initForDescrypt(usage: number, version: number, factors: Buffer): Command {
  return { cla: 0x80, ins: 0x1a, p1: usage, p2: version, data: factors };
}

/** 80FA with P1 05: a MAC whose IV is the first block of the data. */
export function descryptMac(data: Buffer): Command {
  return { cla: 0x80, ins: 0xfa, p1: 0x05, p2: 0x00, data, le: 4 };
}
