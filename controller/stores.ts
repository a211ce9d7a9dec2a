/** Opens what a lane keeps in its data directory: ledger and blacklist. */

import { type Disk, ok, type Reply } from '../firmware-bridge/ports.ts';
import { type LevelBlacklist, openBlacklist } from './blacklist/level-blacklist.ts';
import { type Ledger, openLedger } from './ledger/ledger.ts';

export interface Stores {
  readonly ledger: Ledger;
  readonly blacklist: LevelBlacklist;
  /** Flushes and closes both; the ledger first. */
  close(): Promise<void>;
}

export async function openStores(disk: Disk, dataDirectory: string): Promise<Reply<Stores>> {
  const ledger = await openLedger({ disk, directory: `${dataDirectory}/ledger` });
  if (!ledger.ok) return ledger;
  const blacklist = await openBlacklist(`${dataDirectory}/blacklist`);
  if (!blacklist.ok) {
    await ledger.value.close();
    return blacklist;
  }
  return ok({
    ledger: ledger.value,
    blacklist: blacklist.value,
    async close() {
      await ledger.value.close();
      await blacklist.value.close();
    },
  });
}
