/**
 * The block ciphers of purse keys, each as two functions over whole blocks. SM4 comes from
 * sm-crypto with plain arrays, its fast path (hex strings cost four times as much); DES and 3DES
 * from node:crypto. sm-crypto drops a partial block without a word, so lengths are checked here.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';
import smCrypto from 'sm-crypto';

export interface BlockCipher {
  /** 16 (SM4) or 8 (DES, 3DES) bytes. */
  readonly block: number;
  /** ECB over whole blocks. */
  encrypt(key: Buffer, data: Buffer): Buffer;
  /** Last block of CBC over whole blocks. */
  cbcLast(key: Buffer, iv: Buffer, data: Buffer): Buffer;
}

/** GB/T 32907; 16-byte keys. */
export const sm4: BlockCipher = {
  block: 16,
  encrypt(key, data) {
    whole(data, 16);
    const options = { padding: 'none', output: 'array' } as const;
    return Buffer.from(smCrypto.sm4.encrypt(numbers(data), numbers(key), options));
  },
  cbcLast(key, iv, data) {
    whole(data, 16);
    const options = { padding: 'none', output: 'array', mode: 'cbc', iv: numbers(iv) } as const;
    return Buffer.from(smCrypto.sm4.encrypt(numbers(data), numbers(key), options).slice(-16));
  },
};

/** Two-key 3DES with 16-byte keys; single DES with 8-byte keys, as 3DES with one key thrice. */
export const des: BlockCipher = {
  block: 8,
  encrypt: (key, data) => runDes('ecb', { key, iv: null, data }),
  cbcLast: (key, iv, data) => runDes('cbc', { key, iv, data }).subarray(-8),
};

/** Decrypts one block with single DES; only the retail MAC needs it. */
export function desDecrypt(key: Buffer, data: Buffer): Buffer {
  whole(data, 8);
  const triple = tripleKey(key);
  const decipher = createDecipheriv('des-ede3', triple, null).setAutoPadding(false);
  triple.fill(0);
  return decipher.update(data);
}

function runDes(
  mode: 'ecb' | 'cbc',
  { key, iv, data }: { key: Buffer; iv: Buffer | null; data: Buffer },
): Buffer {
  whole(data, 8);
  const name = mode === 'ecb' ? 'des-ede3' : 'des-ede3-cbc';
  const triple = tripleKey(key);
  const cipher = createCipheriv(name, triple, iv).setAutoPadding(false);
  triple.fill(0);
  // Whole blocks without padding: nothing is left for `final`, and no copy of the result behind.
  return cipher.update(data);
}

function tripleKey(key: Buffer): Buffer {
  if (key.length === 8) return Buffer.concat([key, key, key]);
  if (key.length === 16) return Buffer.concat([key, key.subarray(0, 8)]);
  throw new RangeError(`DES key of ${key.length} bytes`);
}

/** An index loop: spreading a Buffer goes through its iterator and is many times slower. */
function numbers(bytes: Buffer): number[] {
  const list = new Array<number>(bytes.length);
  for (let i = 0; i < bytes.length; i++) list[i] = bytes.readUInt8(i);
  return list;
}

function whole(data: Buffer, block: number): void {
  if (data.length === 0 || data.length % block !== 0) {
    throw new RangeError(`${data.length} bytes are no whole number of ${block}-byte blocks`);
  }
}
