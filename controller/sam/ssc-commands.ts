/** Commands of a PSAM that serves Social Security Cards (docs/protocol.md §10.4). */

import type { Command } from '../card/apdu.ts';

/** @param name file id (2 bytes) or application name (5 to 16 bytes) */
export function selectApplication(name: Buffer): Command {
  return { cla: 0x00, ins: 0xa4, p1: name.length === 2 ? 0x00 : 0x04, p2: 0x00, data: name };
}

/** BFEC INIT ENVIRONMENT. @param first first byte of the card id: its province */
export function initEnvironment(first: number): Command {
  return { cla: 0xbf, ins: 0xec, p1: 0x00, p2: 0x00, data: Buffer.from([first]) };
}

export interface Delivery {
  /** `BFDE`, `80DE` or `801A`. */
  readonly ins: string;
  /** How many factors the PSAM needs, 1 to 3. */
  readonly levels: number;
  readonly keyId: number;
  /** Card, city, province: the reverse of the order of diversification. */
  readonly factors: readonly Buffer[];
  readonly processFactor: Buffer;
}

/** Key type in the low bits of P1: a key that enciphers. */
const ENCIPHERS = 0x07;

/** DELIVERY SESSION KEY: derives the card's key, and from it a session key. */
export function deliverSessionKey(delivery: Delivery): Command {
  const { ins, levels, keyId, factors, processFactor } = delivery;
  const [cla = 0, code = 0] = Buffer.from(ins, 'hex');
  const data = Buffer.concat([...factors.slice(0, levels), processFactor]);
  return { cla, ins: code, p1: (levels << 5) | ENCIPHERS, p2: keyId, data };
}

/** 80FA CIPHER DATA, P1 00: encipher whole blocks with the session key. */
export function cipherData(data: Buffer): Command {
  return { cla: 0x80, ins: 0xfa, p1: 0x00, p2: 0x00, data, le: data.length };
}

/** The halves of a 16-byte block, one over the other; a block of DES as it is. */
export function authenticationOf(block: Buffer): Buffer {
  if (block.length === 8) return block;
  const folded = Buffer.alloc(8);
  for (let at = 0; at < 8; at++) folded[at] = block.readUInt8(at) ^ block.readUInt8(at + 8);
  return folded;
}
