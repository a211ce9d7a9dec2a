/** The office behind a simulated lane: builds, signs and imports the blacklist as real ones do. */

import type { LaneConfig } from '../../config/schema.ts';
import { importList } from '../../controller/blacklist/import.ts';
import { buildList, signList } from '../../controller/blacklist/list-file/write.ts';
import type { LiveBlacklist } from '../../controller/blacklist/live.ts';
import { privateKeyFrom } from '../../controller/crypto/sm2.ts';
import { listDirectory } from '../../controller/stores.ts';
import { type Clock, type Disk, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { listedCards } from '../card/tray.ts';
import { SIM_LIST_KEY, simListKeyPem } from '../keys.ts';

/** The same lane or kiosk, which also trusts the simulated office. */
export function trustOffice<C extends Pick<LaneConfig, 'lists'>>(config: C): C {
  const trusted_keys = [...config.lists.trusted_keys, SIM_LIST_KEY.point];
  return { ...config, lists: { ...config.lists, trusted_keys } };
}

export interface Office {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly config: Pick<LaneConfig, 'data_dir' | 'lists'>;
  readonly blacklist: LiveBlacklist;
  /** What is listed: `CARD,REASON`; absent: the listed cards of the lane's tray. */
  readonly lines?: readonly string[];
}

/** Issues the cards of the tray that are listed, unless a list of today is in force. */
export async function issueBlacklist(office: Office): Promise<Reply<void>> {
  const { disk, clock, config, blacklist } = office;
  const { kind } = blacklist.health();
  if (kind !== 'absent' && kind !== 'stale') return ok(undefined);
  const key = privateKeyFrom(simListKeyPem());
  if (!key.ok) return key;
  const version = blacklist.status().version + 1;
  const draft = `${config.data_dir}/office-${version}.list`;
  const file = `${draft}.signed`;
  // A killed run may have left them.
  for (const path of [draft, file]) await disk.remove(path);
  const built = await buildList(disk, {
    ...{ list: 'blacklist', version, out: draft },
    issued: `${new Date(clock.wall_ms()).toISOString().slice(0, 19)}Z`,
    lines: office.lines ?? listedCards().map(lineOf),
  });
  if (!built.ok) return built;
  const signed = await signList(disk, { file: draft, key: key.value, out: file });
  if (!signed.ok) return signed;
  const imported = await importList({
    ...{ disk, file, list: 'blacklist', exact_max: config.lists.exact_max },
    directory: listDirectory(config.data_dir, 'blacklist'),
    trust: [key.value.publicKey],
  });
  for (const path of [draft, file]) await disk.remove(path);
  if (!imported.ok) return imported;
  await blacklist.refresh();
  return ok(undefined);
}

function lineOf({ card, reason }: ReturnType<typeof listedCards>[number]): string {
  return `${card.toString('hex')},${reason}`;
}
