/**
 * A slip printer that speaks ESC/POS, on any link. It is asked for its state before a document is
 * sent, watched while it prints, and believed only when it says that it is done. What it may still
 * hold of a document that was broken off is thrown away, or cut off, before the next one.
 */

import { sleep, within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Link } from '../link/link.ts';
import type { Clock, Printer, PrinterStatus } from '../ports.ts';
import { createLine, type Line } from './line.ts';
import { isOffline, type PrinterWord, readStatus, whyStopped } from './status.ts';

export interface EscPosOptions {
  readonly name: string;
  /** A new link at every call. */
  readonly openLink: () => Promise<Reply<Link>>;
  readonly clock: Clock;
  /**
   * How the printer says that it is done. `paper-status`: GS r, which every printer answers once it
   * has processed what came before; `process-id`: GS ( H, which newer Epson printers answer once it
   * is on paper.
   */
  readonly done: 'paper-status' | 'process-id';
  /** For one document, from its first byte to the word that it is done. */
  readonly print_ms: number;
}

const OPEN_MS = 2_000;
const CLOSE_MS = 1_800;
/** So long after opening, answers to an earlier program may come in. */
const QUIET_MS = 50;
/** How often the printer is asked whether it still prints. */
const WATCH_MS = 500;
const CLEAR_MS = 300;
/** What waits for the printer at most, with what is under way. */
const QUEUE_MAX = 8;

/** DLE DC4 8: clear the buffers, in real time; answered by 37 25 00. */
const CLEAR = Buffer.from('10140801031401060208', 'hex');
/** DLE ENQ 2: end an error of the cutter without its document. */
const END_ERROR = Buffer.from('100502', 'hex');
/** ESC @: initialise; GS a 0: no automatic status. */
const INITIALISE = Buffer.from('1b401d6100', 'hex');
/** GS V B 0: feed to the cutter and cut. */
const CUT_OFF = Buffer.from('0a1d564200', 'hex');
const ASK_PROCESSED = Buffer.from('1d7201', 'hex');

interface Desk {
  readonly options: EscPosOptions;
  readonly counts: ReturnType<typeof newCounts>;
  line: Line | null;
  closed: boolean;
  /** Something of an earlier document may still be in the printer. */
  dirty: boolean;
  /** What it said last, for whoever asks while it prints. */
  last: PrinterStatus;
  printing: boolean;
  /** One at a time: answers do not say what they answer. */
  queue: Promise<unknown>;
  queued: number;
}

function newCounts() {
  const line = { questions: 0, timeouts: 0, stray_bytes: 0, dropped: 0 };
  return { ...line, connects: 0, documents: 0, printed: 0, broken_off: 0, cleared: 0, cut_off: 0 };
}

const FINE: PrinterStatus = { paper: 'ok', cover: 'closed', cutter: 'ok', offline: false };

export function createEscPosPrinter(options: EscPosOptions): Printer {
  const state = { line: null, closed: false, printing: false, last: FINE };
  // Who knows what a program before this one left behind.
  const desk: Desk = {
    ...{ options, counts: newCounts(), ...state, dirty: true },
    ...{ queue: Promise.resolve(), queued: 0 },
  };
  return {
    name: options.name,
    async status() {
      return desk.printing ? ok(desk.last) : exclusive(desk, () => askStatus(desk));
    },
    print: (document) =>
      exclusive(desk, async () => {
        desk.printing = true;
        const printed = await print(desk, document);
        desk.printing = false;
        return printed;
      }),
    async probe() {
      return desk.printing ? ok(options.name) : exclusive(desk, () => probe(desk));
    },
    recover: () => exclusive(desk, () => connect(desk)),
    counters: () => ({ ...desk.counts }),
    async close() {
      desk.closed = true;
      await within(options.clock, CLOSE_MS, drop(desk));
    },
  };
}

