/** What an office does with lists: `tapway blacklist build`, `sign` and `verify FILE` */

import type { ListHeader, ListName } from '../blacklist/list-file/header.ts';
import { type Lines, readLines } from '../blacklist/list-file/lines.ts';
import { inspectListFile, openListFile } from '../blacklist/list-file/read.ts';
import { buildList, checkList, signList } from '../blacklist/list-file/write.ts';
import { type PublicKey, privateKeyFrom } from '../crypto/sm2.ts';
import type { ExitCode, Io } from './io.ts';

interface BuildRequest {
  readonly list: ListName;
  /** A file, or the lines themselves. */
  readonly input: string | Lines;
  readonly version: number;
  /** YYYY-MM-DDTHH:MM:SSZ; absent: now. */
  readonly issued?: string | undefined;
  readonly out: string;
  /** The full list from which to write a delta. */
  readonly deltaFrom?: string | undefined;
}

export async function blacklistBuild(io: Io, request: BuildRequest): Promise<ExitCode> {
  const { input, out } = request;
  const lines = typeof input === 'string' ? readLines(io.disk, input) : input;
  const now = `${new Date(io.clock.wall_ms()).toISOString().slice(0, 19)}Z`;
  const built = await buildList(io.disk, { ...request, issued: request.issued ?? now, lines });
  if (!built.ok) return refuse(io, built.fault.detail);
  io.out(`${out} written: ${title(built.value)}; not signed yet`);
  return 0;
}

export async function blacklistSign(
  io: Io,
  { file, keyPem, out }: { file: string; keyPem: string; out: string },
): Promise<ExitCode> {
  const key = privateKeyFrom(keyPem);
  if (!key.ok) return refuse(io, key.fault.detail);
  const signed = await signList(io.disk, { file, key: key.value, out });
  if (!signed.ok) return refuse(io, signed.fault.detail);
  io.out(`${out} written: ${title(signed.value)}`);
  io.out(`signed; lanes need lists.trusted_keys: ["${hex(key.value.publicKey.point)}"]`);
  return 0;
}

/**
 * Checks a list file to its last byte. Exits 0 only when one of the trusted keys signed it; with
 * none named, or an unsigned file, it still says whether the rest is in order.
 */
export async function listVerify(
  io: Io,
  file: string,
  trustedKeys: readonly PublicKey[],
): Promise<ExitCode> {
  const trust = trustedKeys.length > 0;
  const opened = trust
    ? await openListFile(io.disk, file, { trust: trustedKeys })
    : await inspectListFile(io.disk, file);
  if (!opened.ok) return notInOrder(io, opened.fault.detail);
  const { header, sm3, keyId } = opened.value;
  try {
    await checkList(opened.value);
  } catch (error) {
    return notInOrder(io, `${file}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await opened.value.close();
  }
  io.out(`${trust ? 'IN ORDER' : 'SIGNATURE NOT CHECKED'}: ${title(header)}`);
  io.out(`issued ${header.issued}; SM3 ${sm3}`);
  if (trust) io.out(`signed by trusted key ${keyId}`);
  else if (keyId) io.out(`signed by key ${keyId}; name the trusted keys to check the signature`);
  else io.out('not signed; all else is in order');
  return trust ? 0 : 1;
}

/** "full blacklist, version 42, 1000 entries" */
function title({ list, kind, version, base, count, total }: ListHeader): string {
  const head = `${kind} list ${list}, version ${version}`;
  if (kind === 'full') return `${head}, ${count} entries`;
  return `${head} from ${base}, ${count} entries, ${total} in all after it`;
}

function notInOrder(io: Io, detail: string): ExitCode {
  io.out(`NOT IN ORDER: ${detail}`);
  return 1;
}

function refuse(io: Io, detail: string): ExitCode {
  io.err(detail);
  return 2;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
