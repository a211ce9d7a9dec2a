/**
 * What a power cut may leave of a memory disk: every combination of what is unsettled, or, where
 * these are too many, the likely and the extreme ones and a seeded sample of the rest.
 */

import { createChance } from '../../sim/lane/chance.ts';
import type { MemoryDisk, Piece } from './memory-disk.ts';

/** Up to so many combinations all are tried. */
const ALL_MAX = 1_024;
const SAMPLE = 64;

/** How a combination was chosen. */
export type Choosing = 'all' | 'prefix' | 'suffix' | 'one lost' | 'one kept' | 'sample';

interface Combination {
  readonly choosing: Choosing;
  /** Of each piece, which version. */
  readonly kept: readonly number[];
}

export interface Image extends Combination {
  readonly disk: MemoryDisk;
}

/** Disks that a power cut at this moment may leave. */
export function* imagesAfterCut(disk: MemoryDisk, seed: number): Generator<Image> {
  const pieces = disk.unsettled();
  for (const combination of combinations(pieces, seed)) {
    yield { ...combination, disk: disk.afterCut(combination.kept) };
  }
}

export function* combinations(pieces: readonly Piece[], seed: number): Generator<Combination> {
  const count = pieces.reduce((product, { versions }) => product * versions, 1);
  if (count <= ALL_MAX) {
    for (let number = 0; number < count; number += 1) {
      yield { choosing: 'all', kept: digits(pieces, number) };
    }
    return;
  }
  const last = pieces.map(({ versions }) => versions - 1);
  const where = (keeps: (index: number) => boolean) =>
    last.map((version, index) => (keeps(index) ? version : 0));
  for (let cut = 0; cut <= last.length; cut += 1) {
    yield { choosing: 'prefix', kept: where((index) => index < cut) };
    yield { choosing: 'suffix', kept: where((index) => index >= cut) };
  }
  for (const lone of last.keys()) {
    yield { choosing: 'one lost', kept: where((index) => index !== lone) };
    yield { choosing: 'one kept', kept: where((index) => index === lone) };
  }
  const chance = createChance(seed);
  for (let drawn = 0; drawn < SAMPLE; drawn += 1) {
    yield { choosing: 'sample', kept: pieces.map(({ versions }) => chance.below(versions)) };
  }
}

/** A number in the mixed radix of the pieces: each combination once. */
function digits(pieces: readonly Piece[], number: number): number[] {
  let rest = number;
  return pieces.map(({ versions }) => {
    const digit = rest % versions;
    rest = Math.floor(rest / versions);
    return digit;
  });
}
