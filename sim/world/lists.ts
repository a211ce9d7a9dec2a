/** The blacklist of a world: who is listed, as the gate asks it. */

import type { WatchedBlacklist } from '../../controller/blacklist/blacklist.ts';
import type { ListFileKind } from './faults.ts';
import type { Border } from './ports.ts';

/** What one process has of it. */
export interface OpenList {
  readonly blacklist: WatchedBlacklist;
  close(): Promise<void>;
}

export interface Lists {
  /** Is a card on the list that is in force in the process that runs? */
  listed(serial: string): boolean;
  /** As one process opens it. */
  open(border: Border): Promise<OpenList>;
  /** A new list comes. */
  swap(): void;
  /** A file comes and is imported by a program that is killed at its nth call, unless null. */
  receive(kind: ListFileKind, dies: number | null): void;
  /** Imports a list that nothing disturbs, and resolves when it is in force. */
  renew(): Promise<void>;
  /** Nothing is under way. */
  readonly quiet: boolean;
  /** The machine loses its power. */
  cut(): void;
}

/** A set, which the second list replaces in one step. */
export function createSetLists(first: readonly string[], second: readonly string[]): Lists {
  let listed: ReadonlySet<string> = new Set(first);
  const blacklist: WatchedBlacklist = {
    check: (card) =>
      listed.has(card.toString('hex').toUpperCase())
        ? { kind: 'listed', reason: 'lost' }
        : { kind: 'clear' },
    health: () => ({ kind: 'good' }),
    onHealth: () => () => {},
  };
  return {
    listed: (serial) => listed.has(serial),
    open: async () => ({ blacklist, close: async () => {} }),
    swap() {
      listed = new Set(second);
    },
    receive: () => {},
    renew: async () => {},
    quiet: true,
    cut: () => {},
  };
}
