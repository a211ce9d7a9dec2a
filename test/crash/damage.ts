/** What may befall a file: flipped bits, a page of zeros, an end cut off, or all of it gone. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Chance } from '../../sim/lane/chance.ts';

const PAGE_BYTES = 4_096;

const KINDS = [1, 5, 20, 100, 'page', 'cut', 'gone'] as const;
type Kind = (typeof KINDS)[number];

export interface Damage {
  readonly what: string;
  /** Offsets of the bytes that differ or are no longer there. */
  readonly bytes: readonly number[];
}

/** Changes the file in place: whoever has it open or mapped sees it. */
export function damage(path: string, chance: Chance, kind: Kind = chance.pick(KINDS)): Damage {
  const before = readFileSync(path);
  const after = harm(before, chance, kind);
  if (after === null) rmSync(path);
  else writeFileSync(path, after, { flag: 'r+' });
  if (after !== null && after.length < before.length) cut(path, after);
  const bytes = [...before.keys()].filter((at) => before[at] !== after?.[at]);
  return { what: typeof kind === 'number' ? `${kind} bits flipped` : kind, bytes };
}

function cut(path: string, bytes: Buffer): void {
  writeFileSync(path, bytes, { flag: 'w' });
}

/** Null: the file goes. */
function harm(before: Buffer, chance: Chance, kind: Kind): Buffer | null {
  const after = Buffer.from(before);
  if (kind === 'gone') return null;
  if (kind === 'cut') return after.subarray(0, chance.below(before.length));
  if (kind === 'page') {
    const page = chance.below(Math.ceil(before.length / PAGE_BYTES)) * PAGE_BYTES;
    return after.fill(0, page, Math.min(page + PAGE_BYTES, after.length));
  }
  for (let bit = 0; bit < kind; bit += 1) {
    const at = chance.below(after.length);
    after.writeUInt8(after.readUInt8(at) ^ (1 << chance.below(8)), at);
  }
  return after;
}
