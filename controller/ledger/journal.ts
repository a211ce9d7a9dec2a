/**
 * The append-only journal: segment files that are never rewritten. One append is durable when its
 * promise resolves; appends that arrive while the disk syncs share the next sync.
 */

import {
  type Disk,
  type DiskFile,
  type Fault,
  failed,
  ok,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import { encodeFrame, frameHash, nextSeq, type Position, startPosition } from './frame.ts';
import { errorCode } from './lock.ts';
import { type Placed, readSegments, segmentName, segmentNumber } from './reader.ts';

const SEGMENT_BYTES = 16 * 1024 * 1024;
const WAITING_MAX = 1_000;

export interface JournalOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** A file that has reached this size is followed by a new one. Default 16 MiB. */
  readonly segment_bytes?: number;
}

interface Waiting {
  readonly seq: number;
  readonly frame: Buffer;
  readonly settle: (reply: Reply<number>) => void;
}

/** Where the next frame goes. */
interface Tail {
  segment: number;
  file: DiskFile;
  size: number;
}

interface Opening extends JournalOptions {
  /** Hears of everything that is read back. */
  readonly onFound: (found: Placed) => void;
  /** Asked after reading and before the first change on disk: is the lock still ours? */
  readonly confirm: () => Promise<Reply<void>>;
}

/**
 * Reads everything back, cuts a torn tail, and makes durable what was read. A damaged last file is
 * left as it is: the journal goes on in a new one. Fault `ledger-damaged` when a file cannot be
 * read; then nothing was changed. Throws Node's own errors when the disk fails otherwise.
 */
export async function openJournal(opening: Opening): Promise<Reply<Journal>> {
  const position = startPosition();
  const read = await readBack(opening, position);
  if (!read.ok) return read;
  const sure = await opening.confirm();
  if (!sure.ok) return sure;
  const { segment, damaged } = read.value;
  const tail =
    damaged || segment === 0
      ? await createSegment(opening, segment + 1)
      : await reopenSegment(opening, read.value);
  return ok(new Journal(opening, tail, { seq: nextSeq(position), hash: position.hash }));
}

/** The last file as it was found. */
interface LastFile {
  segment: number;
  size: number;
  torn_bytes: number;
  damaged: boolean;
}

async function readBack(
  { disk, directory, onFound }: Opening,
  position: Position,
): Promise<Reply<LastFile>> {
  let last: LastFile = { segment: 0, size: 0, torn_bytes: 0, damaged: false };
  for await (const found of readSegments(disk, directory, position)) {
    onFound(found);
    const segment = segmentNumber(found.file);
    if (segment > last.segment) last = { segment, size: 0, torn_bytes: 0, damaged: false };
    if (found.kind === 'unreadable') {
      return failed('ledger-damaged', 'none', `${found.file}: ${found.detail}`);
    }
    if (found.kind === 'torn') last.torn_bytes = found.length;
    if (found.kind === 'damage') last.damaged = true;
    if (found.kind === 'end') last.size = found.bytes;
  }
  return ok(last);
}

async function reopenSegment({ disk, directory }: JournalOptions, last: LastFile): Promise<Tail> {
  const { segment, torn_bytes } = last;
  const size = last.size - torn_bytes;
  const file = await disk.open(`${directory}/${segmentName(segment)}`, 'append');
  if (torn_bytes > 0) await file.truncate(size);
  await file.sync();
  await disk.syncDirectory(directory);
  return { segment, file, size };
}

async function createSegment({ disk, directory }: JournalOptions, segment: number): Promise<Tail> {
  const file = await disk.open(`${directory}/${segmentName(segment)}`, 'append');
  await disk.syncDirectory(directory);
  return { segment, file, size: 0 };
}

export class Journal {
  /** Appends refused because too many were waiting. */
  refused = 0;
  readonly #options: JournalOptions;
  #tail: Tail;
  #next: { seq: number; hash: string };
  #queue: Waiting[] = [];
  /** Appended and not yet answered. */
  #waiting = 0;
  #draining: Promise<void> | null = null;
  /** Once set, every append gets it: what the disk holds is only known after reading it back. */
  #fault: Fault | null = null;

  constructor(options: JournalOptions, tail: Tail, next: { seq: number; hash: string }) {
    this.#options = options;
    this.#tail = tail;
    this.#next = next;
  }

  /**
   * Resolves with the record's number once it is durable. Faults: `ledger-full`, `ledger-write`,
   * both with effect `none`; the caller raises it. After a fault of the disk the record may still
   * turn up when the journal is opened again.
   */
  append(record: object): Promise<Reply<number>> {
    if (this.#fault) return Promise.resolve({ ok: false, fault: this.#fault });
    if (this.#waiting >= WAITING_MAX) {
      this.refused += 1;
      const detail = `${WAITING_MAX} records wait for the disk`;
      return Promise.resolve(failed('ledger-write', 'none', detail));
    }
    const { seq, hash } = this.#next;
    const frame = encodeFrame(seq, hash, record);
    this.#next = { seq: seq + 1, hash: frameHash(frame) };
    this.#waiting += 1;
    const done = new Promise<Reply<number>>((settle) => {
      this.#queue.push({ seq, frame, settle });
    });
    this.#draining ??= this.#drain();
    return done;
  }

  /** Waits for what was appended, then closes the file. Later appends get a fault. */
  async close(): Promise<void> {
    await this.#draining;
    this.#fault ??= failed('ledger-write', 'none', 'the ledger is closed').fault;
    await this.#tail.file.close().catch(() => {});
  }

  async #drain(): Promise<void> {
    // Let the appends of this very turn join the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0);
      try {
        await this.#commit(Buffer.concat(batch.map(({ frame }) => frame)));
        this.#settle(batch, (seq) => ok(seq));
      } catch (error) {
        const fault = diskFault(error);
        this.#fault = fault;
        this.#settle([...batch, ...this.#queue.splice(0)], () => ({ ok: false, fault }));
      }
    }
    this.#draining = null;
  }

  #settle(batch: readonly Waiting[], reply: (seq: number) => Reply<number>): void {
    this.#waiting -= batch.length;
    for (const { seq, settle } of batch) settle(reply(seq));
  }

  async #commit(bytes: Buffer): Promise<void> {
    const limit = this.#options.segment_bytes ?? SEGMENT_BYTES;
    if (this.#tail.size >= limit) {
      await this.#tail.file.close();
      this.#tail = await createSegment(this.#options, this.#tail.segment + 1);
    }
    const { file, size } = this.#tail;
    await file.write(size, bytes);
    await file.sync();
    this.#tail.size = size + bytes.length;
  }
}

/** Names the fault for an error that the disk threw. */
export function diskFault(error: unknown): Fault {
  const full = ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
  return failed(full ? 'ledger-full' : 'ledger-write', 'none', String(error)).fault;
}
