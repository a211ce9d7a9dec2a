/**
 * Keys and MACs of the e-purse: diversification, session keys, MAC1/MAC2 and secure messaging
 * (docs/protocol.md §3). Pure functions; what the public sources leave open is a parameter.
 */

import { u16 } from '../card/bytes.ts';
import { type BlockCipher, des, desDecrypt, sm4 } from './ciphers.ts';

export type Algorithm = 'sm4' | '3des' | 'des';
export type Sm4SessionMode = 'complement' | 'pad80';

/**
 * One level of key diversification by an 8-byte factor: SM4_K(F ‖ ~F), or 3DES_K(F) ‖ 3DES_K(~F).
 */
export function diversify(algorithm: Algorithm, key: Buffer, factor: Buffer): Buffer {
  return cipherOf(algorithm).encrypt(key, complemented(eight(factor)));
}

export interface SessionInput {
  readonly random: Buffer; // 4
  readonly counter: number; // 2 bytes
  readonly termSeq: Buffer; // 4, of which the last 2 count
}

/** Purchase session key: 16 bytes (SM4) or 8 bytes (DES family). */
export function sessionKey(
  algorithm: Algorithm,
  key: Buffer,
  { input, mode }: { input: SessionInput; mode: Sm4SessionMode },
): Buffer {
  const { random, counter, termSeq } = input;
  const x = eight(Buffer.concat([random, u16(counter), termSeq.subarray(2)]));
  switch (algorithm) {
    case 'sm4':
      return sm4.encrypt(key, mode === 'complement' ? complemented(x) : pad80(x, 16));
    case '3des':
      return des.encrypt(key, x);
    case 'des':
      return des.encrypt(key.subarray(0, 8), x);
  }
}

/** MAC of 4 bytes under a session key, zero IV: MAC1, MAC2. */
export function sessionMac(algorithm: Algorithm, session: Buffer, data: Buffer): Buffer {
  const cipher = cipherOf(algorithm);
  const iv = Buffer.alloc(cipher.block);
  return cipher.cbcLast(session, iv, pad80(data, cipher.block)).subarray(0, 4);
}

/**
 * Secure-messaging MAC (04/84 class). IV is the challenge filled with zeros. SM4: plain CBC; DES
 * family: retail MAC, that is CBC with the left half and DEC right, ENC left on the last block.
 */
export function messagingMac(
  algorithm: Algorithm,
  key: Buffer,
  { challenge, data }: { challenge: Buffer; data: Buffer },
): Buffer {
  const cipher = cipherOf(algorithm);
  const iv = Buffer.alloc(cipher.block);
  challenge.copy(iv);
  const padded = pad80(data, cipher.block);
  if (algorithm === 'sm4') return sm4.cbcLast(key, iv, padded).subarray(0, 4);
  const left = key.subarray(0, 8);
  const last = des.cbcLast(left, iv, padded);
  return des.encrypt(left, desDecrypt(key.subarray(8, 16), last)).subarray(0, 4);
}

/** Appends 80, then 00 up to the block size; always at least one byte. */
export function pad80(data: Buffer, block: number): Buffer {
  const padded = Buffer.alloc((Math.floor(data.length / block) + 1) * block);
  data.copy(padded);
  padded.writeUInt8(0x80, data.length);
  return padded;
}

function cipherOf(algorithm: Algorithm): BlockCipher {
  return algorithm === 'sm4' ? sm4 : des;
}

/** F ‖ ~F. */
function complemented(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, bytes.map((byte) => ~byte)]);
}

/** A shorter factor would make a shorter, weaker 3DES key without a word. */
function eight(bytes: Buffer): Buffer {
  if (bytes.length === 8) return bytes;
  throw new RangeError(`${bytes.length} bytes where a factor or session input of 8 is due`);
}
