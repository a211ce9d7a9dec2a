/** Opens what a lane keeps in its data directory: ledger, blacklist, issuers and cities. */

import type { LaneConfig } from '../config/schema.ts';
import { type Clock, type Disk, ok, type Reply } from '../firmware-bridge/ports.ts';
import type { ListName } from './blacklist/list-file/header.ts';
import { type LiveBlacklist, openLiveBlacklist } from './blacklist/live.ts';
import { openSmallList, type SmallList } from './blacklist/small-lists.ts';
import { type PublicKey, publicKeyFrom } from './crypto/sm2.ts';
import { type Ledger, openLedger } from './ledger/ledger.ts';
import { levelIndex } from './ledger/level-index.ts';

export interface StoresOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly dataDirectory: string;
  readonly lists: LaneConfig['lists'];
  /** Trouble with a list, in words for the log. */
  readonly onProblem?: (text: string) => void;
  /** Ends a long opening early; what was opened is returned, to be closed. */
  readonly stopped?: Promise<void>;
}

export interface Stores {
  readonly ledger: Ledger;
  readonly blacklist: LiveBlacklist;
  readonly issuers: SmallList;
  readonly cities: SmallList;
  /** Flushes and closes all; the ledger first. */
  close(): Promise<void>;
}

export async function openStores(options: StoresOptions): Promise<Reply<Stores>> {
  const { disk, dataDirectory, lists } = options;
  const trust = trustedKeys(lists);
  if (!trust.ok) return trust;
  const ledger = await openLedger({
    disk,
    directory: `${dataDirectory}/ledger`,
    index: levelIndex(`${dataDirectory}/ledger/index`),
  });
  if (!ledger.ok) return ledger;
  const shared = { ...options, trust: trust.value };
  const small = (list: 'issuers' | 'cities') =>
    openSmallList({ ...shared, list, directory: listDirectory(dataDirectory, list) });
  const directory = listDirectory(dataDirectory, 'blacklist');
  const blacklist = await openLiveBlacklist({ ...shared, directory, settings: lists });
  if (!blacklist.ok) {
    await ledger.value.close();
    return blacklist;
  }
  const issuers = await small('issuers');
  const cities = await small('cities');
  return ok({
    ...{ ledger: ledger.value, blacklist: blacklist.value, issuers, cities },
    async close() {
      await ledger.value.close();
      issuers.close();
      cities.close();
      await blacklist.value.close();
    },
  });
}

export function listDirectory(dataDirectory: string, list: ListName): string {
  return `${dataDirectory}/lists/${list}`;
}

/** Fault `list-refused`: a key that is none. */
export function trustedKeys({ trusted_keys }: LaneConfig['lists']): Reply<PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const hex of trusted_keys) {
    const key = publicKeyFrom(Buffer.from(hex, 'hex'));
    if (!key.ok) return key;
    keys.push(key.value);
  }
  return ok(keys);
}
