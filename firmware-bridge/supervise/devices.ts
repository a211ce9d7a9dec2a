/** Reader, SAM, barrier and printer, to be supervised: which rungs each has, and their budgets. */

import type { Barrier, CardReader, Printer, Reply } from '../ports.ts';
import { ok } from '../ports.ts';
import type { Rung } from './ladder.ts';
import type { Device } from './supervisor.ts';

/**
 * A round without `replug` ends within 3.8 s, back-off included in 4.3 s: a device that hangs at
 * every call, and that only a new line wakes, serves within 5 s after it could.
 */
const RETRY = { timeout_ms: 400, gap_ms: 0 };
const RF_RESET = { timeout_ms: 400, gap_ms: 500 };
const CHIP_RESET = { timeout_ms: 1_000, gap_ms: 500 };
const REOPEN = { timeout_ms: 2_000, gap_ms: 500 };
/** A cold reset of a card and the reading of its files. */
const SAM_RESET = { timeout_ms: 2_000, gap_ms: 1_000 };
/** A printer opens within 2 s, and is asked twice for its state. */
const PRINTER_REOPEN = { timeout_ms: 4_000, gap_ms: 500 };
/** Off, on, and the kernel has found it. */
const REPLUG_MS = 6_000;

/** Switches a device's power off and on; absent where the board cannot. */
export interface Replug {
  run(): Promise<Reply<unknown>>;
  readonly gap_ms: number;
}

export function readerDevice(reader: CardReader, replug?: Replug): Device {
  const { mending } = reader;
  const probe = () => reader.probe();
  const reopen = () => (mending ? mending.reopen() : reader.recover());
  const rungs: Rung[] = [{ name: 'retry', run: probe, ...RETRY }];
  if (mending) {
    rungs.push({ name: 'rf-reset', run: () => mending.rfReset(), ...RF_RESET });
    rungs.push({ name: 'chip-reset', run: () => mending.chipReset(), ...CHIP_RESET });
  }
  rungs.push({ name: 'reopen', run: reopen, ...REOPEN });
  return {
    name: reader.name,
    mute: 'chip-mute',
    start: () => reader.recover(),
    probe,
    prove: () => provesItself(reader),
    rungs: [...rungs, ...lastRung(replug, reopen)],
    close: () => reader.close(),
  };
}

/** A reader that answers questions and finds no card is no reader. */
async function provesItself(reader: CardReader): Promise<Reply<unknown>> {
  const alive = await reader.probe();
  if (!alive.ok) return alive;
  const found = await reader.detect();
  if (found.ok && found.value.kind === 'card') await found.value.card.release();
  // What is wrong with a card was told by a reader that works.
  return found.ok || found.fault.code.startsWith('card-') ? alive : found;
}

/** What the controller's purchase SAM has of a device. */
interface Sam {
  start(): Promise<Reply<unknown>>;
  probe?(): Promise<Reply<unknown>>;
  close(): Promise<void>;
}

/** A SAM that failed once is not trusted with the next tap: it is started anew at once. */
export function samDevice(sam: Sam, replug?: Replug): Device {
  const start = () => sam.start();
  return {
    name: 'SAM',
    mute: 'sam-mute',
    patience: 1,
    start,
    ...(sam.probe && { probe: async () => (await sam.probe?.()) ?? ok(null) }),
    rungs: [{ name: 'chip-reset', run: start, ...SAM_RESET }, ...lastRung(replug, start)],
    close: () => sam.close(),
  };
}

/** Its driver connects and mends by itself, and tells of `lost` and `found`. */
export function barrierDevice(barrier: Barrier): Device {
  return {
    name: barrier.name,
    mute: 'barrier-lost',
    patience: 1,
    start: () => barrier.recover(),
    rungs: [],
    close: () => barrier.close(),
  };
}

/** A printer without paper answers, and so it lives: its state is for whoever prints. */
export function printerDevice(printer: Printer): Device {
  const probe = () => printer.probe();
  const reopen = () => printer.recover();
  return {
    name: printer.name,
    mute: 'printer-lost',
    start: reopen,
    probe,
    rungs: [
      { name: 'retry', run: probe, ...RETRY },
      { name: 'reopen', run: reopen, ...PRINTER_REOPEN },
    ],
    close: () => printer.close(),
  };
}

function lastRung(replug: Replug | undefined, after: () => Promise<Reply<unknown>>): Rung[] {
  if (!replug) return [];
  const run = async () => {
    const done = await replug.run();
    return done.ok ? after() : done;
  };
  return [{ name: 'replug', run, timeout_ms: REPLUG_MS, gap_ms: replug.gap_ms }];
}
