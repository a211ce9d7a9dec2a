/**
 * A disk in memory that forgets what was not synced, and fails when told to. `crash()` is a power
 * cut: only synced bytes stay, and names as they stood when their directory was synced. What else
 * a power cut may leave is told by `unsettled()` and made by `afterCut()`: see power-cuts.ts.
 */

import { createHash } from 'node:crypto';
import type { Disk, DiskFile } from '../../firmware-bridge/ports.ts';
import { type Change, Content } from '../../sim/world/content.ts';

const SECTOR_BYTES = 512;

interface Trouble {
  /** Counts down with each call; the call that finds 1 fails. 0: never. */
  in: number;
  code: 'EIO' | 'ENOSPC';
  /** Does every later call fail as well? */
  stays: boolean;
  /** Of a failing write: how many of its bytes reach the file. */
  written_bytes?: number;
}

/** What a power cut may leave in one of several ways, whatever becomes of the rest. */
export interface Piece {
  /** `/ledger/a.log sector 3`, or `names`. */
  readonly name: string;
  /** How many ways there are, oldest first: as it was synced, …, as it was last written. */
  readonly versions: number;
}

/** Names that change together, as with a rename; null: the name is gone. */
type NameChange = ReadonlyMap<string, Stored | null>;

interface Stored {
  readonly content: Content;
  readonly durable: Content;
  unsynced: Change[];
}

export class MemoryDisk implements Disk {
  writes = 0;
  syncs = 0;
  capacity_bytes = Number.POSITIVE_INFINITY;
  writeTrouble: Trouble = { in: 0, code: 'EIO', stays: false };
  syncTrouble: Trouble = { in: 0, code: 'EIO', stays: false };
  readTrouble: Trouble = { in: 0, code: 'EIO', stays: false };
  /** A sync waits for this, so that a test can hold it. */
  syncGate: Promise<void> = Promise.resolve();
  /** Called before each step that a power cut may come before: write, sync, name. */
  onStep: (step: string) => void = () => {};
  #files = new Map<string, Stored>();
  #durableNames = new Map<string, Stored>();
  /** Since their directories were synced, in order. */
  #nameChanges: NameChange[] = [];

