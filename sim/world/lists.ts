/** The blacklist of a world: who is listed, as the gate asks it. */

import type { WatchedBlacklist } from '../../controller/blacklist/blacklist.ts';
import type { WorldCard } from './cards.ts';

export interface Lists {
  readonly blacklist: WatchedBlacklist;
  use(serials: readonly string[]): void;
}

export function createLists(_cards: readonly WorldCard[]): Lists {
  let listed: ReadonlySet<string> = new Set();
  return {
    blacklist: {
      check: (card) =>
        listed.has(card.toString('hex').toUpperCase())
          ? { kind: 'listed', reason: 'lost' }
          : { kind: 'clear' },
      health: () => ({ kind: 'good' }),
      onHealth: () => () => {},
    },
    use(serials) {
      listed = new Set(serials);
    },
  };
}
