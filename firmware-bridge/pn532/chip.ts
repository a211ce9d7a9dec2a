/**
 * Question and answer with the chip over a link: one command at a time, acknowledged, within
 * deadlines (NXP UM0701-02 §6.2.2). A command to the card is written once and never again.
 *
 * After a time-out answers to the old command may still be under way, and two exchanges with the
 * card bear the same answer code. So the next command is preceded by a fence: an echo with a fresh
 * token, before which everything that arrives is stale.
 */

import { type Fault, type FaultCode, failed, ok, type Reply } from '../faults.ts';
import type { Link } from '../link/link.ts';
import type { Clock, Timer } from '../ports.ts';
import { type ChipCommand, diagnoseLine, samConfiguration, WAKE_UP } from './commands.ts';
import {
  ACK_FRAME,
  CHIP_TO_HOST,
  createFrameDecoder,
  encodeFrame,
  type FrameDecoder,
  type FrameEvent,
  HOST_TO_CHIP,
  NACK_FRAME,
} from './frame.ts';

export interface Chip {
  /** `timeout_ms` runs from the chip's acknowledgement to its answer. */
  request<T>(command: ChipCommand<T>, timeout_ms?: number): Promise<Reply<T>>;
  /** Wake-up preamble and SAMConfiguration in one go; needs no fence. */
  wakeUp(): Promise<Reply<void>>;
  /** Acknowledges an answer where the chip waits for that (SetSerialBaudRate). */
  acknowledge(): Reply<void>;
  /** Speed of the host's side of the line. */
  setBaud(baud: number): Promise<Reply<void>>;
  /** Ends the command under way, at the chip too. */
  abort(): void;
  /** Why the link is dead, or undefined while it lives. */
  lost(): Fault | undefined;
  /** Commands under way or waiting; a further one is refused when there are eight. */
  waiting(): number;
  counters(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

interface ChipOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly ack_timeout_ms: number;
}

/** What the chip needs for a command that does not use the air. */
const OWN_ANSWER_MS = 100;
const QUEUE_MAX = 8;
/**
 * A timer that comes so late was held up with the whole process, and the timers of a round come
 * before its input: the answer may lie there unread. So it is waited for a little longer, once.
 */
const HELD_UP_MS = 10;
const GRACE_MS = 30;

interface Pending {
  readonly command: ChipCommand<unknown>;
  readonly timeout_ms: number;
  readonly settle: (answer: Reply<Buffer>) => void;
  acked: boolean;
  nacked: boolean;
  due_ms: number;
  /** The grace was given for this wait. */
  excused: boolean;
  timer: Timer;
}

type Counter = 'commands' | 'timeouts' | 'held_up' | 'nacks' | 'stale_frames' | 'dropped';

interface Dialogue extends ChipOptions {
  readonly decoder: FrameDecoder;
  readonly counts: Record<Counter, number>;
  /** The command under way. */
  pending: Pending | undefined;
  /** Settles, never rejects, when the last command in the queue is over. */
  queue: Promise<unknown>;
  queued: number;
  /** Answers to an old command may still come. */
  stale: boolean;
  fences: number;
  baud: number;
  dead: Fault | undefined;
}

export function createChip(options: ChipOptions): Chip {
  const { link } = options;
  const chip: Dialogue = {
    ...options,
    decoder: createFrameDecoder(),
    counts: { commands: 0, timeouts: 0, held_up: 0, nacks: 0, stale_frames: 0, dropped: 0 },
    pending: undefined,
    queue: Promise.resolve(),
    queued: 0,
    stale: false,
    fences: 0,
    baud: 115_200,
    dead: undefined,
  };
  link.listen({
    data(bytes) {
      for (const event of chip.decoder.push(bytes)) receive(chip, event);
    },
    lost: (fault) => die(chip, fault),
  });
  return {
    request: (command, timeout_ms = OWN_ANSWER_MS) =>
      inTurn(chip, () =>
        chip.stale ? askBehindFence(chip, command, timeout_ms) : ask(chip, command, { timeout_ms }),
      ),
    wakeUp: () => inTurn(chip, () => ask(chip, samConfiguration(), { preamble: WAKE_UP })),
    acknowledge: () => (chip.dead ? { ok: false, fault: chip.dead } : link.write(ACK_FRAME)),
    async setBaud(baud) {
      if (chip.dead) return { ok: false, fault: chip.dead };
      const reply = await link.setBaud(baud);
      if (reply.ok) chip.baud = baud;
      return reply;
    },
    abort() {
      if (chip.pending) giveUp(chip, 'chip-mute', 'aborted');
      else if (!chip.dead) link.write(ACK_FRAME);
    },
    lost: () => chip.dead,
    waiting: () => chip.queued,
    counters: () => ({
      ...chip.decoder.counters(),
      ...chip.counts,
      fences: chip.fences,
      ...link.counters(),
    }),
    async close() {
      die(chip, { code: 'link-lost', effect: 'none', detail: `${link.name} was closed` });
      await link.close();
    },
  };
}

/** Runs one job after all earlier ones. */
function inTurn<T>(chip: Dialogue, job: () => Promise<Reply<T>>): Promise<Reply<T>> {
  if (chip.queued >= QUEUE_MAX) {
    chip.counts.dropped += 1;
    const detail = `${chip.queued} commands wait for the chip`;
    return Promise.resolve(failed('link-busy', 'none', detail));
  }
  chip.queued += 1;
  const turn = after(chip.queue, job);
  const leave = () => {
    chip.queued -= 1;
  };
  chip.queue = turn.then(leave, leave);
  return turn;
}

async function after<T>(before: Promise<unknown>, job: () => Promise<T>): Promise<T> {
  await before;
  return await job();
}

async function askBehindFence<T>(
  chip: Dialogue,
  command: ChipCommand<T>,
  timeout_ms: number,
): Promise<Reply<T>> {
  const token = Buffer.alloc(4);
  token.writeUInt32BE(chip.fences);
  chip.fences += 1;
  const echo = await ask(chip, diagnoseLine(token), {});
  if (!echo.ok) return echo;
  chip.stale = false;
  return ask(chip, command, { timeout_ms });
}

interface Asking {
  readonly timeout_ms?: number;
  /** Goes before the frame, in the same write. */
  readonly preamble?: Buffer;
}

async function ask<T>(
  chip: Dialogue,
  command: ChipCommand<T>,
  { timeout_ms = OWN_ANSWER_MS, preamble }: Asking,
): Promise<Reply<T>> {
  const data = Buffer.allocUnsafe(1 + command.body.length);
  data[0] = command.code;
  data.set(command.body, 1);
  const frame = encodeFrame(HOST_TO_CHIP, data);
  const bytes = preamble ? Buffer.concat([preamble, frame]) : frame;
  if (chip.dead) return { ok: false, fault: chip.dead };
  chip.decoder.reset();
  const written = chip.link.write(bytes);
  // A command to a card may hold a PIN; the link has a copy of its own, and wipes it.
  for (const copy of [data, frame, bytes]) copy.fill(0);
  if (!written.ok) return written;
  chip.counts.commands += 1;
  const answer = await new Promise<Reply<Buffer>>((settle) => {
    const begin = { acked: false, nacked: false, due_ms: 0, excused: false, timer: undefined };
    const pending: Pending = { command, timeout_ms, settle, ...begin };
    chip.pending = pending;
    // Ten bits a byte: the chip acknowledges after the last one.
    const delay_ms = chip.ack_timeout_ms + (bytes.length * 10_000) / chip.baud;
    arm(chip, pending, delay_ms);
  });
  return answer.ok ? command.parse(answer.value) : answer;
}

function receive(chip: Dialogue, event: FrameEvent): void {
  const { pending, counts } = chip;
  if (event.kind === 'damaged') {
    if (pending?.acked) askAgain(chip, pending);
  } else if (event.kind === 'ack' && pending?.acked === false) {
    pending.acked = true;
    pending.excused = false;
    arm(chip, pending, pending.timeout_ms);
  } else if (event.kind === 'error' && pending?.acked) {
    const { name, reachesCard } = pending.command;
    // After a NACK it speaks of the NACK: the answer that was damaged came from the card.
    const effect = pending.nacked && reachesCard ? 'unknown' : 'none';
    settle(chip, failed('chip-refused', effect, `${name}: the chip found the syntax wrong`));
  } else if (event.kind === 'data' && pending?.acked && answers(pending.command, event)) {
    settle(chip, ok(event.data.subarray(1)));
  } else {
    counts.stale_frames += 1;
  }
}

function answers(command: ChipCommand<unknown>, event: { tfi: number; data: Buffer }): boolean {
  const { tfi, data } = event;
  if (tfi !== CHIP_TO_HOST || data.at(0) !== command.code + 1) return false;
  return !command.echoes || data.subarray(1).equals(command.body);
}

/** The chip repeats its last answer on a NACK; the command itself is never repeated. */
function askAgain(chip: Dialogue, pending: Pending): void {
  chip.stale = true;
  if (pending.nacked || !chip.link.write(NACK_FRAME).ok) {
    fail(chip, 'chip-garbled', 'its answer came damaged');
  } else {
    pending.nacked = true;
    chip.counts.nacks += 1;
  }
}

function arm(chip: Dialogue, pending: Pending, delay_ms: number): void {
  chip.clock.clearTimeout(pending.timer);
  pending.due_ms = chip.clock.now_ms() + delay_ms;
  pending.timer = chip.clock.setTimeout(() => late(chip, pending), delay_ms);
}

function late(chip: Dialogue, pending: Pending): void {
  const { command, acked, nacked, timeout_ms, due_ms, excused } = pending;
  if (!excused && chip.clock.now_ms() - due_ms > HELD_UP_MS) {
    pending.excused = true;
    chip.counts.held_up += 1;
    arm(chip, pending, GRACE_MS);
    return;
  }
  const mute = acked && command.reachesCard ? 'card-mute' : 'chip-mute';
  const text = acked ? `no answer in ${Math.round(timeout_ms)} ms` : 'no acknowledgement';
  giveUp(chip, nacked ? 'chip-garbled' : mute, text);
}

/** An ACK frame from the host ends what the chip is doing. */
function giveUp(chip: Dialogue, code: FaultCode, text: string): void {
  chip.counts.timeouts += 1;
  chip.stale = true;
  chip.link.write(ACK_FRAME);
  fail(chip, code, text);
}

/** Ends the command under way, which was written: if meant for the card, it may be there. */
function fail(chip: Dialogue, code: FaultCode, text: string): void {
  if (!chip.pending) return;
  const { name, reachesCard } = chip.pending.command;
  settle(chip, failed(code, reachesCard ? 'unknown' : 'none', `${name}: ${text}`));
}

function settle(chip: Dialogue, answer: Reply<Buffer>): void {
  const { pending } = chip;
  chip.clock.clearTimeout(pending?.timer);
  chip.pending = undefined;
  pending?.settle(answer);
}

function die(chip: Dialogue, fault: Fault): void {
  chip.dead ??= { ...fault, effect: 'none' };
  fail(chip, fault.code, fault.detail);
}
