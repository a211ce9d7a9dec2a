/**
 * Reads a list file (README.md) through a Disk, in bounded memory and in small steps, so that a
 * lane may do it while it serves. The whole file is verified before anything of it is handed out;
 * what is read later is hashed again and must still be what was verified.
 */

import { createHash, type Hash } from 'node:crypto';
import {
  type Disk,
  type DiskFile,
  failed,
  ok,
  type Reply,
} from '../../../firmware-bridge/ports.ts';
import { KEY_ID_BYTES, type PublicKey, SIGNATURE_BYTES } from '../../crypto/sm2.ts';
import { REASONS } from '../blacklist.ts';
import { Filter } from '../filter.ts';
import { Table } from '../table.ts';
import {
  headerLength,
  ListFileError,
  type ListHeader,
  PREAMBLE_BYTES,
  parseHeader,
  strideOf,
} from './header.ts';

const STEP_BYTES = 64 * 1024;
const HASH_BYTES = 32;

/** A verified list file, kept open. Whatever is wrong later throws ListFileError. */
export interface ListFile {
  readonly header: ListHeader;
  /** Over everything before hash and signature; 64 hex digits. */
  readonly sm3: string;
  /** 16 hex digits; null: not signed. */
  readonly keyId: string | null;
  /** Bytes of the file before its signature. */
  readonly unsigned_bytes: number;
  /**
   * Chunks of whole entries, each valid until the next is asked for: all lie in one Buffer. Order
   * and values are checked, and that `filter` admits every key; that the bytes are still the
   * verified ones is known when the last chunk has been taken.
   */
  entries(filter?: Filter | null): AsyncIterable<Buffer>;
  /** Null: the list has none. */
  filter(): Promise<Filter | null>;
  /** All entries, checked. */
  table(): Promise<Table>;
  close(): Promise<void>;
}

/**
 * Opens a list signed by one of `trust`. Fault `list-refused`: no file, no list, damaged, not
 * signed, or signed by somebody else.
 */
export function openListFile(
  disk: Disk,
  path: string,
  { trust }: { trust: readonly PublicKey[] },
): Promise<Reply<ListFile>> {
  return open(disk, path, trust);
}

/** The same without asking who signed it, if anybody did: for the office, never for a lane. */
export function inspectListFile(disk: Disk, path: string): Promise<Reply<ListFile>> {
  return open(disk, path, null);
}

/** What a file says that it is, before anything of it is verified. Fault `list-refused`. */
export async function readListHeader(disk: Disk, path: string): Promise<Reply<ListHeader>> {
  let file: DiskFile | null = null;
  try {
    file = await disk.open(path, 'read');
    return ok((await readHeader(file)).header);
  } catch (error) {
    return failed('list-refused', 'none', `${path}: ${describe(error)}`);
  } finally {
    await file?.close().catch(() => {});
  }
}

async function readHeader(file: DiskFile) {
  const preamble = await exactly(file, 0, Buffer.alloc(PREAMBLE_BYTES));
  const json = await exactly(file, PREAMBLE_BYTES, Buffer.alloc(headerLength(preamble)));
  return { preamble, json, header: parseHeader(json) };
}

async function open(
  disk: Disk,
  path: string,
  trust: readonly PublicKey[] | null,
): Promise<Reply<ListFile>> {
  let file: DiskFile | null = null;
  try {
    file = await disk.open(path, 'read');
    return ok(await verify(file, trust));
  } catch (error) {
    await file?.close().catch(() => {});
    return failed('list-refused', 'none', `${path}: ${describe(error)}`);
  }
}

async function verify(file: DiskFile, trust: readonly PublicKey[] | null): Promise<ListFile> {
  const { preamble, json, header } = await readHeader(file);
  const entries = PREAMBLE_BYTES + json.length;
  const filter = entries + header.count * strideOf(header.list);
  const hash = filter + header.filter_bytes;
  const places = { entries, filter, hash, end: hash + HASH_BYTES };
  const signed = await isSigned(file, places.end);
  if (trust && !signed) throw new ListFileError('the list is not signed; its office must sign it');

  const start = createHash('sm3').update(preamble).update(json);
  const running = start.copy();
  for await (const chunk of chunks(file, { from: entries, to: filter })) running.update(chunk);
  const afterEntries = running.copy();
  for await (const chunk of chunks(file, { from: filter, to: hash })) running.update(chunk);
  const stored = await exactly(file, hash, Buffer.alloc(HASH_BYTES));
  if (!running.digest().equals(stored)) {
    throw new ListFileError('the SM3 value is wrong: bytes were changed on the way');
  }
  const keyId = signed ? await checkSignature(file, places.end, trust) : null;
  return new VerifiedFile(file, { header, places, start, afterEntries, stored, keyId });
}

async function isSigned(file: DiskFile, unsigned_bytes: number): Promise<boolean> {
  const size = await file.size();
  const signed_bytes = unsigned_bytes + KEY_ID_BYTES + SIGNATURE_BYTES;
  if (size === signed_bytes || size === unsigned_bytes) return size === signed_bytes;
  throw new ListFileError(
    `the file has ${size} bytes; its header tells of ${unsigned_bytes}, signed ${signed_bytes}`,
  );
}

