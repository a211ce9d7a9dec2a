/**
 * A memory disk that takes its time over every sync, so that whatever forgets to wait for the disk
 * is found out, and that knows which bytes are durable at this very moment.
 */

import type { Clock, Disk, DiskFile } from '../../firmware-bridge/ports.ts';
import { MemoryDisk } from './memory-disk.ts';

const SYNC_MS = 3;

export class SlowDisk implements Disk {
  /** Set its `syncTrouble` or `writeTrouble` to make the disk fail. */
  readonly memory = new MemoryDisk();
  readonly #clock: Clock;
  /** Files opened before a power cut belong to a process that is dead. */
  #life = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  crash(): void {
    this.#life += 1;
    this.memory.crash();
  }

  /** What a power cut would leave of a file now. */
  synced(path: string): Buffer {
    return this.memory.peekDurable(path);
  }

  makeDirectory(): Promise<void> {
    return this.memory.makeDirectory();
  }

  list(path: string): Promise<string[]> {
    return this.memory.list(path);
  }

  syncDirectory(path: string): Promise<void> {
    return this.memory.syncDirectory(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.memory.rename(from, to);
  }

  link(from: string, to: string): Promise<void> {
    return this.memory.link(from, to);
  }

  remove(path: string): Promise<void> {
    return this.memory.remove(path);
  }

  async open(path: string, mode: 'read' | 'append'): Promise<DiskFile> {
    const file = await this.memory.open(path, mode);
    const life = this.#life;
    const expectAlive = () => {
      if (life !== this.#life) throw new Error('EIO: written after the power cut');
    };
    return {
      ...file,
      write: async (offset, bytes) => {
        expectAlive();
        await file.write(offset, bytes);
      },
      sync: async () => {
        await new Promise<void>((done) => this.#clock.setTimeout(done, SYNC_MS));
        expectAlive();
        await file.sync();
      },
    };
  }
}
