/** The log budget: trouble that repeats is told once a minute, with how often it came meanwhile. */

import type { Clock } from '../ports.ts';

const PAUSE_MS = 60_000;

/**
 * @returns asks for one line about `key`, which must come from a small set: null when it is not to
 * be written, else how many were kept back since the last one
 */
export function createQuiet(clock: Clock): (key: string) => number | null {
  const told = new Map<string, { at_ms: number; kept: number }>();
  return (key) => {
    const last = told.get(key);
    if (last && clock.now_ms() - last.at_ms < PAUSE_MS) {
      last.kept += 1;
      return null;
    }
    told.set(key, { at_ms: clock.now_ms(), kept: 0 });
    return last?.kept ?? 0;
  };
}
