/** An office in memory: keys, lists in the regular way, and lists sealed round any content. */

import { createHash, generateKeyPairSync } from 'node:crypto';
import type { ListHeader, ListName } from '../../../../controller/blacklist/list-file/header.ts';
import { buildList, signList } from '../../../../controller/blacklist/list-file/write.ts';
import { type PrivateKey, privateKeyFrom } from '../../../../controller/crypto/sm2.ts';
import type { Reply } from '../../../../firmware-bridge/ports.ts';
import type { MemoryDisk } from '../../../kit/memory-disk.ts';

export const ISSUED = '2026-11-24T06:00:00Z';

export function newKey(): { key: PrivateKey; pem: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key: need(privateKeyFrom(pem)), pem };
}

export const OFFICE = newKey();

export function need<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

/** The detail of a refusal; throws when there was none, or of another kind. */
export function refusal(reply: Reply<unknown>): string {
  if (reply.ok) throw new Error('not refused');
  const { code, effect, detail } = reply.fault;
  if (code !== 'list-refused' || effect !== 'none') throw new Error(`${code} ${effect}`);
  if (/undefined|NaN|\[object|Cannot|is not a/.test(detail)) throw new Error(`unclear: ${detail}`);
  return detail;
}

export interface Wanted {
  readonly lines: readonly string[];
  readonly list?: ListName;
  readonly version?: number;
  readonly deltaFrom?: string;
}

/** Builds and signs; returns the path of the signed list. */
export async function issue(disk: MemoryDisk, wanted: Wanted): Promise<string> {
  const { lines, list = 'blacklist', version = 1, deltaFrom } = wanted;
  const file = `lists/${list}-${deltaFrom ? 'delta' : 'full'}-${version}`;
  const out = `${file}.unsigned`;
  need(await buildList(disk, { list, lines, version, issued: ISSUED, deltaFrom, out }));
  need(await signList(disk, { file: out, key: OFFICE.key, out: `${file}.list` }));
  return `${file}.list`;
}

/** A list with the right hash and signature round whatever is inside. */
export function seal(
  header: Partial<ListHeader>,
  { entries = '', filter = '' }: { entries?: string; filter?: string },
): Buffer {
  const bytes = Buffer.from(entries, 'hex');
  const count = bytes.length / 11;
  const whole = {
    ...{ list: 'blacklist', kind: 'full', version: 1, base: 0, issued: ISSUED },
    ...{ count, total: count, filter_bytes: filter.length / 2, ...header },
  };
  return sealText(JSON.stringify(whole), Buffer.concat([bytes, Buffer.from(filter, 'hex')]));
}

export function sealText(json: string, content: Buffer): Buffer {
  const header = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  const body = Buffer.concat([Buffer.from('TAPLIST1'), length, header, content]);
  const hash = createHash('sm3').update(body).digest();
  return Buffer.concat([body, hash, OFFICE.key.publicKey.id, OFFICE.key.sign(hash)]);
}
