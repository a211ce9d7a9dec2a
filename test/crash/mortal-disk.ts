/** A real disk whose process dies by SIGKILL at one chosen change of it. */

import type { Disk, DiskFile } from '../../firmware-bridge/ports.ts';

export interface Death {
  /** Which change is the last, counted from 1. Reads change nothing and are not counted. */
  readonly at: number;
  /** `half`: the first half of a write reaches the file; of other changes it means `before`. */
  readonly how: 'before' | 'half';
}

export interface MortalDisk extends Disk {
  /** Changes so far. */
  readonly changes: number;
}

export function mortalDisk(disk: Disk, death: Death | null): MortalDisk {
  let changes = 0;
  /** True when this change is the last one. */
  const isLast = () => {
    changes += 1;
    return changes === death?.at;
  };
  const change = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    if (isLast()) die(`before ${what}`);
    return work();
  };
  return {
    ...disk,
    get changes() {
      return changes;
    },
    makeDirectory: (path) => change(`makeDirectory ${path}`, () => disk.makeDirectory(path)),
    syncDirectory: (path) => change(`syncDirectory ${path}`, () => disk.syncDirectory(path)),
    rename: (from, to) => change(`rename ${to}`, () => disk.rename(from, to)),
    link: (from, to) => change(`link ${to}`, () => disk.link(from, to)),
    remove: (path) => change(`remove ${path}`, () => disk.remove(path)),
    async open(path, mode): Promise<DiskFile> {
      if (mode === 'read') return disk.open(path, mode);
      const file = await change(`open ${path}`, () => disk.open(path, mode));
      return {
        ...file,
        truncate: (size) => change(`truncate ${path}`, () => file.truncate(size)),
        sync: () => change(`sync ${path}`, () => file.sync()),
        async write(offset, bytes) {
          if (!isLast()) return file.write(offset, bytes);
          if (death?.how === 'half') await file.write(offset, bytes.subarray(0, bytes.length >> 1));
          die(`${death?.how} write ${path}`);
        },
      };
    },
  };
}

function die(what: string): never {
  process.stdout.write(`DIES ${what}\n`);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
}
