/**
 * Session keys, authentication data and MAC of the Social Security Card (LD/T 32.4). SM4 as the
 * standard writes it for a block of 16 bytes; 3DES with an 8-byte session key, which is single DES
 * from there on. SSF33 is a secret algorithm and is not modelled.
 */

import { type Algorithm, encrypt, lastBlock, pad80 } from '../../crypto.ts';
import type { KeyAlgorithm } from '../../keys.ts';

export interface SessionKey {
  readonly algorithm: Algorithm;
  /** 16 bytes for SM4, 8 for DES. */
  readonly key: Buffer;
}

/** @param random 4, 8 or 16 bytes; SM4 fills it with zeros, 3DES takes 8 */
export function sscSessionKey(algorithm: KeyAlgorithm, key: Buffer, random: Buffer): SessionKey {
  const block = Buffer.concat([random], algorithm === 'sm4' ? 16 : 8);
  const session = encrypt(algorithm, key, block);
  return { algorithm: algorithm === 'sm4' ? 'sm4' : 'des', key: session };
}

/** One encrypted block: raw, filled with zeros. What CIPHER DATA gives before the host folds it. */
export function cipherBlock({ algorithm, key }: SessionKey, raw: Buffer): Buffer {
  return encrypt(algorithm, key, Buffer.concat([raw], algorithm === 'sm4' ? 16 : 8));
}

/** Authentication data for 8 raw bytes: an SM4 block folded by XOR, a DES block as it is. */
export function authenticationData(session: SessionKey, raw: Buffer): Buffer {
  const block = cipherBlock(session, raw);
  if (block.length === 8) return block;
  return Buffer.from(block.subarray(0, 8).map((byte, at) => byte ^ (block[at + 8] ?? 0)));
}

/** MAC of 4 bytes, IV zero, always padded: SM4's last block folded by words, DES's left half. */
export function sscMac({ algorithm, key }: SessionKey, data: Buffer): Buffer {
  const iv = Buffer.alloc(algorithm === 'sm4' ? 16 : 8);
  const last = lastBlock(algorithm, key, { iv, data: pad80(data, iv.length) });
  if (algorithm !== 'sm4') return last.subarray(0, 4);
  return Buffer.from(last.subarray(0, 4).map((_, at) => fold(last, at)));
}

function fold(block: Buffer, at: number): number {
  return [0, 4, 8, 12].reduce((sum, word) => sum ^ block.readUInt8(word + at), 0);
}
