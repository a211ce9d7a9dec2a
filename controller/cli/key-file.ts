/** The sealed key file of a software SAM, as it lies on the disk. */

import { open } from 'node:fs/promises';
import type { LaneConfig } from '../../config/schema.ts';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import type { Io } from '../commands/io.ts';
import { takePassphrase } from '../commands/sam.ts';
import type { KeySet } from '../sam/key-set.ts';
import { openSealedKeys } from '../sam/sealed.ts';

/**
 * Opens the key file of a software SAM; the passphrase leaves the environment. Fault `sam-keys`,
 * which says how to mend it.
 */
export async function readKeySet(
  { sam }: Pick<LaneConfig, 'sam'>,
  { env }: Pick<Io, 'env'>,
): Promise<Reply<KeySet>> {
  const passphrase = takePassphrase(env, sam.passphrase_env);
  if (!passphrase) {
    const detail = `set ${sam.passphrase_env} to the passphrase of ${sam.key_file}`;
    return failed('sam-keys', 'none', detail);
  }
  const file = await readKeyFile(sam.key_file);
  if (!file.ok) return file;
  const { text, exposure } = file.value;
  if (exposure) return failed('sam-keys', 'none', exposure);
  const keySet = openSealedKeys(text, passphrase);
  if (keySet.ok) return keySet;
  return failed('sam-keys', 'none', `${sam.key_file}: ${keySet.fault.detail}`);
}

export interface KeyFile {
  readonly text: string;
  /** Why it is not its owner's alone, and the cure; null when it is. */
  readonly exposure: string | null;
}

/** Fault `sam-keys`: the file is not there, or may not be read. */
export async function readKeyFile(path: string): Promise<Reply<KeyFile>> {
  try {
    const file = await open(path);
    try {
      const { mode, uid } = await file.stat();
      return ok({ text: await file.readFile('utf8'), exposure: exposureOf(path, { mode, uid }) });
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cures: Readonly<Record<string, string>> = {
      ENOENT: `make it with tapway sam seal --in KEYS.json --out ${path}`,
      EACCES: 'run as its owner, or give it to the user of the lane with chown',
    };
    const cure = cures[code ?? ''] ?? 'it must be a file that tapway sam seal wrote';
    return failed('sam-keys', 'none', `${message}; ${cure}`);
  }
}

function exposureOf(path: string, { mode, uid }: { mode: number; uid: number }): string | null {
  if ((mode & 0o077) !== 0) return `others may read or change ${path}: chmod 600 ${path}`;
  const self = process.getuid?.() ?? 0;
  // Root may read every file, and a service may be checked by root.
  if (self === 0 || self === uid) return null;
  return `${path} belongs to another user: chown it to the one who runs the lane`;
}