  /** Power cut. @param kept_bytes how many unsynced bytes of each file survive all the same */
  crash(kept_bytes = 0): void {
    this.#cut(({ durable, unsynced }) => {
      let left = kept_bytes;
      for (const { offset, bytes } of unsynced) {
        if (bytes === null || left === 0) break;
        durable.write(offset, bytes.subarray(0, left));
        left -= Math.min(left, bytes.length);
      }
    });
  }

  /** Power cut amid a write: of what was not synced, only some sectors of 512 bytes are kept. */
  tear(keeps: (sector: number) => boolean): void {
    this.#cut(({ content, durable }) => {
      for (let at = 0; at < content.length; at += SECTOR_BYTES) {
        const now = content.slice(at, SECTOR_BYTES);
        if (now.equals(durable.slice(at, SECTOR_BYTES))) continue;
        if (keeps(at / SECTOR_BYTES)) durable.write(at, now);
      }
    });
  }

  /**
   * What is not synced now. Each sector of 512 bytes reaches the disk by itself, in any order and
   * as of any write; names reach it in order, as a journalling file system writes them.
   */
  unsettled(): Piece[] {
    const names = { name: 'names', versions: this.#nameChanges.length + 1 };
    const sectors = this.#sectors().map(({ path, sector, versions }) => ({
      name: `${path} sector ${sector}`,
      versions: versions.length,
    }));
    return [names, ...sectors].filter(({ versions }) => versions > 1);
  }

  /** The disk after a power cut now. @param kept of each unsettled piece, which version */
  afterCut(kept: readonly number[]): MemoryDisk {
    const left = [...kept];
    const names = new Map(this.#durableNames);
    const changes = this.#nameChanges.length > 0 ? (left.shift() ?? 0) : 0;
    for (const change of this.#nameChanges.slice(0, changes)) applyNames(names, change);
    const contents = new Map<Stored, Content>();
    for (const { file, sector, versions } of this.#sectors()) {
      const content = contents.get(file) ?? new Content(file.durable.slice(0));
      contents.set(file, content);
      const now = versions[left.shift() ?? 0] ?? Buffer.alloc(0);
      const rest = Math.max(0, content.length - sector * SECTOR_BYTES);
      const gone = Buffer.alloc(Math.min(SECTOR_BYTES, rest));
      const bytes = now.length > 0 ? now : gone;
      if (bytes.length > 0) content.write(sector * SECTOR_BYTES, bytes);
    }
    const disk = new MemoryDisk();
    const copies = new Map<Stored, Stored>();
    for (const [name, file] of names) {
      const bytes = (contents.get(file) ?? file.durable).slice(0);
      const copy = copies.get(file) ?? settled(bytes);
      copies.set(file, copy);
      disk.#files.set(name, copy);
      disk.#durableNames.set(name, copy);
    }
    return disk;
  }

  /** Alike for disks that hold the same names with the same bytes. */
  fingerprint(): string {
    const hash = createHash('sha1');
    for (const [name, { content }] of [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${name} ${content.length}\n`).update(content.slice(0));
    }
    return hash.digest('hex');
  }

  /** Every sector that a power cut may leave in one of several versions. */
  #sectors() {
    const named = [...this.#durableNames, ...this.#nameChanges.flatMap((each) => [...each])];
    const paths = new Map<Stored, string>();
    for (const [path, file] of named) if (file && !paths.has(file)) paths.set(file, path);
    return [...paths].flatMap(([file, path]) =>
      sectorsOf(file).map(({ sector, versions }) => ({ file, path, sector, versions })),
    );
  }

  #rename(change: NameChange): void {
    applyNames(this.#files, change);
    this.#nameChanges.push(change);
  }

  #cut(keep: (file: Stored) => void): void {
    this.#files = new Map(this.#durableNames);
    this.#nameChanges = [];
    for (const file of new Set(this.#files.values())) {
      keep(file);
      file.unsynced = [];
      file.content.take(file.durable);
    }
  }

  /** The bytes of a file, a copy. */
  peek(path: string): Buffer {
    return this.#stored(path).content.slice(0);
  }

  /** What a power cut would leave of it now, a copy; empty when the file is unknown. */
  peekDurable(path: string): Buffer {
    return this.#files.get(path)?.durable.slice(0) ?? Buffer.alloc(0);
  }

  /** Replaces a file's content, durably: damage, or an operator's hand. */
  poke(path: string, bytes: Buffer): void {
    const file = settled(bytes);
    this.#files.set(path, file);
    this.#durableNames.set(path, file);
  }

  async makeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    const prefix = `${path}/`;
    const names = [...this.#files.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length)).sort();
  }

  async syncDirectory(path: string): Promise<void> {
    this.onStep('syncDirectory');
    const within = (name: string) => name.startsWith(`${path}/`);
    for (const name of this.#durableNames.keys()) {
      if (within(name) && !this.#files.has(name)) this.#durableNames.delete(name);
    }
    for (const [name, file] of this.#files) if (within(name)) this.#durableNames.set(name, file);
    this.#nameChanges = this.#nameChanges.filter((change) => ![...change.keys()].every(within));
  }

  async rename(from: string, to: string): Promise<void> {
    this.onStep('rename');
    this.#rename(
      new Map([
        [from, null],
        [to, this.#stored(from)],
      ]),
    );
  }

  async link(from: string, to: string): Promise<void> {
    this.onStep('link');
    this.#rename(new Map([[to, this.#stored(from)]]));
  }

  async remove(path: string): Promise<void> {
    this.onStep('remove');
    for (const name of this.#files.keys()) {
      if (name === path || name.startsWith(`${path}/`)) this.#rename(new Map([[name, null]]));
    }
  }

  async open(path: string, mode: 'read' | 'append'): Promise<DiskFile> {
    if (mode === 'append' && !this.#files.has(path)) {
      this.#rename(new Map([[path, settled(Buffer.alloc(0))]]));
    }
    const file = this.#stored(path);
    return {
      size: async () => file.content.length,
      read: async (offset, length) => {
        strike(this.readTrouble);
        return file.content.slice(offset, length);
      },
      write: async (offset, bytes) => this.#write(file, offset, bytes),
      sync: () => this.#sync(file),
      truncate: async (size) => {
        this.onStep('truncate');
        change(file, { offset: size, bytes: null });
      },
      close: async () => {},
    };
  }

  async #sync(file: Stored): Promise<void> {
    this.onStep('sync');
    this.syncs += 1;
    const asked = [...file.unsynced];
    await this.syncGate;
    const due = asked.filter((each) => file.unsynced.includes(each));
    file.unsynced = file.unsynced.filter((each) => !asked.includes(each));
    // Linux takes pages that it failed to write for clean: no later sync writes them.
    strike(this.syncTrouble);
    for (const each of due) file.durable.apply(each);
  }

  #write(file: Stored, offset: number, bytes: Buffer): void {
    this.onStep('write');
    this.writes += 1;
    const put = (length: number) =>
      change(file, { offset, bytes: Buffer.from(bytes.subarray(0, length)) });
    const all = new Set(this.#files.values());
    const used = [...all].reduce((sum, { content }) => sum + content.length, 0);
    const growth = Math.max(0, offset + bytes.length - file.content.length);
    const lacking = Math.min(growth, Math.max(0, used + growth - this.capacity_bytes));
    if (lacking > 0) {
      put(Math.max(0, bytes.length - lacking));
      throw diskError('ENOSPC');
    }
    try {
      strike(this.writeTrouble);
    } catch (error) {
      put(Math.min(bytes.length, this.writeTrouble.written_bytes ?? 0));
      throw error;
    }
    put(bytes.length);
  }

  #stored(path: string): Stored {
    const file = this.#files.get(path);
    if (!file) throw diskError('ENOENT');
    return file;
  }
}

function settled(bytes: Buffer): Stored {
  return { content: new Content(bytes), durable: new Content(bytes), unsynced: [] };
}

function applyNames(names: Map<string, Stored>, change: NameChange): void {
  for (const [name, file] of change) {
    if (file) names.set(name, file);
    else names.delete(name);
  }
}

/** The versions of each sector that its unsynced writes have changed; empty: it is not there. */
function sectorsOf({ durable, unsynced }: Stored): { sector: number; versions: Buffer[] }[] {
  const content = new Content(durable.slice(0));
  const found = new Map<number, Buffer[]>();
  const sectorAt = (number: number) => content.slice(number * SECTOR_BYTES, SECTOR_BYTES);
  for (const each of unsynced) {
    const end = Math.max(content.length, each.offset + (each.bytes?.length ?? 0));
    const last = each.bytes ? each.offset + each.bytes.length : end;
    const touched: [number, Buffer][] = [];
    for (let at = Math.floor(each.offset / SECTOR_BYTES); at * SECTOR_BYTES < last; at += 1) {
      touched.push([at, sectorAt(at)]);
    }
    content.apply(each);
    for (const [sector, before] of touched) {
      const now = sectorAt(sector);
      if (now.equals(before)) continue;
      const versions = found.get(sector) ?? [before];
      found.set(sector, [...versions, now]);
    }
  }
  return [...found].sort(([a], [b]) => a - b).map(([sector, versions]) => ({ sector, versions }));
}

function change(file: Stored, made: Change): void {
  if (made.bytes?.length === 0) return;
  file.content.apply(made);
  file.unsynced.push(made);
}

function strike(trouble: Trouble): void {
  if (trouble.in === 0) return;
  trouble.in -= 1;
  if (trouble.in > 0) return;
  if (trouble.stays) trouble.in = 1;
  throw diskError(trouble.code);
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