/** Returns the id of the key. */
async function checkSignature(
  file: DiskFile,
  end: number,
  trust: readonly PublicKey[] | null,
): Promise<string> {
  const stored = await exactly(file, end - HASH_BYTES, Buffer.alloc(HASH_BYTES));
  const id = await exactly(file, end, Buffer.alloc(KEY_ID_BYTES));
  const signature = await exactly(file, end + KEY_ID_BYTES, Buffer.alloc(SIGNATURE_BYTES));
  const name = id.toString('hex');
  if (!trust) return name;
  const key = trust.find((each) => each.id.equals(id));
  if (!key)
    throw new ListFileError(`signed by key ${name}, which lists.trusted_keys does not name`);
  if (key.verify(stored, signature)) return name;
  throw new ListFileError(`the signature is not of key ${name}, whose id it bears`);
}

interface Verified {
  readonly header: ListHeader;
  /** Where each part begins. */
  readonly places: { entries: number; filter: number; hash: number; end: number };
  /** Hash states, to go on from. */
  readonly start: Hash;
  readonly afterEntries: Hash;
  readonly stored: Buffer;
  readonly keyId: string | null;
}

class VerifiedFile implements ListFile {
  readonly #file: DiskFile;
  readonly #known: Verified;

  constructor(file: DiskFile, known: Verified) {
    this.#file = file;
    this.#known = known;
  }

  get header(): ListHeader {
    return this.#known.header;
  }

  get sm3(): string {
    return this.#known.stored.toString('hex');
  }

  get keyId(): string | null {
    return this.#known.keyId;
  }

  get unsigned_bytes(): number {
    return this.#known.places.end;
  }

  async *entries(filter: Filter | null = null): AsyncGenerator<Buffer> {
    const { header, places, start, afterEntries } = this.#known;
    const stride = strideOf(header.list);
    const step = Math.floor(STEP_BYTES / stride) * stride;
    const running = start.copy();
    let last: Buffer | null = null;
    const part = { from: places.entries, to: places.filter, step };
    for await (const chunk of chunks(this.#file, part)) {
      running.update(chunk);
      if (last && last.compare(chunk, 0, stride - 1) >= 0) throw disorder();
      checkEntries(chunk, header);
      if (filter) checkAdmitted(chunk, filter);
      last = Buffer.from(chunk.subarray(-stride, -1));
      yield chunk;
    }
    if (!running.digest().equals(afterEntries.copy().digest())) throw changed();
  }

  async filter(): Promise<Filter | null> {
    const { header, places, afterEntries, stored } = this.#known;
    if (header.filter_bytes === 0) return null;
    const running = afterEntries.copy();
    const bytes = Buffer.alloc(header.filter_bytes);
    let at = 0;
    for await (const chunk of chunks(this.#file, { from: places.filter, to: places.hash })) {
      running.update(chunk);
      at += chunk.copy(bytes, at);
    }
    if (!running.digest().equals(stored)) throw changed();
    const filter = Filter.parse(bytes);
    if (filter) return filter;
    throw new ListFileError('the filter in the list is none: its lengths do not fit');
  }

  table(): Promise<Table> {
    const { list, count } = this.header;
    return Table.from(this.entries(), { count, stride: strideOf(list) });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Values, and strict order within the chunk. */
function checkEntries(chunk: Buffer, { list, kind }: ListHeader): void {
  const stride = strideOf(list);
  const least = kind === 'delta' ? 0 : 1;
  const most = list === 'blacklist' ? REASONS.length : 1;
  for (let at = 0; at < chunk.length; at += stride) {
    const value = chunk[at + stride - 1] ?? -1;
    if (value < least || value > most) {
      throw new ListFileError(`an entry has the value ${value}; ${least} to ${most} is legal`);
    }
    if (at > 0 && !ascends(chunk, at, stride)) throw disorder();
  }
}

/** Is the key at `at` above the one before it? */
function ascends(chunk: Buffer, at: number, stride: number): boolean {
  for (let i = at; i < at + stride - 1; i++) {
    const difference = (chunk[i] ?? 0) - (chunk[i - stride] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function checkAdmitted(chunk: Buffer, filter: Filter): void {
  const stride = strideOf('blacklist');
  for (let at = 0; at < chunk.length; at += stride) {
    if (!filter.mayHold(chunk, at)) {
      throw new ListFileError('the filter in the list denies a card of the list');
    }
  }
}

interface Part {
  /** Offsets in the file. */
  readonly from: number;
  readonly to: number;
  /** Bytes of a chunk. */
  readonly step?: number;
}

/** A chunk is valid until the next one is asked for. */
async function* chunks(file: DiskFile, part: Part): AsyncGenerator<Buffer> {
  const { from, to, step = STEP_BYTES } = part;
  const into = Buffer.allocUnsafeSlow(Math.min(step, to - from));
  for (let at = from; at < to; at += step) yield await exactly(file, at, into.subarray(0, to - at));
}

/** As many bytes as `into` has, in it or in a Buffer of their own. */
async function exactly(file: DiskFile, offset: number, into: Buffer): Promise<Buffer> {
  const { length } = into;
  const bytes = await file.read(offset, length, into).catch((error) => {
    throw new ListFileError(`the disk cannot read it: ${describe(error)}`);
  });
  if (bytes.length === length) return bytes;
  throw new ListFileError(`the file ends at ${offset + bytes.length}, in the middle of a part`);
}

function disorder(): ListFileError {
  return new ListFileError('the entries are not in strictly ascending order');
}

function changed(): ListFileError {
  return new ListFileError('the file was changed while it was being read');
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
