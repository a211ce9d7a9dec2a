/**
 * A disk in memory that forgets what was not synced, and fails when told to. `crash()` is a power
 * cut: only synced bytes stay, and files whose directory was synced.
 */

import type { Disk, DiskFile } from '../../firmware-bridge/ports.ts';

interface Trouble {
  /** Counts down with each call; the call that finds 1 fails. 0: never. */
  in: number;
  code: 'EIO' | 'ENOSPC';
  /** Does every later call fail as well? */
  stays: boolean;
  /** Of a failing write: how many of its bytes reach the file. */
  written_bytes?: number;
}

interface Stored {
  bytes: Buffer;
  synced: Buffer;
  entrySynced: boolean;
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
  readonly #files = new Map<string, Stored>();

  /** Power cut. @param kept_bytes how much of each file's unsynced end survives all the same */
  crash(kept_bytes = 0): void {
    for (const [path, file] of this.#files) {
      if (!file.entrySynced) this.#files.delete(path);
      const keep = Math.min(file.bytes.length, file.synced.length + kept_bytes);
      const end = file.bytes.subarray(file.synced.length, keep);
      file.bytes = Buffer.concat([file.synced, end]);
      file.synced = file.bytes;
    }
  }

  /** The bytes of a file, a copy. */
  peek(path: string): Buffer {
    return Buffer.from(this.#stored(path).bytes);
  }

  /** Replaces a file's content, durably: damage, or an operator's hand. */
  poke(path: string, bytes: Buffer): void {
    this.#files.set(path, { bytes, synced: bytes, entrySynced: true });
  }

  async makeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    const prefix = `${path}/`;
    const names = [...this.#files.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length)).sort();
  }

  async syncDirectory(path: string): Promise<void> {
    for (const [name, file] of this.#files) {
      if (name.startsWith(`${path}/`)) file.entrySynced = true;
    }
  }

  async open(path: string, mode: 'read' | 'append'): Promise<DiskFile> {
    if (mode === 'append' && !this.#files.has(path)) {
      this.#files.set(path, {
        bytes: Buffer.alloc(0),
        synced: Buffer.alloc(0),
        entrySynced: false,
      });
    }
    const file = this.#stored(path);
    return {
      size: async () => file.bytes.length,
      read: async (offset, length) => {
        strike(this.readTrouble);
        return Buffer.from(file.bytes.subarray(offset, offset + length));
      },
      write: async (offset, bytes) => this.#write(file, offset, bytes),
      sync: async () => {
        this.syncs += 1;
        const asked = file.bytes;
        await this.syncGate;
        strike(this.syncTrouble);
        file.synced = asked;
      },
      truncate: async (size) => {
        file.bytes = file.bytes.subarray(0, size);
      },
      close: async () => {},
    };
  }

  #write(file: Stored, offset: number, bytes: Buffer): void {
    this.writes += 1;
    const put = (length: number) => {
      const before = Buffer.alloc(offset);
      file.bytes.copy(before, 0, 0, offset);
      const after = file.bytes.subarray(offset + length);
      file.bytes = Buffer.concat([before, bytes.subarray(0, length), after]);
    };
    const used = [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    const room = Math.max(0, this.capacity_bytes - used);
    if (room < bytes.length) {
      put(room);
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