function exclusive<T>(desk: Desk, work: () => Promise<Reply<T>>): Promise<Reply<T>> {
  const { options, counts } = desk;
  if (desk.queued >= QUEUE_MAX) {
    counts.dropped += 1;
    const detail = `${options.name}: ${QUEUE_MAX} jobs wait for it`;
    return Promise.resolve(failed('link-busy', 'none', detail));
  }
  desk.queued += 1;
  const turn = desk.queue.then(work).finally(() => {
    desk.queued -= 1;
  });
  desk.queue = turn.catch(() => {});
  return turn;
}

async function drop(desk: Desk): Promise<void> {
  const { line } = desk;
  desk.line = null;
  await line?.close();
}

function lost({ options }: Desk, detail: string) {
  return failed('printer-lost', 'none', `${options.name}: ${detail}`);
}

/** The line, or why there is none. */
function lineOf(desk: Desk): Reply<Line> {
  if (desk.closed) return lost(desk, 'closed');
  if (!desk.line) return lost(desk, 'not connected');
  return desk.line.lost === null ? ok(desk.line) : lost(desk, desk.line.lost);
}

async function probe(desk: Desk): Promise<Reply<string>> {
  const line = lineOf(desk);
  if (!line.ok) return line;
  const answer = await line.value.ask(1);
  return answer.ok ? ok(desk.options.name) : answer;
}

async function askStatus(desk: Desk): Promise<Reply<PrinterStatus>> {
  const line = lineOf(desk);
  if (!line.ok) return line;
  const pages = await line.value.askAll();
  if (!pages.ok) return pages;
  desk.last = readStatus(pages.value);
  return ok(desk.last);
}

async function connect(desk: Desk): Promise<Reply<string>> {
  const { options, counts } = desk;
  await drop(desk);
  if (desk.closed) return lost(desk, 'closed');
  const opening = options.openLink();
  const link = await within(options.clock, OPEN_MS, opening);
  if (!link) {
    // What opens too late is closed again, or it would hold the device for ever.
    void opening.then((late) => (late.ok ? late.value.close() : undefined));
    return lost(desk, 'the line does not open');
  }
  if (!link.ok) return lost(desk, link.fault.detail);
  desk.line = createLine(link.value, options.clock, counts);
  if (desk.closed) await drop(desk);
  await sleep(options.clock, QUIET_MS);
  await desk.line?.write(END_ERROR, options.clock.now_ms());
  if (desk.dirty) await clear(desk);
  const status = await askStatus(desk);
  if (!status.ok) {
    await drop(desk);
    return status;
  }
  counts.connects += 1;
  return ok(`${options.name}: paper ${status.value.paper}`);
}

async function print(desk: Desk, document: Buffer): Promise<Reply<void>> {
  const { counts, options } = desk;
  const before = await ready(desk);
  if (!before.ok) return before;
  if (desk.dirty) {
    const clean = await purge(desk);
    if (!clean.ok) return clean;
  }
  counts.documents += 1;
  desk.dirty = true;
  const printed = await send(desk, document, options.print_ms);
  if (printed.ok) {
    desk.dirty = false;
    counts.printed += 1;
    return printed;
  }
  counts.broken_off += 1;
  if (printed.fault.code === 'printer-lost') await drop(desk);
  else await clear(desk);
  return printed;
}

/** A printer that cannot print now gets nothing. */
async function ready(desk: Desk): Promise<Reply<void>> {
  const status = await askStatus(desk);
  if (!status.ok) return status;
  const why = whyStopped(status.value);
  if (why === null) return ok(undefined);
  return failed('printer-stopped', 'none', `${desk.options.name}: ${why}`);
}

