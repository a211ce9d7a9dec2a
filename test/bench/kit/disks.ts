/** Disks for the benchmark. */

import type { Disk } from '../../../firmware-bridge/ports.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import type { MeteredClock } from './metered-clock.ts';

/** Keeps what a ledger needs to open; what it appends is thrown away at once, and costs nothing. */
export function forgetfulDisk(): Disk {
  const memory = new MemoryDisk();
  return {
    makeDirectory: () => memory.makeDirectory(),
    list: (path) => memory.list(path),
    syncDirectory: (path) => memory.syncDirectory(path),
    rename: (from, to) => memory.rename(from, to),
    link: (from, to) => memory.link(from, to),
    remove: (path) => memory.remove(path),
    async open(path, mode) {
      const file = await memory.open(path, mode);
      if (!/\.log(\.new)?$/.test(path)) return file;
      return { ...file, write: async () => {}, sync: async () => {} };
    },
  };
}

/** The real disk, whose operations take their own time in a metered clock. */
export function meteredDisk(disk: Disk, { real }: MeteredClock): Disk {
  return {
    makeDirectory: (path) => real(() => disk.makeDirectory(path)),
    list: (path) => real(() => disk.list(path)),
    syncDirectory: (path) => real(() => disk.syncDirectory(path)),
    rename: (from, to) => real(() => disk.rename(from, to)),
    link: (from, to) => real(() => disk.link(from, to)),
    remove: (path) => real(() => disk.remove(path)),
    async open(path, mode) {
      const file = await real(() => disk.open(path, mode));
      return {
        size: () => real(() => file.size()),
        read: (offset, length) => real(() => file.read(offset, length)),
        write: (offset, bytes) => real(() => file.write(offset, bytes)),
        sync: () => real(() => file.sync()),
        truncate: (size) => real(() => file.truncate(size)),
        close: () => real(() => file.close()),
      };
    },
  };
}
