/**
 * The directory of one list. `active.json` says which kept files make up the list in force and the
 * one before it; it is replaced in one step. What it does not name is a leftover of a killed
 * import, but for `work-…`, which a running lane uses.
 */

import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import type { PublicKey } from '../crypto/sm2.ts';
import { errorCode, type Lock, takeLock } from '../ledger/lock.ts';
import { readWhole, writeFile } from './files.ts';
import type { ListHeader } from './list-file/header.ts';
import { inspectListFile, type ListFile, openListFile } from './list-file/read.ts';
import { describe } from './store.ts';
import type { Table } from './table.ts';

export interface KeptFile {
  readonly file: string;
  /** SM3 of the list file, hex. */
  readonly sm3: string;
}

/** A list in its files: a full list, then the deltas that continue it. */
export interface Chain {
  readonly version: number;
  readonly chain: readonly [KeptFile, ...KeptFile[]];
  /** Directory of the sealed store of a full list too large for memory. */
  readonly store: string | null;
}

export interface Active extends Chain {
  readonly previous: Chain | null;
}

const ACTIVE = 'active.json';
const FILE_NAME = /^(?:full|delta)-(\d+)(?:-\d+)?\.list$/;
const LOCK = 'lock';
export const WORK = 'work-';

export async function activeText(disk: Disk, directory: string): Promise<string | null> {
  try {
    return (await readWhole(disk, `${directory}/${ACTIVE}`)).toString('utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null: no list was ever imported. Fault `blacklist-unreadable`. */
export async function readActive(disk: Disk, directory: string): Promise<Reply<Active | null>> {
  try {
    const text = await activeText(disk, directory);
    return text === null ? ok(null) : parseActive(text);
  } catch (error) {
    return unreadable(`${directory}/${ACTIVE}: ${describe(error)}`);
  }
}

export function parseActive(text: string): Reply<Active> {
  try {
    const value: Active = JSON.parse(text);
    const { previous } = value;
    if (isChain(value) && (previous === null || isChain(previous))) return ok(value);
  } catch {
    // No JSON is garbled too.
  }
  return unreadable(`${ACTIVE} is garbled; import a full list`);
}

function isChain(value: unknown): value is Chain {
  if (typeof value !== 'object' || value === null) return false;
  const { version, chain, store } = value as Partial<Chain>;
  return (
    Number.isSafeInteger(version) &&
    Array.isArray(chain) &&
    chain.length > 0 &&
    chain.every((each) => FILE_NAME.test(each?.file)) &&
    chain.every((each) => /^[0-9a-f]{64}$/.test(each?.sm3)) &&
    (store === null || (typeof store === 'string' && /^store-\d+(-\d+)?$/.test(store)))
  );
}

/** Puts another list in force: durable when it returns. */
export async function putActive(disk: Disk, directory: string, active: Active): Promise<void> {
  const { version, chain, store, previous } = active;
  const before = previous && {
    ...{ version: previous.version, chain: previous.chain, store: previous.store },
  };
  const text = JSON.stringify({ version, chain, store, previous: before });
  await writeFile(disk, `${directory}/${ACTIVE}.new`, Buffer.from(`${text}\n`));
  await disk.rename(`${directory}/${ACTIVE}.new`, `${directory}/${ACTIVE}`);
  await disk.syncDirectory(directory);
}

/** Removes what neither the list in force nor the one before it uses. */
export async function sweep(disk: Disk, directory: string, active: Active): Promise<void> {
  const used = [active, active.previous].flatMap((each) =>
    each ? [...each.chain.map(({ file }) => file), each.store] : [],
  );
  const keep = new Set<string | null>([ACTIVE, LOCK, ...used]);
  for (const name of await disk.list(directory)) {
    if (!keep.has(name) && !name.startsWith(WORK)) await disk.remove(`${directory}/${name}`);
  }
}

/** A name for a store that nothing has. */
export function storeName(disk: Disk, directory: string, version: number): Promise<string> {
  return freeName(disk, directory, { stem: `store-${version}`, end: '' });
}

/** A name for a kept file that nothing has: a version may come back after it was replaced. */
export function listFileName(
  disk: Disk,
  directory: string,
  { kind, version }: ListHeader,
): Promise<string> {
  return freeName(disk, directory, { stem: `${kind}-${version}`, end: '.list' });
}

async function freeName(
  disk: Disk,
  directory: string,
  { stem, end }: { stem: string; end: string },
): Promise<string> {
  const taken = await disk.list(directory);
  let name = `${stem}${end}`;
  for (let next = 2; taken.includes(name); next += 1) name = `${stem}-${next}${end}`;
  return name;
}

/** The highest version that any kept file bears by its name; 0 without one. */
export async function highestKept(disk: Disk, directory: string): Promise<number> {
  const versions = (await disk.list(directory)).map((name) =>
    Number(FILE_NAME.exec(name)?.[1] ?? 0),
  );
  return Math.max(0, ...versions);
}

export interface Opening {
  readonly disk: Disk;
  readonly directory: string;
  /** Absent: the file was accepted once, and its SM3 is enough. */
  readonly trust?: readonly PublicKey[];
  /** Told of a signer who is trusted no longer: the file was accepted when he was. */
  readonly onProblem?: (text: string) => void;
}

/** Opens and verifies a kept file. Fault `blacklist-unreadable`. */
export async function openKept(opening: Opening, kept: KeptFile): Promise<Reply<ListFile>> {
  const { disk, directory, trust, onProblem } = opening;
  const path = `${directory}/${kept.file}`;
  const trusted = trust && (await openListFile(disk, path, { trust }));
  const opened = trusted?.ok ? trusted : await inspectListFile(disk, path);
  if (!opened.ok) return unreadable(opened.fault.detail);
  const { sm3, keyId } = opened.value;
  const known = trust?.some(({ id }) => id.toString('hex') === keyId);
  if (sm3 === kept.sm3 && keyId && (trusted?.ok !== false || !known)) {
    if (trusted?.ok === false) onProblem?.(`${path} is signed by key ${keyId}, no longer trusted`);
    return opened;
  }
  await opened.value.close();
  return unreadable(`${path} is not the file that was accepted`);
}

/** The deltas of a chain, taken together. */
export interface Deltas {
  /** Null: there are none. */
  readonly overlay: Table | null;
  /** Header of the last one. */
  readonly last: ListHeader | null;
  /** The version that the first one continues. */
  readonly base: number | null;
}

/** Fault `blacklist-unreadable`. Throws ListFileError when a file changes meanwhile. */
export async function readDeltas(opening: Opening, { chain }: Chain): Promise<Reply<Deltas>> {
  let overlay: Table | null = null;
  let last: ListHeader | null = null;
  let base: number | null = null;
  for (const kept of chain.slice(1)) {
    const file = await openKept(opening, kept);
    if (!file.ok) return file;
    const { header } = file.value;
    const delta = await file.value.table().finally(() => file.value.close());
    if (last && header.base !== last.version) return unreadable(`${kept.file} has another base`);
    overlay = overlay ? overlay.merge(delta, false) : delta;
    base ??= header.base;
    last = header;
  }
  return ok({ overlay, last, base });
}

const busy = new Set<string>();

/** One writer at a time, over all processes. Whatever `work` throws becomes a fault. */
export async function withLock<T>(
  disk: Disk,
  directory: string,
  work: (lock: Lock) => Promise<Reply<T>>,
): Promise<Reply<T>> {
  if (busy.has(directory)) return held(directory);
  busy.add(directory);
  try {
    await disk.makeDirectory(directory);
    const lock = await takeLock(disk, directory);
    if (!lock.ok) return held(directory);
    try {
      return await work(lock.value);
    } finally {
      await lock.value.release();
    }
  } catch (error) {
    return unreadable(`${directory}: ${describe(error)}`);
  } finally {
    busy.delete(directory);
  }
}

function held(directory: string) {
  return failed('list-refused', 'none', `another import works on ${directory}; wait for its end`);
}

export function unreadable(detail: string) {
  return failed('blacklist-unreadable', 'none', detail);
}
