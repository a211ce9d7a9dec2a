/**
 * A gate behind a Modbus-RTU I/O board. Polls the inputs, writes what changed of the outputs, feeds
 * the board's watchdog, and connects anew when the board is lost. Orders to the leaves go before
 * everything else that waits for the line.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Link } from '../link/link.ts';
import type { Barrier, BarrierEvent, Clock, Direction, GateSignal } from '../ports.ts';
import { type Board, openBoard } from './board.ts';
import { type Coils, createCoils } from './coils.ts';
import { createSenses } from './senses.ts';

export interface ModbusBarrierOptions {
  /** A new link at every call. */
  readonly openLink: () => Promise<Reply<Link>>;
  readonly clock: Clock;
  readonly config: Omit<LaneConfig['barrier'], 'kind' | 'path' | 'parity' | 'stop_bits'>;
  /** For the log. */
  readonly name?: string;
}

/** So long the board may fail to answer, or to obey, before it is lost. */
const SILENCE_MS = 1_000;
/** Between two attempts to reach a lost board. */
const REOPEN_MS = 1_000;
const OPEN_LINK_MS = 2_000;
/** How often all outputs are written again. */
const REPEAT_MS = 1_000;
const CLOSE_MS = 1_900;

interface Gate {
  readonly options: ModbusBarrierOptions;
  readonly name: string;
  readonly senses: ReturnType<typeof createSenses>;
  readonly motion: Coils;
  readonly lamps: Coils;
  readonly listeners: Set<(event: BarrierEvent) => void>;
  readonly counts: Counts;
  state: 'new' | 'lost' | 'ready' | 'closed';
  /** Why it is lost. */
  why: string;
  /** Null: shut. Undefined: nobody has said. */
  ordered: Direction | null | undefined;
  /** Whoever waits for the leaves' outputs to be written. */
  order: ((answer: Reply<void>) => void) | null;
  /** The attempt to connect that is under way, or will be. */
  attempt: Attempt;
  /** Ends the pause of the loop. */
  wake: () => void;
  loop: Promise<void> | null;
}

interface Attempt {
  readonly promise: Promise<Reply<string>>;
  readonly resolve: (answer: Reply<string>) => void;
}

