/**
 * What the simulated cards and the PSAM remember between two runs, in `cards.json` beside the
 * ledger: a card must not forget a debit that the ledger holds. Also how late it was then, as time
 * may have been skipped. Written whole and then renamed.
 */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { PurseCard } from '../card/purse.ts';
import type { VirtualPsam } from '../sam/psam.ts';

type CardSnapshot = ReturnType<PurseCard['snapshot']>;

interface Memory {
  readonly psam: ReturnType<VirtualPsam['snapshot']>;
  /** By application serial. */
  readonly cards: Readonly<Record<string, CardSnapshot>>;
  readonly wall_ms: number;
}

export interface Memories {
  readonly psam: VirtualPsam;
  readonly cards: readonly PurseCard[];
}

export function remember(
  directory: string,
  { psam, cards, wall_ms }: Memories & { readonly wall_ms: number },
): void {
  const memory: Memory = {
    psam: psam.snapshot(),
    cards: Object.fromEntries(cards.map((card) => [card.serial, card.snapshot()])),
    wall_ms,
  };
  const file = `${directory}/cards.json`;
  writeFileSync(`${file}.new`, JSON.stringify(memory));
  renameSync(`${file}.new`, file);
}

/**
 * Restores what the directory remembers; cards it does not know stay as personalised. Returns the
 * wall time of the memory, 0 when there is none. Throws, saying what to do, when it is damaged.
 */
export function recall(directory: string, { psam, cards }: Memories): number {
  const memory = read(`${directory}/cards.json`);
  if (!memory) return 0;
  psam.restore(memory.psam);
  for (const card of cards) {
    const snapshot = memory.cards[card.serial];
    if (snapshot) card.restore(snapshot);
  }
  return memory.wall_ms;
}

function read(file: string): Memory | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Memory;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`${file} is damaged; remove the directory to begin with new cards`);
  }
}
