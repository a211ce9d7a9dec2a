/** `tapway sam seal|status`: makes and examines the sealed key file of a software SAM. */

import { parseKeySet, wipeKeys } from '../sam/key-set.ts';
import { openSealedKeys, readSealedHeader, type SealedHeader, sealKeys } from '../sam/sealed.ts';
import type { ExitCode, Io } from './io.ts';

export interface SealInput {
  /** The key set: JSON with `terminal`, `psam_serial` and `keys`. */
  readonly json: string;
  /** Environment variable with the passphrase. */
  readonly passphraseEnv: string;
}

export interface Sealed {
  /** For the key file. */
  readonly text: string;
  /** What a key ceremony compares with the key management system, line by line. */
  readonly summary: readonly string[];
}

/** Seals, or says on standard error what is wrong. */
export function samSeal(io: Io, { json, passphraseEnv }: SealInput): Sealed | ExitCode {
  const passphrase = takePassphrase(io.env, passphraseEnv);
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
  const sealed = sealKeys(keySet.value, { passphrase, created_ms: io.clock.wall_ms() });
  wipeKeys(keySet.value);
  const header = sealed.ok ? readSealedHeader(sealed.value) : sealed;
  if (sealed.ok && header.ok) return { text: sealed.value, summary: describe(header.value) };
  if (!header.ok) io.err(header.fault.detail);
  return 2;
}

export interface StatusInput {
  /** As the user named it. */
  readonly file: string;
  readonly text: string;
  /** Why the file is not its owner's alone; null when it is. */
  readonly exposure: string | null;
  readonly passphraseEnv: string;
}

/** Says what the file holds; with the passphrase, whether all of it is true. */
export function samStatus(io: Io, { file, text, exposure, passphraseEnv }: StatusInput): ExitCode {
  const passphrase = takePassphrase(io.env, passphraseEnv);
  if (exposure) {
    io.err(exposure);
    return 1;
  }
  const header = readSealedHeader(text);
  if (!header.ok) {
    io.err(`${file}: ${header.fault.detail}`);
    return 1;
  }
  if (!passphrase) {
    for (const line of describe(header.value)) io.out(line);
    io.out(`not opened: only the passphrase, in ${passphraseEnv}, can prove these lines`);
    return 0;
  }
  const opened = openSealedKeys(text, passphrase);
  if (!opened.ok) {
    io.err(`${file}: ${opened.fault.detail}`);
    return 1;
  }
  wipeKeys(opened.value);
  for (const line of describe(header.value)) io.out(line);
  io.out('opened: the passphrase fits, nothing was changed, and every key has its check value');
  return 0;
}

function describe({ version, created, terminal, psam_serial, keys }: SealedHeader): string[] {
  return [
    `sealed key file, version ${version}, created ${created}`,
    `terminal ${terminal}, PSAM serial ${psam_serial}`,
    ...keys.map(
      ({ usage, algorithm, index, version, kcv }) =>
        `${usage.padEnd(8)} ${algorithm.padEnd(4)} index ${index} version ${version} KCV ${kcv}`,
    ),
  ];
}

/** Reads it once: child processes and dumps of the environment shall not carry it. */
export function takePassphrase(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const passphrase = env[name];
  delete env[name];
  return passphrase;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
