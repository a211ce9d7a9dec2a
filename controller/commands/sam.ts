/** `tapway sam seal`: makes the sealed key file of a software SAM from a key set in JSON. */

import { parseKeySet, sealKeys, wipeKeys } from '../sam/sealed.ts';
import type { ExitCode, Io } from './io.ts';

export interface SealOptions {
  /** The key set: JSON with `terminal`, `psam_serial` and `keys`. */
  readonly json: string;
  /** Environment variable with the passphrase. */
  readonly passphraseEnv: string;
}

/** Returns the sealed text, or says on standard error what is wrong. */
export function samSeal(io: Io, { json, passphraseEnv }: SealOptions): string | ExitCode {
  const passphrase = io.env[passphraseEnv];
  if (!passphrase) {
    io.err(`set ${passphraseEnv} to the passphrase (at least 12 characters) first`);
    return 2;
  }
  const parsed = parseJson(json);
  if (parsed === undefined) {
    io.err('the key set is not JSON');
    return 2;
  }
  const keySet = parseKeySet(parsed);
  if (!keySet.ok) {
    io.err(keySet.fault.detail);
    return 2;
  }
  const sealed = sealKeys(keySet.value, passphrase);
  wipeKeys(keySet.value);
  if (sealed.ok) return sealed.value;
  io.err(sealed.fault.detail);
  return 2;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