function newAttempt(): Attempt {
  let resolve: Attempt['resolve'] = () => {};
  const promise = new Promise<Reply<string>>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

type Counts = ReturnType<typeof newCounts>;

function newCounts() {
  const line = { requests: 0, timeouts: 0, garbled: 0, exceptions: 0, stray_bytes: 0 };
  return { ...line, connects: 0, losses: 0 };
}

export function createModbusBarrier(options: ModbusBarrierOptions): Barrier {
  const { config, clock } = options;
  const gate: Gate = {
    options,
    name: options.name ?? `Modbus unit ${config.unit}`,
    senses: createSenses(config),
    motion: createCoils(),
    lamps: createCoils(),
    listeners: new Set(),
    counts: newCounts(),
    state: 'new',
    why: 'not connected yet',
    ordered: undefined,
    order: null,
    attempt: newAttempt(),
    wake: () => {},
    loop: null,
  };
  return {
    name: gate.name,
    open: (direction) => give(gate, direction),
    shut: () => give(gate, null),
    signal(signal) {
      wantSignal(gate, signal);
      if (gate.state === 'ready') gate.wake();
    },
    onEvent(listener) {
      gate.listeners.add(listener);
      return () => gate.listeners.delete(listener);
    },
    probe: async () => health(gate),
    async recover() {
      if (gate.state === 'ready' || gate.state === 'closed') return health(gate);
      gate.loop ??= run(gate);
      gate.wake();
      return gate.attempt.promise;
    },
    counters: () => ({ ...gate.counts, ...gate.senses.counters() }),
    async close() {
      const served = gate.state === 'ready';
      gate.state = 'closed';
      gate.why = 'closed';
      if (served) wantStop(gate);
      conclude(gate);
      gate.wake();
      if (gate.loop) await within(clock, CLOSE_MS, gate.loop);
      gate.listeners.clear();
    },
  };
}

function health({ state, name, why }: Gate): Reply<string> {
  return state === 'ready' ? ok(name) : failed('barrier-lost', 'none', `${name}: ${why}`);
}

/** Resolves when the board has confirmed the outputs, or when a later order has replaced it. */
function give(gate: Gate, direction: Direction | null): Promise<Reply<void>> {
  if (gate.state !== 'ready') {
    return Promise.resolve(failed('barrier-lost', 'none', `${gate.name}: ${gate.why}`));
  }
  gate.order?.(ok(undefined));
  gate.senses.order(direction);
  wantLeaves(gate, direction);
  return new Promise((resolve) => {
    gate.order = resolve;
    gate.wake();
  });
}

/** Where only one opening is wired, it serves both directions: the leaves retract. */
function wantLeaves(gate: Gate, direction: Direction | null): void {
  const { open_in, open_out, close } = gate.options.config.outputs;
  gate.ordered = direction;
  const outwards = direction === 'out' ? open_out !== null : open_in === null;
  gate.motion.want(open_in, direction !== null && !outwards);
  gate.motion.want(open_out, direction !== null && outwards);
  gate.motion.want(close, direction === null);
}

function wantSignal({ lamps, options }: Gate, { near, far, concession, buzzer }: GateSignal) {
  const { outputs } = options.config;
  lamps.want(outputs.near_green, near === 'green');
  lamps.want(outputs.near_red, near === 'red');
  lamps.want(outputs.far_green, far === 'green');
  lamps.want(outputs.far_red, far === 'red');
  lamps.want(outputs.concession, concession);
  lamps.want(outputs.buzzer, buzzer);
}

/** Nobody is shut in: in a fire, or with somebody in the zone, the leaves open in any case. */
function wantStop(gate: Gate): void {
  const { senses, options } = gate;
  const open = options.config.on_stop === 'open' || senses.obstructed || senses.fire;
  if (!open) wantLeaves(gate, null);
  else if (!gate.ordered) wantLeaves(gate, 'in');
  wantSignal(gate, { near: 'red', far: 'red', concession: false, buzzer: false });
}

async function run(gate: Gate): Promise<void> {
  for (let why = await connected(gate); !isClosed(gate); why = await connected(gate)) {
    lose(gate, why);
    await pause(gate, REOPEN_MS);
    if (isClosed(gate)) return;
  }
}

function isClosed({ state }: Gate): boolean {
  return state === 'closed';
}

/** One connection from its beginning to its end; why it ended. */
async function connected(gate: Gate): Promise<string> {
  const { openLink, clock, config } = gate.options;
  const opening = openLink();
  const link = await within(clock, OPEN_LINK_MS, opening);
  if (!link) {
    // What opens too late is closed again, or it would hold the line for ever.
    void opening.then((late) => (late.ok ? late.value.close() : undefined));
    return 'the line does not open';
  }
  if (!link.ok) return link.fault.detail;
  const { unit, baud, timeout_ms } = config;
  const { counts } = gate;
  const onLost = () => gate.wake();
  const line = { link: link.value, clock, unit, baud, timeout_ms, counts, onLost };
  const board = await openBoard(line).catch((error: unknown) => String(error));
  if (typeof board === 'string') {
    await link.value.close();
    return `modbus-serial does not load: ${board}`;
  }
  const why = await serve(gate, board);
  if (isClosed(gate) && gate.ordered !== undefined) await farewell(gate, board);
  await board.close();
  return why;
}

function lose(gate: Gate, why: string): void {
  const { attempt, state } = gate;
  gate.why = why;
  gate.state = 'lost';
  gate.ordered = undefined;
  gate.motion.clear();
  gate.senses.forget();
  conclude(gate);
  if (state !== 'lost') {
    gate.counts.losses += 1;
    emit(gate, 'lost');
  }
  gate.attempt = newAttempt();
  attempt.resolve(health(gate));
}

/** Whoever waits for something that will not come is told so. */
function conclude(gate: Gate): void {
  const { order, attempt, state } = gate;
  gate.order = null;
  order?.(failed('barrier-lost', 'none', `${gate.name}: ${gate.why}`));
  if (state === 'closed') attempt.resolve(health(gate));
}

/** When each kind of work is due, and since when it fails. */
interface Agenda {
  poll_ms: number;
  feed_ms: number;
  repeat_ms: number;
  /** The board may be heard but not obey, or the other way round. */
  readonly failing: Record<'read' | 'write', { since_ms: number; why: string } | null>;
}

type Work = 'motion' | 'feed' | 'poll' | 'lamps';

async function serve(gate: Gate, board: Board): Promise<string> {
  const { clock, config } = gate.options;
  const now_ms = clock.now_ms();
  const feed_ms = config.watchdog.register === null ? Number.POSITIVE_INFINITY : now_ms;
  const unproved = { since_ms: now_ms, why: 'no answer' };
  gate.lamps.doubt();
  const writes = config.watchdog.register !== null || gate.lamps.next !== null;
  const failing = { read: unproved, write: writes ? unproved : null };
  const agenda: Agenda = { poll_ms: now_ms, feed_ms, repeat_ms: now_ms, failing };
  while (!isClosed(gate)) {
    if (board.lost !== null) return board.lost;
    const tired = [agenda.failing.read, agenda.failing.write].find(
      (each) => each && clock.now_ms() - each.since_ms >= SILENCE_MS,
    );
    if (tired) return tired.why;
    const work = urgent(gate, agenda, board);
    if (work) await carryOut(gate, { work, agenda, board });
    else await pause(gate, untilNext(agenda, board) - clock.now_ms());
  }
  return 'closed';
}

function urgent(gate: Gate, agenda: Agenda, { readable_ms }: Board): Work | null {
  const { motion, lamps, senses, options, ordered } = gate;
  const now_ms = options.clock.now_ms();
  const poll = now_ms >= Math.max(agenda.poll_ms, readable_ms);
  // An output that cannot be written must not keep us from hearing of a fire.
  if (poll && (agenda.failing.write || gate.state !== 'ready')) return 'poll';
  if (now_ms >= agenda.repeat_ms) {
    agenda.repeat_ms = now_ms + REPEAT_MS;
    motion.repeat();
    lamps.repeat();
  }
  // Shutting waits while the last sample saw somebody, of which the passage machine hears soon, and
  // while no sample comes: without power the leaves open, and somebody may have stepped in.
  const free = ordered !== null || !(senses.obstructed || agenda.failing.read);
  if (free && motion.next) return 'motion';
  if (now_ms >= agenda.feed_ms) return 'feed';
  if (poll) return 'poll';
  if (lamps.next) return 'lamps';
  if (free && motion.stale) return 'motion';
  return lamps.stale ? 'lamps' : null;
}

function untilNext({ poll_ms, feed_ms, repeat_ms }: Agenda, { readable_ms }: Board): number {
  return Math.min(Math.max(poll_ms, readable_ms), feed_ms, repeat_ms);
}

interface Turn {
  readonly work: Work;
  readonly agenda: Agenda;
  readonly board: Board;
}

async function carryOut(gate: Gate, { work, agenda, board }: Turn): Promise<void> {
  const { config, clock } = gate.options;
  switch (work) {
    case 'motion':
    case 'lamps': {
      const coils = gate[work];
      const coil = coils.next ?? coils.stale;
      if (!coil) return;
      const answer = await board.writeCoil(coil.address, coil.on);
      judge(gate, { agenda, kind: 'write', answer });
      // A lamp that the board refuses waits for the next round, and so does not close the lane.
      if (answer.ok || work === 'lamps') coils.confirm(coil);
      if (work === 'motion' && !coils.next) {
        gate.order?.(ok(undefined));
        gate.order = null;
      }
      return;
    }
    case 'feed': {
      const { register, value, refresh_ms } = config.watchdog;
      agenda.feed_ms = clock.now_ms() + refresh_ms;
      if (register === null) return;
      const answer = await board.writeRegister(register, value);
      if (!answer.ok) agenda.feed_ms = clock.now_ms() + config.poll_ms;
      return judge(gate, { agenda, kind: 'write', answer });
    }
    case 'poll': {
      agenda.poll_ms = clock.now_ms() + config.poll_ms;
      const { first, count } = gate.senses.span;
      const answer = await board.readInputs(first, count);
      judge(gate, { agenda, kind: 'read', answer });
      // A board that does not obey is not found, however well it tells.
      const useful = gate.state === 'ready' || agenda.failing.write === null;
      if (answer.ok && useful && !isClosed(gate)) hear(gate, answer.value);
    }
  }
}

interface Outcome {
  readonly agenda: Agenda;
  readonly kind: 'read' | 'write';
  readonly answer: Reply<unknown>;
}

function judge({ options }: Gate, { agenda, kind, answer }: Outcome): void {
  if (answer.ok) agenda.failing[kind] = null;
  else {
    const since_ms = agenda.failing[kind]?.since_ms ?? options.clock.now_ms();
    agenda.failing[kind] = { since_ms, why: answer.fault.detail };
  }
}

function hear(gate: Gate, bits: readonly boolean[]): void {
  const found = gate.state === 'lost' || gate.state === 'new';
  if (found) {
    gate.state = 'ready';
    gate.counts.connects += 1;
    // Whoever was in the zone before: the beams tell anew.
    emit(gate, 'zone-free');
  }
  for (const event of gate.senses.sample(bits, gate.options.clock.now_ms())) emit(gate, event);
  if (!found) return;
  emit(gate, 'found');
  gate.attempt.resolve(health(gate));
}

/** The last words to the board: how the leaves and lamps stay. */
async function farewell({ motion, lamps }: Gate, board: Board): Promise<void> {
  for (const coils of [motion, lamps]) {
    for (let coil = coils.next; coil; coil = coils.next) {
      await board.writeCoil(coil.address, coil.on);
      coils.confirm(coil);
    }
  }
}

function emit({ listeners }: Gate, event: BarrierEvent): void {
  for (const listener of [...listeners]) listener(event);
}

function pause(gate: Gate, delay_ms: number): Promise<void> {
  const { clock } = gate.options;
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, delay_ms);
    gate.wake = () => {
      clock.clearTimeout(timer);
      resolve();
    };
  });
}
