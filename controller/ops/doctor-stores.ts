/** What `tapway doctor` finds about keys, lists, ledger and disk. */

import type { LaneConfig } from '../../config/schema.ts';
import { type Board, bad, type Finding, good, warning } from './finding.ts';

const FREE_MIN_BYTES = 512 * 1024 * 1024;

/** The sealed key file of a software SAM. */
export async function keysOf(board: Board, sam: LaneConfig['sam']): Promise<Finding> {
  const { key_file, passphrase_env } = sam;
  const file = await board.file(key_file);
  if (!file.exists) {
    const cure = `tapway sam seal --in KEYS.json --out ${key_file}`;
    return bad(`key file ${key_file} does not exist`, cure);
  }
  if ((file.mode & 0o077) !== 0) {
    return bad(`others may read or change ${key_file}`, `chmod 600 ${key_file}`);
  }
  if (!board.hasVariable(passphrase_env)) {
    const cure = 'set it in the service environment, not in a shell history';
    return bad(`${passphrase_env} is not set`, cure);
  }
  const keySet = await board.keySet(sam);
  if (keySet.ok) return good(`key file ${key_file} opens with ${passphrase_env}`);
  return bad(keySet.fault.detail, `mend ${passphrase_env}, or seal the keys anew`);
}

type Kept = Pick<LaneConfig, 'data_dir' | 'lists' | 'production'>;

/** As bad as lane or kiosk itself takes it: `lists.when_stale`, `lists.when_unreadable`. */
export async function listsOf(board: Board, config: Kept): Promise<Finding> {
  const { trusted_keys, max_age_hours, when_stale } = config.lists;
  const list = await board.blacklist(config.data_dir);
  const fetch = 'fetch the list of the day: tapway blacklist import FILE --config CONFIG';
  if (!list.ok) return bad(`blacklist damaged: ${list.fault.detail}`, fetch);
  if (trusted_keys.length === 0) {
    const judge = config.production ? bad : warning;
    const cure = 'name the public key that tapway blacklist sign printed';
    return judge('lists.trusted_keys is empty: no list can be imported', cure);
  }
  const judge = when_stale === 'close' ? bad : warning;
  if (list.value === null) return judge('no blacklist was ever imported', fetch);
  const { version, age_hours } = list.value;
  const age = `blacklist ${version}, issued ${Math.round(age_hours)} hours ago`;
  if (age_hours <= max_age_hours) return good(age);
  return judge(`${age}: stale after ${max_age_hours}`, fetch);
}

export async function diskOf(board: Board, data_dir: string): Promise<Finding> {
  const { nearest, writable, free_bytes } = await board.directory(data_dir);
  const mib = Math.floor(free_bytes / 1024 / 1024);
  if (!writable) {
    const cure = `mkdir -p ${data_dir}; chown it to the user of the service`;
    return bad(`${data_dir}: ${nearest} may not be written`, cure);
  }
  if (free_bytes >= FREE_MIN_BYTES) return good(`${data_dir}: ${mib} MiB free`);
  return bad(`${data_dir}: only ${mib} MiB free`, 'free at least 512 MiB, or use another disk');
}

/** The index only saves time: without it the books open slowly, and build it anew. */
export async function indexOf(board: Board, data_dir: string): Promise<Finding[]> {
  const index = `${data_dir}/ledger/index`;
  const findings: Finding[] = [];
  if ((await board.file(index)).exists) {
    const { nearest, writable } = await board.directory(index);
    if (!writable) {
      const cure = `chown -R it to the user of the service, or rm -r ${index}`;
      findings.push(warning(`${nearest} may not be written: the ledger opens slowly`, cure));
    }
  }
  if (await board.indexLeftOpen(data_dir)) {
    const what = 'the index of the ledger was in use when its process ended';
    findings.push(warning(what, `none needed: the next start builds ${index} anew`));
  }
  return findings;
}
