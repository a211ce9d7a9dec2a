/**
 * A list too large for memory, in LevelDB: built once, sealed, never changed. A record is a page:
 *
 *   page number u32 BE → up to 256 entries (serial 10, reason 1), ascending ‖ CRC-32C u32 BE
 *
 * The CRC covers the number too. The file `pages` holds the first serial of each page; `seal.json`,
 * written last, names every file with size and SM3. LevelDB verifies no checksums when it reads and
 * may abort its process on damaged files: only keeper-process.ts and an import open one. Opening
 * rewrites files, so a sealed directory is opened by way of a work copy alone.
 */

import { createHash } from 'node:crypto';
import { type Disk, type DiskFile, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { u32 } from '../card/bytes.ts';
import { crc32c } from '../ledger/frame.ts';
import { chunksOf, copyFile, readWhole, syncFile, writeFile } from './files.ts';
import { Table } from './table.ts';

/** What `level` opens under Node is a ClassicLevel; its types speak of every platform. */
type Level = import('level').Level<Uint8Array, Uint8Array> & {
  getSync(key: Uint8Array): Uint8Array | undefined;
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
};

/** The entries that a store is built from, in the form of a list file. */
export interface StoreSource {
  /** SM3 of the list file, hex. */
  readonly sm3: string;
  /**
   * Whole entries of 11 bytes, in ascending order; may be walked more than once. A chunk need only
   * be valid until the next one.
   */
  entries(): AsyncIterable<Buffer>;
}

interface Seal {
  /** SM3 of the list file that the store was built from. */
  readonly list: string;
  readonly files: readonly { readonly name: string; readonly size: number; readonly sm3: string }[];
}

const KEY_BYTES = 10;
const ENTRY_BYTES = 11;
const PAGE_BYTES = 256 * ENTRY_BYTES;
const CRC_BYTES = 4;
const BATCH_PAGES = 64;
const READ_BACK_BYTES = 1 << 16;
/**
 * LevelDB maps up to 64 tables at once even of so few open files (its least); a table becomes as
 * large as the write buffer. So a build maps 64 MiB at most, however long the list.
 */
const BUILDING = {
  createIfMissing: true,
  errorIfExists: true,
  maxOpenFiles: 74,
  writeBufferSize: 1 << 20,
  maxFileSize: 1 << 20,
  cacheSize: 0,
};
const SEAL = 'seal.json';
const PAGES = 'pages';
/** Of no meaning to LevelDB's data, and rewritten at will. */
const DISPOSABLE = ['LOCK', 'LOG', 'LOG.old'];

/**
 * Builds and seals a store in a new directory, reading every page back. Throws when the disk or
 * LevelDB fails; then the directory has no seal and is of no use.
 */
export async function buildStore(
  disk: Disk,
  directory: string,
  source: StoreSource,
): Promise<void> {
  await disk.remove(directory);
  await disk.makeDirectory(directory);
  const db = await openLevel(directory, BUILDING);
  try {
    await fill(db, source, await disk.open(`${directory}/${PAGES}`, 'append'));
    // Of a range that holds nothing: brings the last writes out of the log into a synced table, and
    // reads and writes no other table again.
    await db.compactRange(u32(0xffffffff), u32(0xffffffff));
    await compare(db, source);
  } finally {
    await db.close();
  }
  await seal(disk, directory, source.sm3);
}

async function fill(db: Level, source: StoreSource, index: DiskFile): Promise<void> {
  try {
    const firsts = Buffer.alloc(BATCH_PAGES * KEY_BYTES);
    let number = 0;
    let batch = db.batch();
    const flush = async (pages: number) => {
      await batch.write();
      batch = db.batch();
      const part = firsts.subarray(0, pages * KEY_BYTES);
      await index.write((number - pages) * KEY_BYTES, part);
    };
    for await (const page of pagesOf(source)) {
      // Both copy at once: the next page overwrites this one.
      batch.put(u32(number), page);
      page.copy(firsts, (number % BATCH_PAGES) * KEY_BYTES, 0, KEY_BYTES);
      number += 1;
      if (number % BATCH_PAGES === 0) await flush(BATCH_PAGES);
    }
    await flush(number % BATCH_PAGES);
    await batch.close();
  } finally {
    await index.close();
  }
}

/** Throws unless the store holds what the list file holds, page by page. */
async function compare(db: Level, source: StoreSource): Promise<void> {
  const stored = db.iterator({ fillCache: false, highWaterMarkBytes: READ_BACK_BYTES });
  try {
    let number = 0;
    for await (const page of pagesOf(source)) {
      const [key, value] = (await stored.next()) ?? [];
      if (!key || !value || !u32(number).equals(key) || !page.equals(value)) {
        throw new Error(`page ${number} was not read back as written`);
      }
      number += 1;
    }
    if (await stored.next()) throw new Error('more was read back than written');
  } finally {
    await stored.close();
  }
}

/** A page is valid until the next one is asked for: all lie in one Buffer. */
async function* pagesOf(source: StoreSource): AsyncGenerator<Buffer> {
  const page = Buffer.allocUnsafeSlow(PAGE_BYTES + CRC_BYTES);
  let number = 0;
  let used = 0;
  for await (const chunk of source.entries()) {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.copy(page, used, at, at + PAGE_BYTES - used);
      at += taken;
      used += taken;
      if (used < PAGE_BYTES) continue;
      yield withCrc(number, page, used);
      number += 1;
      used = 0;
    }
  }
  if (used > 0) yield withCrc(number, page, used);
}

