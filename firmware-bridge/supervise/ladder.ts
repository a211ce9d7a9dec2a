/** The ladder: ways to bring a device back, from the mildest to the hardest. */

import type { Clock, Reply } from '../ports.ts';

export interface Rung {
  readonly name: 'retry' | 'rf-reset' | 'chip-reset' | 'reopen' | 'replug';
  run(): Promise<Reply<unknown>>;
  /** For the rung and the proof that it helped, together. */
  readonly timeout_ms: number;
  /** From one run to the next; a round that comes earlier leaves the rung out. */
  readonly gap_ms: number;
}

export interface Ladder {
  /** The rungs whose turn it is; each counts as tried when it is asked for. */
  round(): Generator<Rung, void>;
  helped(rung: Rung): void;
  /** `rounds`, and for each rung e.g. `reopen_tried`, `reopen_helped`, `reopen_left_out`. */
  counters(): Readonly<Record<string, number>>;
}

export function createLadder(rungs: readonly Rung[], clock: Clock): Ladder {
  const counts: Record<string, number> = { rounds: 0 };
  const last_ms = new Map<Rung, number>();

  return {
    *round() {
      count('rounds');
      for (const rung of rungs) {
        const since_ms = clock.now_ms() - (last_ms.get(rung) ?? Number.NEGATIVE_INFINITY);
        if (since_ms < rung.gap_ms) {
          count(key(rung, 'left_out'));
          continue;
        }
        last_ms.set(rung, clock.now_ms());
        count(key(rung, 'tried'));
        yield rung;
      }
    },
    helped: (rung) => count(key(rung, 'helped')),
    counters: () => ({ ...counts }),
  };

  function count(what: string): void {
    counts[what] = (counts[what] ?? 0) + 1;
  }
}

function key({ name }: Rung, what: string): string {
  return `${name.replace('-', '_')}_${what}`;
}
