/** Sorts a list's entries where they lie, and makes of equal ones one. */

import type { Stride } from '../table.ts';
import { ListFileError } from './header.ts';

/**
 * Ascending by key; an exact duplicate goes. Throws ListFileError for one key with two values.
 * Takes a second Buffer of the same size while it works, unless the entries are in order already.
 * @param entries whole entries; their content is lost
 */
export function sortEntries(entries: Buffer, stride: Stride): Buffer {
  return dropEqual(isSorted(entries, stride) ? entries : radixSort(entries, stride), stride);
}

function isSorted(entries: Buffer, stride: Stride): boolean {
  for (let at = stride; at < entries.length; at += stride) {
    if (order(entries, { a: at - stride, b: at, stride }) > 0) return false;
  }
  return true;
}

/** Least significant byte first, one pass a byte; a byte that is the same everywhere costs none. */
function radixSort(entries: Buffer, stride: Stride): Buffer {
  let from: Buffer = entries;
  let to: Buffer = Buffer.allocUnsafe(entries.length);
  for (let digit = stride - 2; digit >= 0; digit--) {
    const places = placesOf(from, stride, digit);
    if (!places) continue;
    for (let at = 0; at < from.length; at += stride) {
      const value = from[at + digit] ?? 0;
      const place = places[value] ?? 0;
      for (let i = 0; i < stride; i++) to[place + i] = from[at + i] ?? 0;
      places[value] = place + stride;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Where the entries of each value of this byte begin; null when all have the same. */
function placesOf(entries: Buffer, stride: Stride, digit: number): Float64Array | null {
  const places = new Float64Array(256);
  for (let at = digit; at < entries.length; at += stride) {
    const value = entries[at] ?? 0;
    places[value] = (places[value] ?? 0) + stride;
  }
  if (places.includes(entries.length)) return null;
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    const bytes = places[value] ?? 0;
    places[value] = sum;
    sum += bytes;
  }
  return places;
}

function dropEqual(entries: Buffer, stride: Stride): Buffer {
  let kept = Math.min(stride, entries.length);
  for (let at = stride; at < entries.length; at += stride) {
    const last = kept - stride;
    if (order(entries, { a: last, b: at, stride }) === 0) {
      if (entries[last + stride - 1] === entries[at + stride - 1]) continue;
      const key = entries.toString('hex', at, at + stride - 1);
      throw new ListFileError(`${key} is listed twice, with different reasons; keep one line`);
    }
    if (kept !== at) entries.copyWithin(kept, at, at + stride);
    kept += stride;
  }
  return entries.subarray(0, kept);
}

interface Pair {
  /** Offsets of two entries. */
  readonly a: number;
  readonly b: number;
  readonly stride: Stride;
}

/** Of their keys: below, equal or above zero. */
function order(entries: Buffer, { a, b, stride }: Pair): number {
  for (let i = 0; i < stride - 1; i++) {
    const difference = (entries[a + i] ?? 0) - (entries[b + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
