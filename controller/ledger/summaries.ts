/**
 * Keeps the summaries of finished segments where the ledger may find them again, and never lets it
 * depend on them. A store may throw, and one over LevelDB may abort the process: a marker file
 * lies beside it while it is in use, and where the marker is found the store is thrown away.
 */

import type { Disk } from '../../firmware-bridge/ports.ts';
import { decodeSummary, encodeSummary, type Summary } from './summary.ts';

/** Where values lie, by number of the segment. Its calls may throw. */
export interface SummaryStore {
  /** May be deleted at any time. */
  readonly directory: string;
  load(): Promise<Map<number, Buffer>>;
  save(segment: number, value: Buffer): Promise<void>;
  forget(segment: number): Promise<void>;
}

const MARKER = 'index-in-use';

export class Summaries {
  /** Times that the store was thrown away. */
  discarded = 0;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #store: SummaryStore | null;

  constructor(disk: Disk, directory: string, store: SummaryStore | null) {
    this.#disk = disk;
    this.#directory = directory;
    this.#store = store;
  }

  /** All that can be read; nothing when in doubt. Never throws. */
  async load(): Promise<Map<number, Summary>> {
    const summaries = new Map<number, Summary>();
    const values = await this.#using((store) => store.load());
    for (const [segment, value] of values ?? []) {
      const summary = decodeSummary(value, segment);
      if (summary) summaries.set(segment, summary);
      else {
        await this.discard();
        return new Map();
      }
    }
    return summaries;
  }

  async save(summary: Summary): Promise<void> {
    await this.#using((store) => store.save(summary.segment, encodeSummary(summary)));
  }

  async forget(segment: number): Promise<void> {
    await this.#using((store) => store.forget(segment));
  }

  /** Throws the store away; it fills again as segments are read. Never throws. */
  async discard(): Promise<void> {
    if (!this.#store) return;
    this.discarded += 1;
    await this.#disk.remove(this.#store.directory).catch(() => {});
  }

  async #using<T>(work: (store: SummaryStore) => Promise<T>): Promise<T | null> {
    if (!this.#store) return null;
    try {
      await this.#raiseMarker();
      const result = await work(this.#store);
      await this.#disk.remove(this.#markerPath());
      return result;
    } catch {
      await this.discard();
      await this.#disk.remove(this.#markerPath()).catch(() => {});
      return null;
    }
  }

  /** Where it stands already, the last use of the store was the end of its process. */
  async #raiseMarker(): Promise<void> {
    const names = await this.#disk.list(this.#directory);
    if (names.includes(MARKER)) await this.discard();
    const marker = await this.#disk.open(this.#markerPath(), 'append');
    try {
      await marker.write(0, Buffer.from('the index is discarded when this file is found\n'));
      await marker.sync();
    } finally {
      await marker.close();
    }
    await this.#disk.syncDirectory(this.#directory);
  }

  #markerPath(): string {
    return `${this.#directory}/${MARKER}`;
  }
}