/** Throws away what it holds of a document broken off; true when it says that it has. */
async function clear(desk: Desk): Promise<boolean> {
  const line = lineOf(desk);
  if (!line.ok) return false;
  const now_ms = desk.options.clock.now_ms();
  line.value.forget();
  await line.value.write(Buffer.concat([CLEAR, INITIALISE]), now_ms);
  const until_ms = now_ms + CLEAR_MS;
  for (;;) {
    const word = await line.value.hear(until_ms - desk.options.clock.now_ms());
    if (word === null) return false;
    if (word.kind !== 'cleared') continue;
    desk.counts.cleared += 1;
    desk.dirty = false;
    return true;
  }
}

/**
 * Nobody's slip may show somebody else's lines: a printer that does not say that its buffers are
 * empty prints what it holds, if anything, and cuts it off.
 */
async function purge(desk: Desk): Promise<Reply<void>> {
  if (await clear(desk)) return ok(undefined);
  const done = await send(desk, CUT_OFF, desk.options.print_ms);
  if (!done.ok) {
    // Nothing of the document that waits was sent.
    return { ok: false, fault: { ...done.fault, effect: 'none' } };
  }
  desk.counts.cut_off += 1;
  return done;
}

/** Sends, and waits until the printer has done all of it. */
async function send(desk: Desk, document: Buffer, limit_ms: number): Promise<Reply<void>> {
  const { options } = desk;
  const line = lineOf(desk);
  if (!line.ok) return line;
  const deadline_ms = options.clock.now_ms() + limit_ms;
  const id = String(desk.counts.documents % 10_000).padStart(4, '0');
  const question = askDone(desk, id);
  line.value.forget();
  const bytes = Buffer.concat([document, question]);
  let sent = await line.value.write(bytes, deadline_ms);
  // The link has its own copy: none of a person's slip stays here.
  bytes.fill(0);
  if (!sent.ok) return lost(desk, sent.fault.detail);
  for (;;) {
    const end = await watch(desk, line.value, { id, deadline_ms });
    if (end !== 'done' && end !== 'offline') return unknown(desk, 'printer-lost', end);
    const after = await askStatus(desk);
    if (!after.ok) return unknown(desk, 'printer-lost', after.fault.detail);
    const why = whyStopped(after.value);
    if (why !== null) return unknown(desk, 'printer-stopped', why);
    if (end === 'done') return ok(undefined);
    // Offline for a moment, such as somebody at the feed button; its word may have been missed.
    sent = await line.value.write(question, deadline_ms);
    if (!sent.ok) return unknown(desk, 'printer-lost', sent.fault.detail);
  }
}

function unknown({ options }: Desk, code: 'printer-lost' | 'printer-stopped', why: string) {
  return failed(code, 'unknown', `${options.name}: while printing: ${why}`);
}

function askDone({ options }: Desk, id: string): Buffer {
  if (options.done === 'paper-status') return ASK_PROCESSED;
  return Buffer.from(`\x1d(H\x06\x0000${id}`, 'latin1');
}

/**
 * Until it is `done`, or `offline`: then its status tells why; else what went wrong. A status
 * question goes behind the document, never into it: it would become a part of an image.
 */
async function watch(
  desk: Desk,
  line: Line,
  { id, deadline_ms }: { readonly id: string; readonly deadline_ms: number },
): Promise<string> {
  const { clock } = desk.options;
  let asked = false;
  for (;;) {
    const left_ms = deadline_ms - clock.now_ms();
    if (left_ms <= 0) return 'it does not say that it is done';
    const word = await line.hear(Math.min(left_ms, WATCH_MS));
    if (line.lost !== null) return line.lost;
    if (!word) {
      if (!asked) await line.write(Buffer.of(0x10, 0x04, 1), deadline_ms);
      asked = true;
    } else if (word.kind === 'status') {
      asked = false;
      if (isOffline(word.byte)) return 'offline';
    } else if (isDone(word, desk.options.done, id)) return 'done';
  }
}

function isDone(word: PrinterWord, done: EscPosOptions['done'], id: string): boolean {
  return done === 'process-id'
    ? word.kind === 'printed' && word.id === id
    : word.kind === 'processed';
}
