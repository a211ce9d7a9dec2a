/** SM3 over what is held in memory, taken in steps between which a lane goes on. */

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { LoadedList } from './follow.ts';

const STEP_BYTES = 64 * 1024;

type Parts = Pick<LoadedList, 'base' | 'filter' | 'overlay'>;

export async function sumOf({ base, filter, overlay }: Parts): Promise<string> {
  const hash = createHash('sm3');
  for (const part of [base, filter, overlay]) {
    const bytes = part?.bytes ?? Buffer.alloc(0);
    for (let at = 0; at < bytes.length; at += STEP_BYTES) {
      if (at > 0) await setImmediate();
      hash.update(bytes.subarray(at, at + STEP_BYTES));
    }
  }
  return hash.digest('hex');
}
