/**
 * A link over a serial line, on `serialport`. One port object per connection, never reopened: the
 * library keeps what was written to a closed port and sends it on the next open.
 */

import type { SerialPort } from 'serialport';
import { within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Clock } from '../ports.ts';
import type { Link, LinkListener } from './link.ts';

interface SerialLinkOptions {
  /** Device path, e.g. `/dev/ttyUSB0`. */
  readonly path: string;
  readonly baud: number;
  /** `none` if absent. */
  readonly parity?: 'none' | 'even' | 'odd';
  /** 1 if absent. */
  readonly stop_bits?: 1 | 2;
  /** Who holds back bytes that a slow device cannot take; `none` if absent. */
  readonly flow?: 'none' | 'rtscts' | 'xonxoff';
  readonly clock: Clock;
}

/** Bytes waiting to be written, and bytes read before anybody listens. */
const QUEUE_BYTES = 16 * 1024;
/** `close()` keeps to two seconds: a stuck driver must not hold up the rest. */
const FLUSH_MS = 300;
const CLOSE_MS = 1_500;
const SPEED_MS = 1_000;

/**
 * Fails with `link-absent` and a reason: no such device, no permission, in use by another program,
 * library missing.
 */
export async function openSerialLink(options: SerialLinkOptions): Promise<Reply<Link>> {
  const { path, baud, parity = 'none', stop_bits = 1, flow = 'none' } = options;
  try {
    const { SerialPort } = await import('serialport');
    const line = { path, baudRate: baud, parity, stopBits: stop_bits };
    const soft = flow === 'xonxoff';
    const held = { rtscts: flow === 'rtscts', xon: soft, xoff: soft };
    const port = new SerialPort({ ...line, ...held, autoOpen: false });
    await called((done) => port.open(done));
    return ok(serialLink(port, options));
  } catch (error) {
    return failed('link-absent', 'none', `${path}: ${whyAbsent(String(error))}`);
  }
}

function whyAbsent(text: string): string {
  if (/no such (file|device)/i.test(text)) return 'no such device; is it plugged in?';
  if (/permission denied/i.test(text)) {
    return 'no permission; add this user to the group that owns the device (often dialout)';
  }
  if (/cannot lock|busy|temporarily unavailable/i.test(text)) {
    return 'another program has it open; stop that one';
  }
  if (/cannot find (package|module)|no native build/i.test(text)) {
    return 'the serialport library does not load; install the dependencies again';
  }
  return text.split('\n')[0] ?? text;
}

interface Line {
  readonly port: SerialPort;
  readonly path: string;
  readonly clock: Clock;
  readonly counts: Record<
    'bytes_in' | 'bytes_out' | 'bytes_dropped' | 'writes_refused' | 'errors',
    number
  >;
  listener: LinkListener | undefined;
  /** Read before anybody listened. */
  early: Buffer[];
  /** Why it was lost; undefined while it lives, and after an orderly close. */
  lost: string | undefined;
  /** Set when the end has begun. */
  ending: Promise<void> | undefined;
}

function serialLink(port: SerialPort, { path, clock }: SerialLinkOptions): Link {
  const counts = { bytes_in: 0, bytes_out: 0, bytes_dropped: 0, writes_refused: 0, errors: 0 };
  const start = { listener: undefined, early: [], lost: undefined, ending: undefined };
  const line: Line = { port, path, clock, counts, ...start };
  // Reading begins at once: a paused port never notices that its device is gone.
  port.on('data', (bytes: Buffer) => take(line, bytes));
  port.on('error', (error: Error) => fail(line, error.message));
  // Comes once or twice, or never: a heartbeat above finds a hang-up that was missed.
  port.on('close', (error?: Error | null) => fail(line, error?.message ?? 'the port was closed'));
  return {
    name: path,
    write: (bytes) => write(line, bytes),
    listen(listener) {
      line.listener = listener;
      for (const bytes of line.early) listener.data(bytes);
      line.early = [];
      tellLoss(line);
    },
    async setBaud(baudRate) {
      if (line.ending) return failed('link-lost', 'none', `${path}: ${whyClosed(line)}`);
      const changed = await within(clock, SPEED_MS, settled(changeSpeed(port, baudRate)));
      return changed ? ok(undefined) : failed('link-lost', 'none', `${path}: speed not set`);
    },
    counters: () => ({ ...counts }),
    close() {
      line.listener = undefined;
      line.ending ??= shut(port, clock);
      return line.ending;
    },
  };
}

function take({ listener, early, ending, counts }: Line, bytes: Buffer): void {
  counts.bytes_in += bytes.length;
  if (ending) return;
  if (listener) listener.data(bytes);
  else if (sizeOf(early) + bytes.length <= QUEUE_BYTES) early.push(Buffer.from(bytes));
  else counts.bytes_dropped += bytes.length;
  // What a card said of its holder came this way, and the library reads into one lasting block.
  bytes.fill(0);
}

function write(line: Line, bytes: Buffer): Reply<void> {
  const { port, path, counts } = line;
  const waiting = port.writableLength;
  if (line.ending || !port.isOpen) {
    counts.writes_refused += 1;
    return failed('link-lost', 'none', `${path}: ${whyClosed(line)}`);
  }
  if (waiting + bytes.length > QUEUE_BYTES) {
    counts.writes_refused += 1;
    return failed('link-busy', 'none', `${path}: ${waiting} bytes wait to be written`);
  }
  counts.bytes_out += bytes.length;
  const copy = Buffer.from(bytes);
  port.write(copy, (error) => {
    // A slip for a printer names a person.
    copy.fill(0);
    if (error) fail(line, error.message);
  });
  return ok(undefined);
}

function whyClosed({ lost }: Line): string {
  return lost ?? 'the port is closed';
}

/** The first trouble ends the link; what comes after it, or after `close`, is its echo. */
function fail(line: Line, reason: string): void {
  if (line.ending) return;
  line.counts.errors += 1;
  line.lost = reason;
  line.ending = shut(line.port, line.clock);
  tellLoss(line);
}

function tellLoss(line: Line): void {
  const { lost, listener, path } = line;
  if (lost === undefined || !listener) return;
  line.listener = undefined;
  listener.lost({ code: 'link-lost', effect: 'unknown', detail: `${path}: ${lost}` });
}

/** What was written before leaves at the old speed. */
async function changeSpeed(port: SerialPort, baudRate: number): Promise<void> {
  await called((done) => port.write(Buffer.alloc(0), done));
  await called((done) => port.drain(done));
  await called((done) => port.update({ baudRate }, done));
}

/** Gives the descriptor back, whatever state the port is in. */
async function shut(port: SerialPort, clock: Clock): Promise<void> {
  if (port.isOpen) {
    // Closing a line waits for unsent bytes, so they are thrown away first.
    await within(clock, FLUSH_MS, settled(called((done) => port.flush(done))));
    await within(clock, CLOSE_MS, settled(called((done) => port.close(done))));
  }
  port.destroy();
}

/** A Node callback as a promise. */
function called(run: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => (error ? reject(error) : resolve()));
  });
}

/** Did it work? Never rejects. */
function settled(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}

function sizeOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
