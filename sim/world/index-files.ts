/**
 * The ledger's index as the world has it, in place of LevelDB: values in files that nobody syncs,
 * so that a power cut loses them, keeps an old one or tears one. Sometimes it does not open.
 */

import type { SummaryStore } from '../../controller/ledger/summaries.ts';
import type { Disk } from '../../firmware-bridge/ports.ts';
import type { Chance } from '../lane/chance.ts';

const DIRECTORY = 'data/ledger/index';
const VALUE_MAX_BYTES = 1_000_000;
const FAILS = 0.02;

export function createSummaryFiles(disk: Disk, chance: Chance): SummaryStore {
  const pathOf = (segment: number) => `${DIRECTORY}/${segment}`;
  return {
    directory: DIRECTORY,
    async load() {
      expectOpen();
      const values = new Map<number, Buffer>();
      for (const name of await disk.list(DIRECTORY)) {
        const file = await disk.open(`${DIRECTORY}/${name}`, 'read');
        const read = file.read(0, VALUE_MAX_BYTES).finally(() => file.close());
        values.set(Number(name), await read);
      }
      return values;
    },
    async save(segment, value) {
      expectOpen();
      const file = await disk.open(pathOf(segment), 'append');
      try {
        await file.truncate(0);
        await file.write(0, value);
      } finally {
        await file.close();
      }
    },
    async forget(segment) {
      expectOpen();
      await disk.remove(pathOf(segment));
    },
  };

  function expectOpen(): void {
    if (chance.next() < FAILS) throw new Error('the index does not open');
  }
}