function withCrc(number: number, page: Buffer, used: number): Buffer {
  page.writeUInt32BE(crc32c(page.subarray(0, used), crc32c(u32(number))), used);
  return page.subarray(0, used + CRC_BYTES);
}

async function seal(disk: Disk, directory: string, list: string): Promise<void> {
  for (const name of DISPOSABLE) await disk.remove(`${directory}/${name}`);
  const files: Seal['files'][number][] = [];
  for (const name of await disk.list(directory)) {
    const path = `${directory}/${name}`;
    await syncFile(disk, path);
    files.push({ name, ...(await digest(disk, path)) });
  }
  await disk.syncDirectory(directory);
  const text = JSON.stringify({ list, files } satisfies Seal);
  await writeFile(disk, `${directory}/${SEAL}`, Buffer.from(text));
  await disk.syncDirectory(directory);
}

/**
 * Compares every file with the seal; runs no code of LevelDB.
 * @param list SM3 of the list file that the store must be built from, hex
 * @returns fault `blacklist-unreadable` when anything differs
 */
export async function verifyStore(
  disk: Disk,
  directory: string,
  list: string,
): Promise<Reply<void>> {
  try {
    const sealed = await readSeal(disk, directory);
    if (sealed.list !== list) return damaged(`${directory} was built from another list`);
    const names = (await disk.list(directory)).filter((name) => name !== SEAL);
    const expected = sealed.files.map(({ name }) => name);
    if (names.join() !== expected.join()) return damaged(`${directory} lacks files or has others`);
    for (const { name, size, sm3 } of sealed.files) {
      const found = await digest(disk, `${directory}/${name}`);
      if (found.size !== size || found.sm3 !== sm3) return damaged(`${directory}/${name} changed`);
    }
    return ok(undefined);
  } catch (error) {
    return damaged(`${directory}: ${describe(error)}`);
  }
}

async function readSeal(disk: Disk, directory: string): Promise<Seal> {
  const sealed: Partial<Seal> = JSON.parse(
    (await readWhole(disk, `${directory}/${SEAL}`)).toString('utf8'),
  );
  if (typeof sealed.list !== 'string' || !Array.isArray(sealed.files))
    throw new Error(`${SEAL} is garbled`);
  return { list: sealed.list, files: sealed.files };
}

async function digest(disk: Disk, path: string): Promise<{ size: number; sm3: string }> {
  const hash = createHash('sm3');
  let size = 0;
  for await (const chunk of chunksOf(disk, path)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sm3: hash.digest('hex') };
}

/** A store that answers; for a process that may die. */
export interface Store {
  /**
   * Reason byte 1 to 5, or 0 when the card is not in the store. Throws when the page is damaged.
   * @param card application serial, 10 bytes
   */
  find(card: Buffer): number;
  /** The first serial of every page, 10 bytes each. */
  readonly firsts: Buffer;
  close(): Promise<void>;
}

/**
 * Opens a verified store by way of a copy in `work`: tables as second names of the same bytes, the
 * small files for real. Closing removes the copy. Throws when the disk or LevelDB fails.
 */
export async function openStore(disk: Disk, directory: string, work: string): Promise<Store> {
  const { files } = await readSeal(disk, directory);
  await disk.remove(work);
  await disk.makeDirectory(work);
  for (const { name } of files) {
    const [from, to] = [`${directory}/${name}`, `${work}/${name}`];
    if (name === PAGES) continue;
    // Some file systems know no second names.
    if (name.endsWith('.ldb')) await disk.link(from, to).catch(() => copyFile(disk, from, to));
    else await copyFile(disk, from, to);
  }
  const firsts = await readWhole(disk, `${directory}/${PAGES}`);
  const db = await openLevel(work, { createIfMissing: false });
  return {
    firsts,
    find(card) {
      const number = pageOf(card, firsts);
      return number < 0 ? 0 : (entriesOf(db, number).find(card) ?? 0);
    },
    async close() {
      await db.close();
      await disk.remove(work);
    },
  };
}

function entriesOf(db: Level, number: number): Table {
  const key = u32(number);
  const stored = db.getSync(key);
  if (!stored) throw new Error(`page ${number} is missing`);
  const page = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  const entries = page.subarray(0, -CRC_BYTES);
  const whole = entries.length > 0 && entries.length % ENTRY_BYTES === 0;
  if (!whole || page.readUInt32BE(entries.length) !== crc32c(entries, crc32c(key)))
    throw new Error(`page ${number} is damaged`);
  return new Table(entries, ENTRY_BYTES);
}

/** The last page whose first serial is not above `card`; -1 when all are. */
function pageOf(card: Buffer, firsts: Buffer): number {
  let low = 0;
  let high = firsts.length / KEY_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * KEY_BYTES;
    if (card.compare(firsts, at, at + KEY_BYTES) < 0) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

async function openLevel(directory: string, special: object): Promise<Level> {
  const { Level } = await import('level');
  const options = {
    ...special,
    keyEncoding: 'view',
    valueEncoding: 'view',
    // Tables are mapped: uncompressed pages are read from them without a second copy.
    compression: false,
  } as const;
  const db = new Level<Uint8Array, Uint8Array>(directory, options) as Level;
  await db.open();
  return db;
}

function damaged(detail: string) {
  return failed('blacklist-unreadable', 'none', detail);
}

/** LevelDB's own words stand in the cause. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
