/** The code of staff: kept as a salted scrypt hash, never as itself. */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** RFC 7914 parameters N (as exponent), r, p: some 50 ms on a board, and 16 MiB. */
const COST_LOG2 = 14;
const HASH_BYTES = 32;

export const CODE_DIGITS = { min: 6, max: 16 } as const;

const derive = promisify<Buffer, Buffer, number, { N: number; r: number; p: number }, Buffer>(
  scrypt,
);

/** `scrypt$14$salt$hash`, for `maintenance.code`. @param code digits in ASCII */
export async function hashCode(code: Buffer): Promise<string> {
  const salt = randomBytes(16);
  const hash = await hashOf(code, salt, COST_LOG2);
  return `scrypt$${COST_LOG2}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** Is it the code? A hash that is none fits no code. */
export async function isCode(code: Buffer, kept: string): Promise<boolean> {
  const [, cost = '', salt = '', hash = ''] = kept.split('$');
  const expected = Buffer.from(hash, 'base64');
  const cost_log2 = Number(cost);
  if (expected.length !== HASH_BYTES || !(cost_log2 >= 10 && cost_log2 <= 17)) return false;
  return timingSafeEqual(await hashOf(code, Buffer.from(salt, 'base64'), cost_log2), expected);
}

function hashOf(code: Buffer, salt: Buffer, cost_log2: number): Promise<Buffer> {
  return derive(code, salt, HASH_BYTES, { N: 2 ** cost_log2, r: 8, p: 1 });
}
