/**
 * The append-only journal: a record that was written is never rewritten. One append is durable
 * when its promise resolves; appends that arrive while the disk syncs share the next sync.
 */

import { type Fault, failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import {
  encodeFrame,
  type Found,
  FRAME_MAX_BYTES,
  FrameWalker,
  frameHash,
  LEFTOVER_MAX_BYTES,
  lastNonZero,
  type Position,
  WRITE_MAX_BYTES,
} from './frame.ts';
import {
  isFull,
  makeSegment,
  mendEnd,
  type Segment,
  type SegmentOptions,
  segmentName,
} from './segment.ts';

const WAITING_MAX = 1_000;
const RESERVE_BYTES = 64 * 1024;
/** Each attempt to make a segment on a full disk wears it: the calls between two of them. */
const PAUSE_MAX_CALLS = 60;
const CLOSED = failed('ledger-write', 'none', 'the ledger is closed').fault;

interface Waiting {
  readonly record: object;
  /** Begins something new: stays out of the reserve when the disk is full. */
  readonly begins: boolean;
  readonly settle: (reply: Reply<number>) => void;
}

/** Where the next frame goes, and the chain up to there. */
export interface Tail {
  readonly segment: Segment;
  readonly size: number;
  readonly position: Position;
}

export interface JournalParts {
  readonly options: SegmentOptions;
  readonly tail: Tail;
  /** The file behind the tail, when it is there already. */
  readonly next: Segment | null;
  /** Hears of each segment that is full, once the next one is in use. */
  readonly onFinished: (segment: number) => void;
}

export class Journal {
  /** Appends refused because too many were waiting. */
  refused = 0;
  readonly #parts: JournalParts;
  #tail: Tail;
  #next: Segment | null;
  #preparing: Promise<Fault | null> | null = null;
  /** Why there is no next segment; cleared by `recover`. */
  #unprepared: Fault | null = null;
  /** Was a second attempt made when the reserve was reached? */
  #retried = false;
  /** Calls of `recover` that still repeat the last answer, and how many did so at first. */
  #pause = { left: 0, calls: 0 };
  #queue: Waiting[] = [];
  /** Appended and not yet answered. */
  #waiting = 0;
  #draining: Promise<void> | null = null;
  /** Once set, every append gets it: what the disk holds is only known after reading it back. */
  #fault: Fault | null = null;

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.#tail = parts.tail;
    this.#next = parts.next;
    this.#prepareWhenHalf();
  }

  /**
   * Resolves with the record's number once it is durable. Faults, all with effect `none` (the
   * caller raises it): `ledger-busy` (1,000 records wait), `ledger-full` (no room for what begins
   * something, or none at all), `ledger-write`. After a fault of a write or a sync the record may
   * still turn up when the journal is read back.
   */
  append(record: object, begins: boolean): Promise<Reply<number>> {
    if (this.#fault) return Promise.resolve({ ok: false, fault: this.#fault });
    if (this.#waiting >= WAITING_MAX) {
      this.refused += 1;
      const detail = `${WAITING_MAX} records wait for the disk`;
      return Promise.resolve(failed('ledger-busy', 'none', detail));
    }
    this.#waiting += 1;
    const done = new Promise<Reply<number>>((settle) => {
      this.#queue.push({ record, begins, settle });
    });
    this.#draining ??= this.#drain();
    return done;
  }

  /** Appends that wait for the disk now; at most 1,000. */
  get waiting(): number {
    return this.#waiting;
  }

  get segment(): number {
    return this.#tail.segment.number;
  }

  /**
   * Tries to end a fault: makes the next segment, or reads the last one back. `onFound` hears of
   * every record in it whose append was not confirmed and that the disk holds all the same.
   */
  async recover(onFound: (found: RecordFound) => void): Promise<Reply<void>> {
    await this.#draining;
    const fault = this.#fault;
    if (fault === CLOSED) return { ok: false, fault };
    try {
      if (fault) await this.#readBack(onFound);
    } catch (error) {
      return { ok: false, fault: diskFault(error) };
    }
    if (this.#unprepared && this.#pause.left > 0) {
      this.#pause.left -= 1;
      return { ok: false, fault: this.#unprepared };
    }
    this.#unprepared = null;
    this.#retried = false;
    const lacking = this.#needsNext() ? await this.#prepare() : null;
    const calls = lacking ? Math.min(this.#pause.calls * 2 || 1, PAUSE_MAX_CALLS) : 0;
    this.#pause = { left: calls, calls };
    return lacking ? { ok: false, fault: lacking } : ok(undefined);
  }

  /** Waits for what was appended, then closes the files. Later appends get a fault. */
  async close(): Promise<void> {
    await this.#draining;
    this.#fault = CLOSED;
    await this.#preparing;
    for (const segment of [this.#tail.segment, this.#next]) {
      await segment?.file.close().catch(() => {});
    }
  }

  async #drain(): Promise<void> {
    // Let the appends of this very turn join the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const lacking = await this.#makeRoom();
      if (lacking) this.#refuse(this.#queue.splice(0, 1), lacking);
      else await this.#writeBatch();
    }
    this.#draining = null;
  }

  async #writeBatch(): Promise<void> {
    const { batch, bytes, position } = this.#gather();
    const { segment, size } = this.#tail;
    const first = this.#tail.position.seq + 1;
    try {
      await segment.file.write(size, bytes);
      await segment.file.sync();
    } catch (error) {
      this.#fault = diskFault(error);
      this.#refuse([...batch, ...this.#queue.splice(0)], this.#fault);
      return;
    }
    this.#tail = { ...this.#tail, size: size + bytes.length, position };
    this.#waiting -= batch.length;
    for (const [index, { settle }] of batch.entries()) settle(ok(first + index));
    this.#prepareWhenHalf();
  }

  #refuse(waiting: readonly Waiting[], fault: Fault): void {
    this.#waiting -= waiting.length;
    for (const { settle } of waiting) settle({ ok: false, fault });
  }

  /** Takes from the queue what fits into this segment and into one write: at least one record. */
  #gather() {
    const first = this.#tail.position.seq + 1;
    const position = { ...this.#tail.position, damaged_bytes: 0 };
    const frames: Buffer[] = [];
    let length = 0;
    for (const { record, begins } of this.#queue) {
      const frame = encodeFrame(
        { seq: position.seq + 1, prev: position.hash, batch: first },
        record,
      );
      const fits =
        length + frame.length <= WRITE_MAX_BYTES && this.#fits(length + frame.length, begins);
      if (frames.length > 0 && !fits) break;
      frames.push(frame);
      length += frame.length;
      position.seq += 1;
      position.hash = frameHash(frame);
    }
    const batch = this.#queue.splice(0, frames.length);
    return { batch, bytes: Buffer.concat(frames), position };
  }

  #fits(length: number, begins: boolean): boolean {
    const { segment, size } = this.#tail;
    const reserve = begins && !this.#next ? this.#reserve_bytes() : 0;
    return size + length <= segment.limit - reserve;
  }

  #reserve_bytes(): number {
    return Math.min(RESERVE_BYTES, this.#tail.segment.limit >> 2);
  }

  /** Sees to it that the first record of the queue has room, or says why it has none. */
  async #makeRoom(): Promise<Fault | null> {
    const [first] = this.#queue;
    if (!first || this.#fits(FRAME_MAX_BYTES, first.begins)) return null;
    const { seq, hash } = this.#tail.position;
    const { length } = encodeFrame({ seq: seq + 1, prev: hash }, first.record);
    while (!this.#fits(length, first.begins)) {
      if (this.#next) this.#roll(this.#next);
      else {
        const lacking = await this.#prepareAgain();
        if (lacking) return lacking;
      }
      // A record larger than a segment: the file grows.
      if (this.#tail.size === 0) return null;
    }
    return null;
  }

  #roll(next: Segment): void {
    const { segment, position } = this.#tail;
    this.#tail = { segment: next, size: 0, position };
    this.#next = null;
    this.#retried = false;
    void segment.file.close().catch(() => {});
    this.#parts.onFinished(segment.number);
  }

  #needsNext(): boolean {
    const { segment, size } = this.#tail;
    return this.#next === null && size * 2 >= segment.limit;
  }

  #prepareWhenHalf(): void {
    if (this.#needsNext() && !this.#unprepared && !this.#fault) void this.#prepare();
  }

  /** Once more where room is short: space may have been freed since the first attempt. */
  #prepareAgain(): Promise<Fault | null> {
    if (this.#unprepared && this.#retried) return Promise.resolve(this.#unprepared);
    if (this.#unprepared) this.#retried = true;
    return this.#prepare();
  }

  #prepare(): Promise<Fault | null> {
    this.#preparing ??= this.#makeNext().finally(() => {
      this.#preparing = null;
    });
    return this.#preparing;
  }

  async #makeNext(): Promise<Fault | null> {
    this.#unprepared = null;
    try {
      this.#next = await makeSegment(this.#parts.options, this.#tail.segment.number + 1);
    } catch (error) {
      this.#unprepared = diskFault(error);
    }
    return this.#unprepared;
  }

  /**
   * Reads back what lies behind the last confirmed record and makes it certain. Throws when it
   * cannot; then the fault stays.
   */
  async #readBack(onFound: (found: RecordFound) => void): Promise<void> {
    const { disk, directory } = this.#parts.options;
    const { segment, size, position } = this.#tail;
    await segment.file.close().catch(() => {});
    const file = await disk.open(`${directory}/${segmentName(segment.number)}`, 'append');
    const reopened = { ...segment, file };
    this.#tail = { ...this.#tail, segment: reopened };
    const bytes = await file.read(size, LEFTOVER_MAX_BYTES);
    const { records, sound } = soundRecords(bytes, position);
    const torn = lastNonZero(bytes) + 1 - sound;
    await mendEnd(reopened, { from: size, records: bytes.subarray(0, sound), torn });
    const last = records.at(-1);
    const end = last ? { seq: last.seq, hash: last.hash, damaged_bytes: 0 } : position;
    this.#tail = { segment: reopened, size: size + sound, position: end };
    this.#fault = null;
    for (const record of records) onFound(record);
  }
}

type RecordFound = Extract<Found, { kind: 'record' }>;

/** The records that follow `position` without a fault, and how many bytes they take. */
function soundRecords(bytes: Buffer, position: Position) {
  const walker = new FrameWalker({ ...position });
  const records: RecordFound[] = [];
  for (const found of [...walker.push(bytes), ...walker.end()]) {
    if (found.kind !== 'record') return { records, sound: found.offset };
    records.push(found);
  }
  return { records, sound: lastNonZero(bytes) + 1 };
}

/** Names the fault for an error that the disk threw. */
export function diskFault(error: unknown): Fault {
  return failed(isFull(error) ? 'ledger-full' : 'ledger-write', 'none', String(error)).fault;
}
