/** What a world leaves behind: a log of events, its digest, and what was covered. */

import { createHash } from 'node:crypto';

/** Name → how often, by table. */
export type Coverage = Record<Table, Record<string, number>>;
export const TABLES = [
  'states',
  'transitions',
  'faults',
  /** In which mode of the lane, and state of the tap, faults struck. */
  'moments',
  'outcomes',
  /** Who went through, and what the lane said of it. */
  'walks',
  'books',
  'lists',
] as const;
export type Table = (typeof TABLES)[number];

export function noCoverage(): Coverage {
  const [states, transitions, faults, moments] = [{}, {}, {}, {}];
  return { states, transitions, faults, moments, outcomes: {}, walks: {}, books: {}, lists: {} };
}

export function addCoverage(sum: Coverage, more: Coverage): void {
  for (const table of TABLES) {
    for (const [name, count] of Object.entries(more[table])) {
      sum[table][name] = (sum[table][name] ?? 0) + count;
    }
  }
}

export interface EventLog {
  readonly coverage: Coverage;
  write(text: string): void;
  count(table: Table, name: string): void;
  /** Hash of all lines so far. */
  digest(): string;
  /** All lines, or the last ones. */
  readonly lines: readonly string[];
}

const KEPT = 400;
const HASHED_AT_ONCE = 4_096;

/** @param whole keep every line */
export function createEventLog(now_ms: () => number, whole: boolean): EventLog {
  const hash = createHash('sha256');
  const coverage = noCoverage();
  let lines: string[] = [];
  /** Lines that the hash lacks yet: it is quicker on many at once. */
  let waiting = '';
  const hashWaiting = () => {
    hash.update(waiting);
    waiting = '';
  };
  return {
    coverage,
    write(text) {
      const line = `${now_ms().toFixed(3)} ${text}`;
      waiting += `${line}\n`;
      if (waiting.length >= HASHED_AT_ONCE) hashWaiting();
      lines.push(line);
      if (!whole && lines.length >= 2 * KEPT) lines = lines.slice(-KEPT);
    },
    count(table, name) {
      coverage[table][name] = (coverage[table][name] ?? 0) + 1;
    },
    digest() {
      hashWaiting();
      return hash.copy().digest('hex');
    },
    get lines() {
      return lines;
    },
  };
}
