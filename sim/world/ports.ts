/**
 * The ports of one process, as the world grants them. Every call crosses a border at which faults
 * may strike, the death of the process among them: what a dead process asked for never ends, and
 * what it hears, it does not hear any more. Since nothing but these calls reaches the outside, a
 * death at each of them is a death at every await.
 */

import type { WatchedBlacklist } from '../../controller/blacklist/blacklist.ts';
import type { Log } from '../../controller/ops/log.ts';
import type { Link } from '../../firmware-bridge/link/link.ts';
import {
  type Barrier,
  type Disk,
  type DiskFile,
  failed,
  ok,
  type Reply,
  type SamSlot,
} from '../../firmware-bridge/ports.ts';
import type { Owner, VirtualClock } from './clock.ts';
import type { Direction, Spoiling } from './faults.ts';
import { ending, type Holdings } from './holdings.ts';

export interface Border {
  readonly owner: Owner;
  /** What the process holds: counted here, judged elsewhere. */
  readonly holds: Holdings;
  readonly clock: VirtualClock;
  /** Before and after the work of every call; may end the life of `owner`. */
  cross(): void;
  /** What becomes of the next chunk on a line. */
  spoil(direction: Direction): Spoiling | null;
  /** What becomes of the next command to the SAM; null: it is executed. */
  samInstead(command: Buffer): SamTrouble | null;
  heardSam(command: Buffer, answer: Buffer): void;
  /** What becomes of a call of the dead; absent: it never ends. */
  readonly never?: () => Promise<never>;
  /** So many chunks more, or fewer, are late on the line. */
  late(chunks: number): void;
}

export type SamTrouble =
  | { readonly kind: 'slow'; readonly delay_ms: number }
  | { readonly kind: 'mute' }
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  | { readonly kind: 'spoil-answer' };

type Port = 'disk' | 'sam' | 'line';

/** What the dead wait for. */
function hangs(): Promise<never> {
  return new Promise(() => {});
}

/** One asynchronous call: it may die before it began, or after it had its effect. */
async function call<T>(border: Border, port: Port, work: () => Promise<T>): Promise<T> {
  const { owner, holds, never = hangs } = border;
  if (owner.alive) border.cross();
  if (!owner.alive) return never();
  holds[port] += 1;
  let done: T;
  try {
    done = await work();
  } catch (error) {
    if (!owner.alive) return never();
    holds[port] -= 1;
    throw error;
  }
  holds[port] -= 1;
  if (owner.alive) border.cross();
  return owner.alive ? done : never();
}

export function diskOf(border: Border, disk: Disk): Disk {
  return {
    makeDirectory: (path) => call(border, 'disk', () => disk.makeDirectory(path)),
    list: (path) => call(border, 'disk', () => disk.list(path)),
    syncDirectory: (path) => call(border, 'disk', () => disk.syncDirectory(path)),
    rename: (from, to) => call(border, 'disk', () => disk.rename(from, to)),
    link: (from, to) => call(border, 'disk', () => disk.link(from, to)),
    remove: (path) => call(border, 'disk', () => disk.remove(path)),
    open: (path, mode) =>
      call(border, 'disk', async () => fileOf(border, await disk.open(path, mode))),
  };
}

function fileOf(border: Border, file: DiskFile): DiskFile {
  border.holds.files += 1;
  const given = ending(() => {
    border.holds.files -= 1;
  });
  return {
    size: () => call(border, 'disk', () => file.size()),
    read: (offset, length, into) => call(border, 'disk', () => file.read(offset, length, into)),
    write: (offset, bytes) => call(border, 'disk', () => file.write(offset, bytes)),
    sync: () => call(border, 'disk', () => file.sync()),
    truncate: (size) => call(border, 'disk', () => file.truncate(size)),
    close() {
      given();
      return call(border, 'disk', () => file.close());
    },
  };
}

const NOISE = Buffer.from('00ff5500d541ff', 'hex');
/** Longer than any deadline of the reader's. */
const LATE_MS = 1_200;

interface Directions {
  readonly out: Direction;
  readonly back: Direction;
}

const READER: Directions = { out: 'to-chip', back: 'to-host' };

