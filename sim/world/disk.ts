/**
 * A disk in memory with a write-list: what was not synced may be lost, kept, torn into sectors or
 * put down in another order when the power is cut; names change on disk in the order in which they
 * were changed. It fails when told to, once or for good, and takes its time.
 */

import type { Clock, Disk, DiskFile } from '../../firmware-bridge/ports.ts';
import type { Chance } from '../lane/chance.ts';
import { type Change, Content } from './content.ts';

const SECTOR_BYTES = 512;

export type DiskTrouble =
  | { readonly kind: 'slow'; readonly delay_ms: number }
  | { readonly kind: 'failing'; readonly on: 'write' | 'sync' | 'read' }
  | { readonly kind: 'full' };

interface Stored {
  readonly content: Content;
  readonly durable: Content;
  unsynced: Change[];
  /** Syncs that failed: everyone who has the file open hears of each at the next sync. */
  failures: number;
}

/** Names that change together, as with a rename: given to a file or, with null, taken away. */
type Naming = readonly (readonly [path: string, file: Stored | null])[];

export interface WorldDiskOptions {
  readonly clock: Clock;
  /** What a sync takes. */
  readonly sync_ms: number;
  /** Bytes of a file that a sync has just made durable, from this offset on. */
  readonly onDurable: (path: string, offset: number, bytes: Buffer) => void;
}

export class WorldDisk implements Disk {
  /** Set by the faults; each call is asked for the trouble it meets. */
  trouble: (call: 'write' | 'sync' | 'read') => DiskTrouble | null = () => null;
  readonly #options: WorldDiskOptions;
  #files = new Map<string, Stored>();
  #durableNames = new Map<string, Stored>();
  #namings: Naming[] = [];

  constructor(options: WorldDiskOptions) {
    this.#options = options;
  }

  /** Power cut: some of what was not synced survives, as chance has it. */
  cut(chance: Chance): void {
    const kept = chance.below(this.#namings.length + 1);
    for (const naming of this.#namings.slice(0, kept)) applyNames(this.#durableNames, naming);
    this.#namings = [];
    for (const file of new Set([...this.#files.values(), ...this.#durableNames.values()])) {
      surviveCut(file, chance);
    }
    this.#files = new Map(this.#durableNames);
  }

  /** What a power cut that keeps nothing would leave of a file. */
  durable(path: string): Buffer {
    return this.#durableNames.get(path)?.durable.slice(0) ?? Buffer.alloc(0);
  }

  /** A file that came here durably, by whatever way. */
  place(path: string, bytes: Buffer): void {
    const [content, durable] = [new Content(bytes), new Content(bytes)];
    const file = { content, durable, unsynced: [], failures: 0 };
    this.#files.set(path, file);
    this.#durableNames.set(path, file);
  }

  /** As every process sees it. */
  visible(path: string): Buffer | null {
    return this.#files.get(path)?.content.slice(0) ?? null;
  }

  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  async makeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    const prefix = `${path}/`;
    const names = new Set<string>();
    for (const name of this.#files.keys()) {
      if (name.startsWith(prefix)) names.add(name.slice(prefix.length).split('/')[0] ?? '');
    }
    return [...names].sort();
  }

  async syncDirectory(): Promise<void> {
    for (const naming of this.#namings) applyNames(this.#durableNames, naming);
    this.#namings = [];
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#stored(from);
    this.#name([
      [to, file],
      [from, null],
    ]);
  }

  async link(from: string, to: string): Promise<void> {
    this.#name([[to, this.#stored(from)]]);
  }

  async remove(path: string): Promise<void> {
    for (const name of [...this.#files.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.#name([[name, null]]);
    }
  }

  async open(path: string, mode: 'read' | 'append'): Promise<DiskFile> {
    if (mode === 'append' && !this.#files.has(path)) {
      const [content, durable] = [new Content(), new Content()];
      const file = { content, durable, unsynced: [], failures: 0 };
      this.#name([[path, file]]);
    }
    const file = this.#stored(path);
    let heard = file.failures;
    return {
      size: async () => file.content.length,
      read: async (offset, length) => {
        if (this.trouble('read')?.kind === 'failing') throw diskError('EIO');
        return file.content.slice(offset, length);
      },
      write: async (offset, bytes) => this.#write(file, offset, bytes),
      sync: async () => {
        await this.#sync(path, file);
        if (heard === file.failures) return;
        heard = file.failures;
        throw diskError('EIO');
      },
      truncate: async (size) => change(file, { offset: size, bytes: null }),
      close: async () => {},
    };
  }

  async #sync(path: string, file: Stored): Promise<void> {
    const { clock, sync_ms, onDurable } = this.#options;
    // A sync says nothing of what was written after it began.
    const asked = [...file.unsynced];
    const trouble = this.trouble('sync');
    const delay_ms = trouble?.kind === 'slow' ? trouble.delay_ms : sync_ms;
    await new Promise<void>((done) => clock.setTimeout(done, delay_ms));
    const due = asked.filter((made) => file.unsynced.includes(made));
    file.unsynced = file.unsynced.filter((made) => !asked.includes(made));
    // Linux takes pages that it failed to write for clean: no later sync writes them.
    if (trouble?.kind === 'failing') {
      file.failures += 1;
      return;
    }
    for (const made of due) {
      file.durable.apply(made);
      if (made.bytes) onDurable(path, made.offset, made.bytes);
    }
  }

  #write(file: Stored, offset: number, bytes: Buffer): void {
    const trouble = this.trouble('write');
    if (trouble?.kind === 'failing') {
      change(file, { offset, bytes: Buffer.from(bytes.subarray(0, bytes.length >> 1)) });
      throw diskError('EIO');
    }
    // Room that a file has it keeps: only growth finds the disk full.
    if (trouble?.kind === 'full' && offset + bytes.length > file.content.length) {
      throw diskError('ENOSPC');
    }
    change(file, { offset, bytes: Buffer.from(bytes) });
  }

  #name(naming: Naming): void {
    applyNames(this.#files, naming);
    this.#namings.push(naming);
  }

  #stored(path: string): Stored {
    const file = this.#files.get(path);
    if (!file) throw diskError('ENOENT');
    return file;
  }
}

function applyNames(names: Map<string, Stored>, naming: Naming): void {
  for (const [path, file] of naming) {
    if (file) names.set(path, file);
    else names.delete(path);
  }
}

/** Each unsynced change is lost, kept or torn, and what is kept may land in any order. */
function surviveCut(file: Stored, chance: Chance): void {
  const kept = file.unsynced.filter(() => chance.next() < 0.5);
  for (let last = kept.length - 1; last > 0; last -= 1) {
    if (chance.next() >= 0.3) continue;
    const other = chance.below(last + 1);
    [kept[last], kept[other]] = [kept[other] as Change, kept[last] as Change];
  }
  for (const made of kept) {
    if (made.bytes && chance.next() < 0.5) tear(file.durable, made, chance);
    else file.durable.apply(made);
  }
  file.unsynced = [];
  file.content.take(file.durable);
}

/** Only some sectors of a write reach the disk, each whole. */
function tear(durable: Content, { offset, bytes }: Change, chance: Chance): void {
  if (!bytes) return;
  const end = offset + bytes.length;
  for (let from = offset; from < end; ) {
    const to = Math.min(end, from - (from % SECTOR_BYTES) + SECTOR_BYTES);
    if (chance.next() < 0.5) durable.write(from, bytes.subarray(from - offset, to - offset));
    from = to;
  }
}

function change(file: Stored, made: Change): void {
  if (made.bytes?.length === 0) return;
  file.content.apply(made);
  file.unsynced.push(made);
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
