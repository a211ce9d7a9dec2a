/** Issuers and cities that are accepted: small lists, kept and followed like the blacklist. */

import type { Clock, Disk } from '../../firmware-bridge/ports.ts';
import type { PublicKey } from '../crypto/sm2.ts';
import type { Health, WatchedList } from './blacklist.ts';
import { Follower, type LoadedList, type News, troubleOf } from './follow.ts';

export interface SmallListOptions {
  readonly disk: Disk;
  /** Directory of the list, e.g. `data/lists/issuers`. */
  readonly directory: string;
  readonly list: 'issuers' | 'cities';
  readonly clock: Clock;
  readonly trust: readonly PublicKey[];
  readonly onProblem?: (text: string) => void;
}

/** Its health is never `stale`: such a list is issued when something changes. */
export interface SmallList extends WatchedList {
  /**
   * Is the key in the list? Null: no list was ever imported. A list that could never be read has no
   * key at all; `health` says so.
   * @param keyHex issuer: first 4 bytes of its id; city: 2 bytes
   */
  has(keyHex: string): boolean | null;
  /** 0: no list. */
  readonly version: number;
  /** Looks at once whether another list is in force; the clock does it each second. */
  refresh(): Promise<void>;
  close(): void;
}

export async function openSmallList(options: SmallListOptions): Promise<SmallList> {
  const { onProblem = () => {} } = options;
  let list: LoadedList | 'absent' | 'damaged' = 'absent';
  let health: Health = { kind: 'absent' };
  const listeners = new Set<(health: Health) => void>();
  const follower = new Follower({
    ...options,
    onProblem,
    async take(news) {
      if (news.kind === 'loaded') list = news.list;
      else if (typeof list === 'string') list = news.kind;
      const before = health;
      health = healthBy(news);
      if (JSON.stringify(health) === JSON.stringify(before)) return;
      for (const listener of listeners) listener(health);
    },
  });
  await follower.start();
  return {
    has(keyHex) {
      if (list === 'absent') return null;
      return list !== 'damaged' && isIn(list, Buffer.from(keyHex, 'hex'));
    },
    get version() {
      return typeof list === 'string' ? 0 : list.version;
    },
    health: () => health,
    onHealth(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh: () => follower.refresh(),
    close: () => follower.close(),
  };
}

function healthBy(news: News): Health {
  const detail = troubleOf(news);
  if (detail !== null) return { kind: 'unreadable', detail };
  return news.kind === 'absent' ? { kind: 'absent' } : { kind: 'good' };
}

function isIn({ base, overlay }: LoadedList, key: Buffer): boolean {
  if (!base || key.length !== base.stride - 1) return false;
  return (overlay?.find(key) ?? base.find(key) ?? 0) !== 0;
}