/** A line to a device: what it carries may be spoilt, but nothing overtakes anything. */
export function lineOf(border: Border, link: Link, { out, back } = READER): Link {
  const { owner } = border;
  const toChip = createDelay(border);
  const toHost = createDelay(border);
  border.holds.lines += 1;
  const given = ending(() => {
    border.holds.lines -= 1;
  });
  return {
    ...link,
    write(bytes) {
      if (owner.alive) border.cross();
      if (!owner.alive) return ok(undefined);
      const spoiling = border.spoil(out);
      const carried = spoilt(bytes, spoiling);
      if (spoiling !== 'late' && !toChip.busy) return link.write(carried);
      // Whoever wrote them may wipe them at once.
      const kept = Buffer.from(carried);
      toChip.after(spoiling === 'late' ? LATE_MS : 0, () => void link.write(kept));
      return ok(undefined);
    },
    listen(listener) {
      link.listen({
        data(bytes) {
          if (!owner.alive) return;
          const spoiling = border.spoil(back);
          const carried = spoilt(bytes, spoiling);
          const hear = (heard: Buffer) => {
            if (owner.alive && heard.length > 0) listener.data(heard);
          };
          if (spoiling !== 'late' && !toHost.busy) return hear(carried);
          const kept = Buffer.from(carried);
          toHost.after(spoiling === 'late' ? LATE_MS : 0, () => hear(kept));
        },
        lost(fault) {
          if (owner.alive) listener.lost(fault);
        },
      });
    },
    setBaud: (baud) => call(border, 'line', () => link.setBaud(baud)),
    close() {
      given();
      return call(border, 'line', () => link.close());
    },
  };
}

function spoilt(bytes: Buffer, spoiling: Spoiling | null): Buffer {
  switch (spoiling) {
    case null:
    case 'late':
      return bytes;
    case 'lost':
      return Buffer.alloc(0);
    case 'cut':
      return bytes.subarray(0, bytes.length >> 1);
    case 'noise':
      return Buffer.concat([NOISE, bytes]);
    case 'corrupt': {
      const other = Buffer.from(bytes);
      const at = other.length - Math.min(3, other.length);
      other[at] = (other[at] ?? 0) ^ 0x10;
      return other;
    }
  }
}

/** Carries one thing after the other; while something is late, all behind it is. */
function createDelay({ clock, owner, late }: Border) {
  const jobs: (() => void)[] = [];
  const proceed = () => {
    for (const job of jobs.splice(0)) {
      late(-1);
      if (owner.alive) job();
    }
  };
  return {
    get busy() {
      return jobs.length > 0;
    },
    after(delay_ms: number, job: () => void): void {
      late(+1);
      jobs.push(job);
      if (delay_ms > 0) clock.setTimeout(proceed, delay_ms);
    },
  };
}

/** A SAM that does not answer takes the caller's whole patience, as a reader's time-out does. */
export function slotOf(border: Border, slot: SamSlot): SamSlot {
  const transceive = async (command: Buffer, timeout_ms: number): Promise<Reply<Buffer>> => {
    const trouble = border.samInstead(command);
    if (trouble?.kind === 'answer') return ok(trouble.bytes);
    const answer = await slot.transceive(command, timeout_ms);
    const delay_ms = trouble?.kind === 'slow' ? trouble.delay_ms : 0;
    const mute = trouble?.kind === 'mute' || delay_ms > timeout_ms;
    if (mute || delay_ms > 0) await sleep(border.clock, mute ? timeout_ms : delay_ms);
    if (mute) return failed('sam-mute', 'none', `no answer in ${timeout_ms} ms`);
    if (!answer.ok) return answer;
    const told = trouble?.kind === 'spoil-answer' ? spoiltAnswer(answer.value) : answer.value;
    border.heardSam(command, told);
    return ok(told);
  };
  return {
    name: slot.name,
    reset: () => call(border, 'sam', () => slot.reset()),
    transceive: (command, timeout_ms) => call(border, 'sam', () => transceive(command, timeout_ms)),
    close: () => call(border, 'sam', () => slot.close()),
  };
}

/** The last byte before the status word is another one. */
function spoiltAnswer(answer: Buffer): Buffer {
  const other = Buffer.from(answer);
  const at = other.length - 3;
  if (at >= 0) other[at] = (other[at] ?? 0) ^ 0xff;
  return other;
}

function sleep(clock: VirtualClock, delay_ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, delay_ms));
}

/** Whoever listens at the gate board is counted. */
export function boardOf({ holds }: Border, barrier: Barrier): Barrier {
  return {
    ...barrier,
    onEvent(listener) {
      holds.board += 1;
      const end = barrier.onEvent(listener);
      const given = ending(() => {
        holds.board -= 1;
      });
      return () => {
        given();
        end();
      };
    },
  };
}

/** And whoever wants to hear of the list's health. */
export function listOf({ holds }: Border, list: WatchedBlacklist): WatchedBlacklist {
  return {
    check: (card) => list.check(card),
    health: () => list.health(),
    onHealth(listener) {
      holds.lists += 1;
      const end = list.onHealth(listener);
      const given = ending(() => {
        holds.lists -= 1;
      });
      return () => {
        given();
        end();
      };
    },
  };
}

/** The log of a process, while it lives. */
export function logOf(owner: Owner, write: (level: string, text: string) => void): Log {
  const at = (level: string) => (fields: object, message: string) => {
    if (owner.alive) write(level, `${message} ${JSON.stringify(fields)}`);
  };
  return { debug: () => {}, info: at('info'), warn: at('warn'), error: at('error') };
}
