/**
 * A disk in memory that forgets what was not synced, and fails when told to. `crash()` is a power
 * cut: only synced bytes stay, and names as they stood when their directory was synced.
 */

import type { Disk, DiskFile } from '../../firmware-bridge/ports.ts';

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

/** A write, or a new size, that no sync has made durable yet. */
interface Change {
  readonly offset: number;
  /** Null: the file ends at `offset`. */
  readonly bytes: Buffer | null;
}

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

  #cut(keep: (file: Stored) => void): void {
    this.#files = new Map(this.#durableNames);
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
    const file = { content: new Content(bytes), durable: new Content(bytes), unsynced: [] };
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
  }

  async rename(from: string, to: string): Promise<void> {
    this.onStep('rename');
    this.#files.set(to, this.#stored(from));
    this.#files.delete(from);
  }

  async link(from: string, to: string): Promise<void> {
    this.onStep('link');
    this.#files.set(to, this.#stored(from));
  }

  async remove(path: string): Promise<void> {
    this.onStep('remove');
    for (const name of this.#files.keys()) {
      if (name === path || name.startsWith(`${path}/`)) this.#files.delete(name);
    }
  }

  async open(path: string, mode: 'read' | 'append'): Promise<DiskFile> {
    if (mode === 'append' && !this.#files.has(path)) {
      this.#files.set(path, { content: new Content(), durable: new Content(), unsynced: [] });
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
    strike(this.syncTrouble);
    for (const each of asked) if (file.unsynced.includes(each)) file.durable.apply(each);
    file.unsynced = file.unsynced.filter((each) => !asked.includes(each));
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

/** Bytes that grow in place. */
class Content {
  length = 0;
  #bytes = Buffer.alloc(0);

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.write(0, bytes);
  }

  slice(offset: number, length = this.length): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, Math.min(offset + length, this.length)));
  }

  write(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const longer = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(longer, 0, 0, this.length);
      this.#bytes = longer;
    }
    bytes.copy(this.#bytes, offset);
    this.length = Math.max(this.length, end);
  }

  apply({ offset, bytes }: Change): void {
    if (bytes) this.write(offset, bytes);
    else {
      this.#bytes.fill(0, offset);
      this.length = offset;
    }
  }

  take(other: Content): void {
    this.apply({ offset: 0, bytes: null });
    this.write(0, other.slice(0));
  }
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
