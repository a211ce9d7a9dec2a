/**
 * A link through a CP2110 (HID to UART), on `node-hid`. One handle per connection, never opened
 * again; the chip forgets its settings with the power, so every opening sets them.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { sleep, within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Clock } from '../ports.ts';
import {
  bytesToSend,
  dataOf,
  dataReports,
  ENABLE_UART,
  PURGE_FIFOS,
  UART_STATUS,
  uartConfig,
} from './cp2110.ts';
import { describeBridge, pickBridge } from './hid-choice.ts';
import { type HidBridge, type HidDevice, type HidLibrary, nodeHid } from './hid-library.ts';
import type { Link, LinkListener } from './link.ts';

interface HidLinkOptions {
  /** Which of several bridges. */
  readonly usb: LaneConfig['reader']['usb'];
  readonly clock: Clock;
  readonly baud?: number;
  /** Default: node-hid. */
  readonly library?: HidLibrary;
}

/** Bytes waiting to be written, and bytes read before anybody listens. */
const QUEUE_BYTES = 16 * 1024;
const OPEN_MS = 2_000;
/** One report, or one change of speed with a full store before it: 480 bytes at 9600 baud. */
const JOB_MS = 1_000;
const CLOSE_MS = 1_500;
/** Between two looks whether the chip has sent everything; also time for its last byte. */
const DRAIN_MS = 1;
/** Calls that do not come back each hold a thread of the pool that the disk needs too. */
const OVERDUE_MAX = 2;
const overdue = new WeakMap<HidLibrary, number>();

/**
 * Fails with `link-absent` and a reason: no such bridge, several of them and none named, no
 * permission, library missing or stuck. Waits two seconds at most.
 */
export async function openHidLink(options: HidLinkOptions): Promise<Reply<Link>> {
  const { clock, library = nodeHid } = options;
  const stuck = overdue.get(library) ?? 0;
  if (stuck >= OVERDUE_MAX) {
    const why = `${stuck} earlier calls to the HID library have not come back`;
    return failed('link-absent', 'none', `${why}; replug the reader`);
  }
  const attempt = connect(options, library);
  const reply = await inTime(attempt, { library, clock, limit_ms: OPEN_MS });
  if (reply) return reply;
  void attempt.then((late) => {
    if (late.ok) void late.value.close();
  });
  return failed('link-absent', 'none', `no HID bridge opened within ${OPEN_MS} ms`);
}

/** As `within`, keeping count of the calls that are late. The promise must not reject. */
async function inTime<T>(
  promise: Promise<T>,
  { library, clock, limit_ms }: { library: HidLibrary; clock: Clock; limit_ms: number },
): Promise<T | undefined> {
  let over = false;
  const ended = promise.finally(() => {
    over = true;
  });
  const value = await within(clock, limit_ms, ended);
  if (!over) {
    overdue.set(library, (overdue.get(library) ?? 0) + 1);
    void ended.then(() => overdue.set(library, (overdue.get(library) ?? 1) - 1));
  }
  return value;
}

async function connect(options: HidLinkOptions, library: HidLibrary): Promise<Reply<Link>> {
  let bridges: readonly HidBridge[];
  try {
    bridges = await library.list();
  } catch (error) {
    return failed('link-absent', 'none', `HID: ${whyAbsent(reasonOf(error))}`);
  }
  const picked = pickBridge(bridges, options.usb);
  if (!picked.ok) return picked;
  const name = describeBridge(picked.value);
  try {
    const device = await library.open(picked.value.path);
    return await setUp(createLine(name, device, { ...options, library }), options.baud);
  } catch (error) {
    return failed('link-absent', 'none', `${name}: ${whyAbsent(reasonOf(error))}`);
  }
}

function whyAbsent(text: string): string {
  if (/permission denied/i.test(text)) {
    return 'no permission; install the udev rule, or add this user to the group that it names';
  }
  if (/cannot find (package|module)/i.test(text)) {
    return 'the node-hid library is missing; install the dependencies again';
  }
  if (/shared object|no native build|prebuild/i.test(text)) {
    return 'the node-hid library does not load; run `apt install libusb-1.0-0 libudev1`';
  }
  if (/no such (file|device)/i.test(text)) return 'it was unplugged meanwhile';
  return text;
}

interface Job {
  /** Bytes for the line. */
  readonly size: number;
  run(): Promise<unknown>;
  /** Told once whether it was done. */
  readonly ended?: (done: boolean) => void;
}

interface Line {
  readonly name: string;
  readonly device: HidDevice;
  readonly library: HidLibrary;
  readonly clock: Clock;
  readonly counts: Record<
    'bytes_in' | 'bytes_out' | 'bytes_dropped' | 'reports_bad' | 'writes_refused' | 'errors',
    number
  >;
  /** Bytes that arrive before it is true are older than this connection. */
  ready: boolean;
  /** The first is under way; what leaves for the chip leaves in this order. */
  jobs: Job[];
  waiting: number;
  listener: LinkListener | undefined;
  /** Read before anybody listened. */
  early: Buffer[];
  /** Why it was lost; undefined while it lives, and after an orderly close. */
  lost: string | undefined;
  /** Set when the end has begun. */
  ending: Promise<void> | undefined;
}

