/** Builds and signs list files (README.md) in the office. A lane never writes one. */

import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { type Disk, failed, ok, type Reply } from '../../../firmware-bridge/ports.ts';
import type { PrivateKey } from '../../crypto/sm2.ts';
import { Filter } from '../filter.ts';
import { Table } from '../table.ts';
import { encodeHeader, ListFileError, type ListHeader, type ListName, strideOf } from './header.ts';
import { type Lines, parseLines } from './lines.ts';
import { inspectListFile, type ListFile, openListFile } from './read.ts';
import { sortEntries } from './sort.ts';

const STEP_BYTES = 1024 * 1024;

export interface BuildOptions {
  readonly list: ListName;
  readonly version: number;
  /** YYYY-MM-DDTHH:MM:SSZ */
  readonly issued: string;
  /** As README.md describes; in any order. */
  readonly lines: Lines;
  /** An earlier full list file: what is written is the delta from it. */
  readonly deltaFrom?: string | undefined;
  /** Must not exist. */
  readonly out: string;
}

/** Writes an unsigned list. Needs memory for all entries twice. Fault `list-refused`. */
export function buildList(disk: Disk, options: BuildOptions): Promise<Reply<ListHeader>> {
  return refusing(async () => {
    await demandAbsent(disk, options.out);
    const { list, version, issued } = options;
    const entries = sortEntries(await parseLines(list, options.lines), strideOf(list));
    const whole = new Table(entries, strideOf(list));
    const { kind, base, parts } = await (options.deltaFrom === undefined
      ? fullParts(list, whole)
      : deltaParts(disk, whole, { list, path: options.deltaFrom }));
    const [{ length }, filter] = parts;
    const header: ListHeader = {
      ...{ list, kind, version, base, issued },
      ...{ count: length / whole.stride, total: whole.count, filter_bytes: filter.length },
    };
    await writeList(disk, options.out, { header, parts });
    return header;
  });
}

interface Parts {
  readonly kind: ListHeader['kind'];
  readonly base: number;
  /** Entries and filter. */
  readonly parts: readonly [Buffer, Buffer];
}

async function fullParts(list: ListName, whole: Table): Promise<Parts> {
  const filtered = list === 'blacklist' && whole.count > 0;
  const filter = filtered ? Filter.build(whole).bytes : Buffer.alloc(0);
  return { kind: 'full', base: 0, parts: [whole.bytes, filter] };
}

async function deltaParts(
  disk: Disk,
  whole: Table,
  { list, path }: { list: ListName; path: string },
): Promise<Parts> {
  const file = orThrow(await inspectListFile(disk, path));
  try {
    const { kind, version, list: name } = file.header;
    if (kind !== 'full' || name !== list) {
      throw new ListFileError(`${path}: a delta begins from a full list, here of ${list}`);
    }
    const delta = difference(await file.table(), whole);
    return { kind: 'delta', base: version, parts: [delta.bytes, Buffer.alloc(0)] };
  } finally {
    await file.close();
  }
}

/**
 * Writes a copy of a list with a signature. Everything in the list is checked before. Fault
 * `list-refused`: no sound list, signed already, or `out` exists.
 */
export function signList(
  disk: Disk,
  { file, key, out }: { file: string; key: PrivateKey; out: string },
): Promise<Reply<ListHeader>> {
  return refusing(async () => {
    await demandAbsent(disk, out);
    const list = orThrow(await inspectListFile(disk, file));
    try {
      if (list.keyId) throw new ListFileError(`${file} is signed already, by key ${list.keyId}`);
      await checkList(list);
      const sm3 = Buffer.from(list.sm3, 'hex');
      const signature = Buffer.concat([key.publicKey.id, key.sign(sm3)]);
      await writeFile(disk, out, copy(disk, file, { bytes: list.unsigned_bytes, signature }));
    } finally {
      await list.close();
    }
    // Read back as a lane will.
    const signed = orThrow(await openListFile(disk, out, { trust: [key.publicKey] }));
    await signed.close();
    return signed.header;
  });
}

/** Reads a list to its end: entries, values, and that its filter admits every card. */
export async function checkList(list: ListFile): Promise<void> {
  const filter = await list.filter();
  for await (const _ of list.entries(filter));
}

/** The entries that lead from one table to the next; value 0 where a key went. */
function difference(from: Table, to: Table): Table {
  const { stride } = to;
  const delta = Buffer.allocUnsafe(from.bytes.length + to.bytes.length);
  let used = 0;
  let a = 0;
  let b = 0;
  while (a < from.bytes.length || b < to.bytes.length) {
    const order = compareKeys(from, a, { to, b });
    const value = order < 0 ? 0 : to.bytes.readUInt8(b + stride - 1);
    if (order !== 0 || from.bytes[a + stride - 1] !== value) {
      const [source, at] = order < 0 ? [from.bytes, a] : [to.bytes, b];
      used += source.copy(delta, used, at, at + stride - 1);
      used = delta.writeUInt8(value, used);
    }
    if (order <= 0) a += stride;
    if (order >= 0) b += stride;
  }
  return new Table(delta.subarray(0, used), stride);
}

/** Behind the last entry every key is higher. */
function compareKeys(from: Table, a: number, { to, b }: { to: Table; b: number }): number {
  if (a === from.bytes.length) return 1;
  if (b === to.bytes.length) return -1;
  const width = to.stride - 1;
  return from.bytes.compare(to.bytes, b, b + width, a, a + width);
}

function writeList(
  disk: Disk,
  out: string,
  { header, parts }: { header: ListHeader; parts: readonly Buffer[] },
): Promise<void> {
  const hash = createHash('sm3');
  return writeFile(disk, out, pieces());

  function* pieces(): Generator<Buffer> {
    for (const part of [encodeHeader(header), ...parts]) {
      for (let at = 0; at < part.length; at += STEP_BYTES) {
        const piece = part.subarray(at, at + STEP_BYTES);
        hash.update(piece);
        yield piece;
      }
    }
    yield hash.digest();
  }
}

async function* copy(
  disk: Disk,
  path: string,
  { bytes, signature }: { bytes: number; signature: Buffer },
): AsyncGenerator<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    for (let at = 0; at < bytes; at += STEP_BYTES) {
      yield await file.read(at, Math.min(STEP_BYTES, bytes - at));
    }
    yield signature;
  } finally {
    await file.close();
  }
}

/** Under another name until it is whole and durable: a killed build leaves no half list. */
async function writeFile(
  disk: Disk,
  out: string,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const path = `${out}.new`;
  try {
    const file = await disk.open(path, 'append');
    try {
      await file.truncate(0);
      let at = 0;
      for await (const piece of pieces) {
        await file.write(at, piece);
        at += piece.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(path, out);
    await disk.syncDirectory(dirname(out));
  } catch (error) {
    await disk.remove(path).catch(() => {});
    throw error;
  }
}

async function demandAbsent(disk: Disk, path: string): Promise<void> {
  try {
    await (await disk.open(path, 'read')).close();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  throw new ListFileError(`${path} exists; name a new file, a list is never overwritten`);
}

function orThrow<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new ListFileError(reply.fault.detail);
}

async function refusing<T>(work: () => Promise<T>): Promise<Reply<T>> {
  try {
    return ok(await work());
  } catch (error) {
    return failed('list-refused', 'none', error instanceof Error ? error.message : String(error));
  }
}
