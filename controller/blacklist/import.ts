/**
 * Brings a signed list into force, in a process of its own: never within a lane. Everything is
 * verified, copied, built and durable before `active.json` is replaced; a kill or a power cut at
 * any moment leaves the old list or the new one in force, never a mixture.
 */

import { type Disk, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import type { PublicKey } from '../crypto/sm2.ts';
import type { Lock } from '../ledger/lock.ts';
import {
  type Active,
  type Chain,
  highestKept,
  type KeptFile,
  listFileName,
  openKept,
  putActive,
  readActive,
  readDeltas,
  storeName,
  sweep,
  unreadable,
  withLock,
} from './archive.ts';
import { copyFile } from './files.ts';
import type { Filter } from './filter.ts';
import { ListFileError, type ListHeader, type ListName } from './list-file/header.ts';
import { type ListFile, openListFile } from './list-file/read.ts';
import { buildStore, verifyStore } from './store.ts';
import { Table } from './table.ts';

export interface ImportRequest {
  readonly disk: Disk;
  /** Directory of the list, e.g. `data/lists/blacklist`; made when absent. */
  readonly directory: string;
  readonly list: ListName;
  /** The signed file. */
  readonly file: string;
  readonly trust: readonly PublicKey[];
  /** A full blacklist of more cards goes into LevelDB. */
  readonly exact_max: number;
  /** Take a full list of a lower version too, if it was issued later than the one in force. */
  readonly replace?: boolean;
}

export interface Imported {
  readonly version: number;
  /** Entries of the whole list. */
  readonly total: number;
  /** Entries of this file. */
  readonly count: number;
  readonly store: string | null;
  /** False: this very file was in force already, alone or below its deltas. */
  readonly fresh: boolean;
}

const DELTAS_MAX = 64;
const OVERLAY_MAX = 262_144;
/** Where a file is copied to: what is kept is never written over. */
const COPY = 'import.new';

/**
 * Fault `list-refused`: the file, by what it is or because another import is at work;
 * `blacklist-unreadable`: our own directory. In either case the list in force stays.
 */
export function importList(request: ImportRequest): Promise<Reply<Imported>> {
  const { disk, directory, file, trust } = request;
  return withLock(disk, directory, async (lock) => {
    const active = await readActive(disk, directory);
    // Without a list in force nothing may be built upon, and no version may return.
    const current = active.ok ? active.value : null;
    const floor = current ? 0 : await highestKept(disk, directory);
    if (current) await sweep(disk, directory, current);
    const opened = await openListFile(disk, file, { trust });
    if (!opened.ok) return opened;
    await opened.value.close();
    const { header, sm3 } = opened.value;
    const task: Task = { request, current, header, lock, sm3 };
    const member = current?.chain.find((kept) => kept.sm3 === sm3);
    if (current && member) return mend(task, current, member);
    const why = refusalOf(task, floor) ?? (await replacementRefusal(task));
    if (why) return refused(`${file}: ${why}`);
    return takeOver(task);
  });
}

interface Task {
  readonly request: ImportRequest;
  readonly current: Active | null;
  readonly header: ListHeader;
  /** Of the file. */
  readonly sm3: string;
  readonly lock: Lock;
}

/** The operator's cure for a damaged directory: a file of the list in force once more. */
async function mend(task: Task, current: Active, member: KeptFile): Promise<Reply<Imported>> {
  const { disk, directory } = task.request;
  const found = await openKept({ disk, directory }, member);
  if (found.ok) await found.value.close();
  else {
    const copy = await copyIn(task);
    if (!copy.ok) return copy;
    await copy.value.close();
    await disk.rename(`${directory}/${COPY}`, `${directory}/${member.file}`);
    await disk.syncDirectory(directory);
  }
  const { version, chain, store } = current;
  let { total } = task.header;
  for (const kept of chain) {
    const file = await openKept({ disk, directory }, kept);
    if (!file.ok) return unreadable(`${file.fault.detail}; import that file again as well`);
    await file.value.close();
    total = file.value.header.total;
  }
  if (store && !(await verifyStore(disk, `${directory}/${store}`, chain[0].sm3)).ok) {
    const rebuilt = await rebuild(disk, directory, current);
    if (!rebuilt.ok) return rebuilt;
  }
  return ok({ version, total, count: task.header.count, store, fresh: false });
}

/** A durable copy, verified, under a name of its own. */
async function copyIn({ request, sm3 }: Task): Promise<Reply<ListFile>> {
  const { disk, directory, file, trust } = request;
  await copyFile(disk, file, `${directory}/${COPY}`);
  return openKept({ disk, directory, trust }, { file: COPY, sm3 });
}

function refusalOf({ request, current, header }: Task, floor: number): string | null {
  const { list, kind, version, base } = header;
  if (list !== request.list) return `this is a list of ${list}, not of ${request.list}`;
  if (version < floor) return `version ${version} is older than the kept version ${floor}`;
  const replaces = request.replace && kind === 'full' && version !== current?.version;
  if (current && version <= current.version && !replaces) {
    return `version ${version} is no newer than ${current.version}, which is in force`;
  }
  if (kind === 'full') return null;
  if (!current) return 'a delta needs a list in force; import a full list';
  if (base !== current.version) {
    return `it continues version ${base}, but ${current.version} is in force; import a full list`;
  }
  // The chain begins with a full list.
  if (current.chain.length > DELTAS_MAX) return `${DELTAS_MAX} deltas are kept; import a full list`;
  return null;
}

/** A mistyped number is taken back by a list that its office issued later. */
async function replacementRefusal({ request, current, header }: Task): Promise<string | null> {
  if (!current || header.version > current.version) return null;
  const { disk, directory } = request;
  const inForce = await openKept({ disk, directory }, current.chain.at(-1) ?? current.chain[0]);
  if (!inForce.ok) return `${inForce.fault.detail}; mend the list in force first`;
  await inForce.value.close();
  const { issued } = inForce.value.header;
  if (header.issued > issued) return null;
  return `it was issued ${header.issued}, no later than the list in force, ${issued}`;
}

async function takeOver(task: Task): Promise<Reply<Imported>> {
  const { request, current, lock, header } = task;
  const { disk, directory, file } = request;
  try {
    const kept = { file: await listFileName(disk, directory, header), sm3: task.sm3 };
    const copy = await copyIn(task);
    if (!copy.ok) return copy;
    const next = await prepare(task, copy.value, kept).finally(() => copy.value.close());
    const sole = await lock.confirm();
    if (!sole.ok) return refused('another import began in the same instant; try again');
    await disk.rename(`${directory}/${COPY}`, `${directory}/${kept.file}`);
    await disk.syncDirectory(directory);
    const previous = current && { ...current };
    await putActive(disk, directory, { ...next, previous });
    await sweep(disk, directory, { ...next, previous }).catch(() => {});
    const { version, total, count } = header;
    return ok({ version, total, count, store: next.store, fresh: true });
  } catch (error) {
    // The next import sweeps as well; a list that was refused need not lie about until then.
    await sweepUnlessSwapped(request, current).catch(() => {});
    if (error instanceof ListFileError) return refused(`${file}: ${error.message}`);
    throw error;
  }
}

async function sweepUnlessSwapped({ disk, directory }: ImportRequest, current: Active | null) {
  // Without a list in force the kept files are all that is left of the last one.
  if (!current) return disk.remove(`${directory}/${COPY}`);
  const now = await readActive(disk, directory);
  if (now.ok && now.value?.version === current.version) await sweep(disk, directory, now.value);
}

/** Checks every entry, and builds the store of a list too large for memory. */
async function prepare(task: Task, copy: ListFile, kept: KeptFile): Promise<Chain> {
  const { current, header } = task;
  const { version, kind, count } = header;
  const { disk, directory, list, exact_max } = task.request;
  const filter = await copy.filter();
  if (kind === 'delta' && current) {
    await checkDelta(task, current);
    const [full, ...deltas] = current.chain;
    return { version, chain: [full, ...deltas, kept], store: current.store };
  }
  if (list !== 'blacklist' || count <= exact_max) {
    for await (const _ of copy.entries(filter));
    return { version, chain: [kept], store: null };
  }
  if (!filter) throw new ListFileError('a list of this size needs a filter; build it with one');
  const store = await storeName(disk, directory, version);
  const path = `${directory}/${store}`;
  await buildStore(disk, path, sourceOf(copy, filter)).catch(async (error: unknown) => {
    await disk.remove(path).catch(() => {});
    throw error;
  });
  await disk.syncDirectory(directory);
  return { version, chain: [kept], store };
}

/** Walked twice: the filter is asked once. */
function sourceOf(file: ListFile, filter: Filter) {
  let unasked: Filter | null = filter;
  return {
    sm3: file.sm3,
    entries() {
      const asked = unasked;
      unasked = null;
      return file.entries(asked);
    },
  };
}

async function checkDelta({ request, header, sm3 }: Task, current: Active): Promise<void> {
  const { disk, directory } = request;
  const [full, ...deltas] = current.chain;
  const chain: Chain = { ...current, chain: [full, ...deltas, { file: COPY, sm3 }] };
  const { overlay } = orThrow(await readDeltas({ disk, directory }, chain));
  if (!overlay) return;
  if (overlay.count > OVERLAY_MAX) {
    throw new ListFileError(`the deltas change more than ${OVERLAY_MAX} cards; import a full list`);
  }
  const base = orThrow(await openKept({ disk, directory }, full));
  const total = await totalWith(overlay, base).finally(() => base.close());
  if (total === header.total) return;
  throw new ListFileError(`it promises ${header.total} entries, but makes them ${total}`);
}

/** Entries of a full list with deltas laid over it. */
async function totalWith(overlay: Table, base: ListFile): Promise<number> {
  const { bytes, stride } = overlay;
  let total = base.header.count;
  for (let at = 0; at < bytes.length; at += stride) total += bytes[at + stride - 1] === 0 ? 0 : 1;
  let at = 0;
  for await (const chunk of base.entries()) {
    const part = new Table(chunk, stride);
    const last = chunk.subarray(-stride, -1);
    for (; at < bytes.length; at += stride) {
      const key = bytes.subarray(at, at + stride - 1);
      if (key.compare(last) > 0) break;
      // Counted already, or taken away.
      if (part.find(key) !== undefined) total -= 1;
    }
  }
  return total;
}

/** Builds the store of the list in force anew from the kept full file, under another name. */
export function rebuildStore(disk: Disk, directory: string): Promise<Reply<void>> {
  return withLock(disk, directory, async () => {
    const active = await readActive(disk, directory);
    if (!active.ok) return active;
    if (!active.value?.store) return unreadable('the list in force has no store');
    await sweep(disk, directory, active.value);
    return rebuild(disk, directory, active.value);
  });
}

async function rebuild(disk: Disk, directory: string, active: Active): Promise<Reply<void>> {
  const [full] = active.chain;
  const file = await openKept({ disk, directory }, full);
  if (!file.ok) return file;
  try {
    const store = await storeName(disk, directory, file.value.header.version);
    await buildStore(disk, `${directory}/${store}`, file.value);
    await disk.syncDirectory(directory);
    const renamed = (chain: Chain) => (chain.store === active.store ? { ...chain, store } : chain);
    const previous = active.previous && renamed(active.previous);
    const next = { ...active, store, previous };
    await putActive(disk, directory, next);
    await sweep(disk, directory, next).catch(() => {});
    return ok(undefined);
  } finally {
    await file.value.close();
  }
}

function orThrow<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new Error(reply.fault.detail);
}

function refused(detail: string) {
  return failed('list-refused', 'none', detail);
}
