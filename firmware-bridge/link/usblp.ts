/**
 * A link over `/dev/usb/lp*`, the kernel's class driver for USB printers (usblp). Opened without
 * blocking: a read finds what the printer has sent, or EAGAIN; a write gives what the printer
 * takes. So no call holds a thread of the pool that the disk needs.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { sleep, within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Clock } from '../ports.ts';
import type { Link, LinkListener } from './link.ts';
import { Outbox } from './outbox.ts';

interface UsbLpOptions {
  /** Device path, e.g. `/dev/usb/lp0`. */
  readonly path: string;
  readonly clock: Clock;
}

/** Bytes waiting to be written, and bytes read before anybody listens. */
const QUEUE_BYTES = 64 * 1024;
/** Nothing tells that the printer has sent something: it is asked so often. */
const POLL_MS = 20;
const READ_BYTES = 1_024;
const CLOSE_MS = 1_500;

interface Pipe {
  readonly file: FileHandle;
  readonly path: string;
  readonly clock: Clock;
  readonly counts: Record<
    'bytes_in' | 'bytes_out' | 'bytes_dropped' | 'writes_refused' | 'errors',
    number
  >;
  listener: LinkListener | undefined;
  /** Read before anybody listened. */
  early: Buffer;
  /** Not taken by the printer yet. */
  readonly outbox: Outbox;
  state: 'open' | 'lost' | 'closed';
  why: string;
}

/** Fails with `link-absent` and a reason: no such device, no permission, in use. */
export async function openUsbLpLink({ path, clock }: UsbLpOptions): Promise<Reply<Link>> {
  try {
    const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY;
    return ok(usbLpLink(await open(path, flags), { path, clock }));
  } catch (error) {
    return failed('link-absent', 'none', `${path}: ${whyAbsent(codeOf(error))}`);
  }
}

function whyAbsent(code: string): string {
  if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO') {
    return 'no such device; is the printer plugged in and switched on?';
  }
  if (code === 'EACCES') return 'no permission; add this user to the group that owns it (often lp)';
  if (code === 'EBUSY') return 'another program has it open; stop that one (CUPS?)';
  return code;
}

function usbLpLink(file: FileHandle, { path, clock }: UsbLpOptions): Link {
  const counts = { bytes_in: 0, bytes_out: 0, bytes_dropped: 0, writes_refused: 0, errors: 0 };
  const empty = { early: Buffer.alloc(0), outbox: new Outbox(QUEUE_BYTES), listener: undefined };
  const pipe: Pipe = { file, path, clock, counts, ...empty, state: 'open', why: 'closed' };
  const loop = run(pipe);
  let ending: Promise<void> | undefined;
  return {
    name: path,
    write: (bytes) => write(pipe, bytes),
    listen(listener) {
      pipe.listener = listener;
      if (pipe.early.length > 0) listener.data(pipe.early);
      pipe.early = Buffer.alloc(0);
      tellLoss(pipe);
    },
    setBaud: async () => ok(undefined),
    counters: () => ({ ...counts }),
    close() {
      pipe.listener = undefined;
      if (pipe.state === 'open') pipe.state = 'closed';
      ending ??= within(clock, CLOSE_MS, loop).then(() => {});
      return ending;
    },
  };
}

function write(pipe: Pipe, bytes: Buffer): Reply<void> {
  const { path, counts, outbox, state, why } = pipe;
  if (state === 'open' && outbox.put(bytes)) return ok(undefined);
  counts.writes_refused += 1;
  if (state !== 'open') return failed('link-lost', 'none', `${path}: ${why}`);
  return failed('link-busy', 'none', `${path}: ${outbox.waiting} bytes wait to be written`);
}

/** Until the end: write what waits, read what came, rest. One call at a time. */
async function run(pipe: Pipe): Promise<void> {
  const { file, clock } = pipe;
  try {
    while (pipe.state === 'open') {
      const moved = (await writeSome(pipe)) + (await readSome(pipe));
      if (moved === 0) await sleep(clock, POLL_MS);
    }
  } catch (error) {
    lose(pipe, codeOf(error));
  }
  pipe.outbox.wipe();
  await file.close().catch(() => {});
}

async function writeSome(pipe: Pipe): Promise<number> {
  const { file, outbox, counts } = pipe;
  const { head } = outbox;
  if (!head) return 0;
  const taken = await unlessBusy(file.write(head, 0, head.length, null));
  const count = taken?.bytesWritten ?? 0;
  outbox.took(count);
  counts.bytes_out += count;
  return count;
}

async function readSome(pipe: Pipe): Promise<number> {
  const { file, counts } = pipe;
  const got = await unlessBusy(file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, null));
  if (!got || got.bytesRead === 0) return 0;
  const bytes = got.buffer.subarray(0, got.bytesRead);
  counts.bytes_in += bytes.length;
  if (pipe.listener) pipe.listener.data(bytes);
  else if (pipe.early.length + bytes.length <= QUEUE_BYTES) {
    pipe.early = Buffer.concat([pipe.early, bytes]);
  } else counts.bytes_dropped += bytes.length;
  return bytes.length;
}

/** Undefined where the device would have blocked. */
async function unlessBusy<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

function lose(pipe: Pipe, why: string): void {
  if (pipe.state !== 'open') return;
  pipe.counts.errors += 1;
  pipe.state = 'lost';
  pipe.why = why;
  tellLoss(pipe);
}

function tellLoss(pipe: Pipe): void {
  const { state, listener, path, why } = pipe;
  if (state !== 'lost' || !listener) return;
  pipe.listener = undefined;
  listener.lost({ code: 'link-lost', effect: 'unknown', detail: `${path}: ${why}` });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
