/**
 * The card side's arithmetic: diversification, session keys and MACs of the transit purse
 * (docs/protocol.md §3), on OpenSSL through `node:crypto`. The controller has its own on sm-crypto
 * and shares nothing with this file: the two must agree through bytes.
 */

import { type Cipher, createCipheriv, createDecipheriv } from 'node:crypto';

/** `des` occurs as a session algorithm of old cards only; their keys are 16 bytes all the same. */
export type Algorithm = 'sm4' | '3des' | 'des';

/** How 8 bytes become an SM4 block: followed by their complement, or by 80 00 … (§3.2). */
type SessionMode = 'complement' | 'pad80';

/** Block length in bytes. */
export function blockLength(algorithm: Algorithm): 8 | 16 {
  return algorithm === 'sm4' ? 16 : 8;
}

/** ECB without padding. `key`: 16 bytes, or 8 for single DES; `data`: whole blocks. */
export function encrypt(algorithm: Algorithm, key: Buffer, data: Buffer): Buffer {
  return cipherOf(algorithm, key).update(data);
}

/** Kept open: OpenSSL takes far longer to find and key a cipher than to encrypt some blocks. */
const ciphers = new Map<string, Cipher>();
const CIPHERS_MAX = 1_000;

function cipherOf(algorithm: Algorithm, key: Buffer): Cipher {
  const name = algorithm + key.toString('latin1');
  const known = ciphers.get(name);
  if (known) return known;
  const made =
    algorithm === 'sm4'
      ? createCipheriv('sm4-ecb', key, null)
      : createCipheriv('des-ede3-ecb', tripled(key), null);
  made.setAutoPadding(false);
  if (ciphers.size >= CIPHERS_MAX) ciphers.clear();
  ciphers.set(name, made);
  return made;
}

/** DK for one level (§3.1): 16 bytes from a 16-byte key and an 8-byte factor. */
export function diversify(algorithm: Algorithm, key: Buffer, factor: Buffer): Buffer {
  return encrypt(algorithm, key, Buffer.concat([factor, complement(factor)]));
}

/** Several levels, the top one (issuer) first, the card serial last. */
export function diversifyAll(algorithm: Algorithm, key: Buffer, factors: readonly Buffer[]) {
  return factors.reduce((parent, factor) => diversify(algorithm, parent, factor), key);
}

/**
 * Session key (§3.2) from the 8 bytes rand4 ‖ n2 ‖ termSeq[2..3] (purchase) or rand4 ‖ n2 ‖ 8000
 * (load): 16 bytes for SM4, otherwise an 8-byte single-DES key.
 */
export function sessionKey(
  algorithm: Algorithm,
  key: Buffer,
  input: Buffer,
  mode: SessionMode = 'complement',
): Buffer {
  if (algorithm === '3des') return encrypt(algorithm, key, input);
  if (algorithm === 'des') return encrypt(algorithm, key.subarray(0, 8), input);
  const second = mode === 'complement' ? complement(input) : Buffer.from('8000000000000000', 'hex');
  return encrypt(algorithm, key, Buffer.concat([input, second]));
}

/** MAC1, MAC2, TAC (§3.4): CBC-MAC, IV zero, 80-padding, the left 4 bytes. */
export function mac(algorithm: Algorithm, key: Buffer, data: Buffer): Buffer {
  const iv = Buffer.alloc(blockLength(algorithm));
  return lastBlock(algorithm, key, { iv, data: pad80(data, iv.length) }).subarray(0, 4);
}

/** TAC key (§3.4): the halves of DTK combined for DES, the whole of it for SM4. */
export function tacKey(algorithm: Algorithm, dtk: Buffer): Buffer {
  if (algorithm === 'sm4') return dtk;
  return xor(dtk.subarray(0, 8), dtk.subarray(8, 16));
}

/**
 * Secure-messaging MAC (§3.5), left 4 bytes. `data` is already padded to whole blocks; `iv` is the
 * challenge filled with zeros to one block. DES: retail MAC; SM4: plain CBC-MAC.
 */
export function secureMac(
  algorithm: Algorithm,
  key: Buffer,
  { iv, data }: { readonly iv: Buffer; readonly data: Buffer },
): Buffer {
  if (algorithm === 'sm4') return lastBlock(algorithm, key, { iv, data }).subarray(0, 4);
  const left = key.subarray(0, 8);
  const last = lastBlock(algorithm, left, { iv, data });
  const decipher = createDecipheriv('des-ede3-ecb', tripled(key.subarray(8, 16)), null);
  const middle = decipher.setAutoPadding(false).update(last);
  return encrypt(algorithm, left, middle).subarray(0, 4);
}

/** 80, then 00 to the block length; always added. */
export function pad80(data: Buffer, block: number): Buffer {
  const padded = Buffer.alloc((Math.floor(data.length / block) + 1) * block);
  data.copy(padded);
  padded[data.length] = 0x80;
  return padded;
}

/** Last block of a CBC encryption of whole blocks. */
export function lastBlock(
  algorithm: Algorithm,
  key: Buffer,
  { iv, data }: { readonly iv: Buffer; readonly data: Buffer },
): Buffer {
  const cipher = cipherOf(algorithm, key);
  let block = iv;
  for (let at = 0; at < data.length; at += iv.length) {
    block = cipher.update(xor(block, data.subarray(at, at + iv.length)));
  }
  return block;
}

function complement(bytes: Buffer): Buffer {
  const other = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) other[at] = ~(bytes[at] ?? 0);
  return other;
}

function xor(left: Buffer, right: Buffer): Buffer {
  const both = Buffer.allocUnsafe(left.length);
  for (let at = 0; at < left.length; at += 1) both[at] = left.readUInt8(at) ^ right.readUInt8(at);
  return both;
}

/** OpenSSL 3 has no single DES: K‖K‖K is DES, L‖R‖L is two-key triple DES. */
function tripled(key: Buffer): Buffer {
  return Buffer.concat([key, key, key]).subarray(0, 24);
}