function createLine(
  name: string,
  device: HidDevice,
  { clock, library }: { clock: Clock; library: HidLibrary },
): Line {
  const bytes = { bytes_in: 0, bytes_out: 0, bytes_dropped: 0 };
  const line: Line = {
    name,
    device,
    library,
    clock,
    counts: { ...bytes, reports_bad: 0, writes_refused: 0, errors: 0 },
    ready: false,
    jobs: [],
    waiting: 0,
    listener: undefined,
    early: [],
    lost: undefined,
    ending: undefined,
  };
  device.on('error', (error) => fail(line, reasonOf(error)));
  // Reading begins at once: only a reader notices that the device is gone.
  device.on('data', (report) => take(line, report));
  return line;
}

async function setUp(line: Line, baud = 115_200): Promise<Reply<Link>> {
  const { device, name } = line;
  try {
    for (const report of [ENABLE_UART, uartConfig(baud), PURGE_FIFOS]) {
      await device.sendFeatureReport(report);
    }
  } catch (error) {
    fail(line, reasonOf(error));
  }
  if (line.ending) {
    await line.ending;
    return failed('link-absent', 'none', `${name}: ${whyClosed(line)}`);
  }
  line.ready = true;
  return ok(linkOf(line));
}

function linkOf(line: Line): Link {
  const { name, counts } = line;
  return {
    name,
    write: (bytes) => write(line, bytes),
    listen(listener) {
      line.listener = listener;
      for (const bytes of line.early) listener.data(bytes);
      line.early = [];
      tellLoss(line);
    },
    async setBaud(baud) {
      const config = uartConfig(baud);
      const changed = await new Promise<boolean>((ended) => {
        if (line.ending) ended(false);
        else enqueue(line, [{ size: 0, run: () => changeSpeed(line, config), ended }]);
      });
      return changed ? ok(undefined) : failed('link-lost', 'none', `${name}: ${whyClosed(line)}`);
    },
    counters: () => ({ ...counts }),
    close() {
      line.listener = undefined;
      line.ending ??= shut(line);
      return line.ending;
    },
  };
}

function take(line: Line, report: Buffer): void {
  const { counts, listener, early } = line;
  if (line.ending) return;
  const bytes = dataOf(report);
  if (!bytes) {
    counts.reports_bad += 1;
    return;
  }
  counts.bytes_in += bytes.length;
  if (listener) listener.data(bytes);
  else if (line.ready && sizeOf(early) + bytes.length <= QUEUE_BYTES) early.push(bytes);
  else counts.bytes_dropped += bytes.length;
}

function write(line: Line, bytes: Buffer): Reply<void> {
  const { device, name, counts, waiting } = line;
  if (line.ending) {
    counts.writes_refused += 1;
    return failed('link-lost', 'none', `${name}: ${whyClosed(line)}`);
  }
  if (waiting + bytes.length > QUEUE_BYTES) {
    counts.writes_refused += 1;
    return failed('link-busy', 'none', `${name}: ${waiting} bytes wait to be written`);
  }
  counts.bytes_out += bytes.length;
  const jobs = dataReports(bytes).map((report) => ({
    size: report.length - 1,
    // A command to a card may hold a PIN.
    run: () => device.write(report).finally(() => report.fill(0)),
  }));
  enqueue(line, jobs);
  return ok(undefined);
}

function enqueue(line: Line, jobs: readonly Job[]): void {
  const idle = line.jobs.length === 0;
  line.jobs.push(...jobs);
  line.waiting += jobs.reduce((sum, { size }) => sum + size, 0);
  if (idle) void work(line);
}

/** One job after the other; the first that fails or hangs ends the link. */
async function work(line: Line): Promise<void> {
  for (let job = line.jobs.at(0); job; job = line.jobs.at(0)) {
    const outcome = await within(line.clock, JOB_MS, outcomeOf(job.run()));
    if (line.ending) return;
    if (outcome !== 'done') {
      fail(line, outcome ?? `the device took nothing for ${JOB_MS} ms`);
      return;
    }
    line.jobs.shift();
    line.waiting -= job.size;
    job.ended?.(true);
  }
}

/** What was written before leaves at the old speed. */
async function changeSpeed(line: Line, config: Buffer): Promise<void> {
  const { device, clock } = line;
  let left: number | null = 1;
  while (left !== 0 && !line.ending) {
    left = bytesToSend(await device.getFeatureReport(UART_STATUS.id, UART_STATUS.length));
    await sleep(clock, DRAIN_MS);
  }
  await device.sendFeatureReport(config);
}

/** The first trouble ends the link; what comes after it, or after `close`, is its echo. */
function fail(line: Line, reason: string): void {
  if (line.ending) return;
  line.counts.errors += 1;
  line.lost = reason;
  line.ending = shut(line);
  tellLoss(line);
}

function tellLoss(line: Line): void {
  const { lost, listener, name } = line;
  if (lost === undefined || !listener) return;
  line.listener = undefined;
  listener.lost({ code: 'link-lost', effect: 'unknown', detail: `${name}: ${lost}` });
}

/** Gives the handle back, or up: a library that hangs must not hold up the rest. */
async function shut(line: Line): Promise<void> {
  const { jobs, counts, device, library, clock } = line;
  counts.bytes_dropped += line.waiting;
  line.jobs = [];
  line.waiting = 0;
  for (const { ended } of jobs) ended?.(false);
  const closing = outcomeOf(device.close());
  const closed = await inTime(closing, { library, clock, limit_ms: CLOSE_MS });
  if (closed === undefined) counts.errors += 1;
}

function whyClosed({ lost }: Line): string {
  return lost ?? 'the link is closed';
}

/** `done`, or why not. Never rejects. */
function outcomeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'done', reasonOf);
}

/** node-hid rejects with errors, but emits strings. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] || 'unknown reason';
}

function sizeOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
