/** The contactless reader made of a PN532 on a link. */

import type { LaneConfig } from '../../config/schema.ts';
import { sleep, within } from '../clock.ts';
import type { Link } from '../link/link.ts';
import {
  type CardReader,
  type Clock,
  type Fault,
  failed,
  ok,
  type Presence,
  type Reply,
} from '../ports.ts';
import { parseAts } from './ats.ts';
import { createCard } from './card.ts';
import { type Chip, createChip } from './chip.ts';
import {
  type ChipCommand,
  getFirmwareVersion,
  inListPassiveTarget,
  inRelease,
  isIso14443_4,
  rfActivationRetries,
  rfExchangeRetries,
  rfField,
  rfTimings,
  setSerialBaudRate,
} from './commands.ts';

interface Pn532ReaderOptions {
  /** Opens a link anew each time; the reader asks again after it has lost one. */
  readonly openLink: () => Promise<Reply<Link>>;
  readonly clock: Clock;
  readonly config: LaneConfig['reader'];
  /** Default: `pn532`. */
  readonly name?: string;
}

interface Pn532Reader extends CardReader {
  /** Opens the link and brings the chip up; returns its firmware. The same as `recover`. */
  start(): Promise<Reply<string>>;
}

/** The chip's speed after power-up. */
const DEFAULT_BAUD = 115_200;
/** Where a chip may have been left by an earlier configuration. */
const OTHER_BAUDS = [DEFAULT_BAUD, 921_600, 460_800, 230_400];
/** A search for two cards, activation included; far above what it takes. */
const DETECT_MS = 500;
/** ISO/IEC 14443-3 resets a card that had no field for 5 ms. */
const FIELD_OFF_MS = 6;
/** The chip needs the acknowledgement whole before it changes over. */
const SPEED_SETTLE_MS = 5;
/** 100 µs · 2^(n-1): 102 ms for ATR_RES, 410 ms for cards that name no waiting time. */
const ATR_TIMING = 0x0b;
const RETRY_TIMING = 0x0d;
/** A line that does not even close must not keep a new one waiting. */
const HANG_UP_MS = 500;

interface State extends Pn532ReaderOptions {
  readonly name: string;
  /** What the links that are gone have counted. */
  readonly retired: Record<string, number>;
  chip: Chip | undefined;
  /** Why there is no chip. */
  down: Fault;
  recovery: Promise<Reply<string>> | undefined;
  closed: boolean;
  /** Counts attempts to open a link: only the latest may bring one. */
  opening: number;
  /** Counts detections: a card of an earlier one must not reach the card of a later one. */
  session: number;
  /** A search may have left a card active, which would answer no further search. */
  unreleased: boolean;
  /** When the field was last switched on, or last showed a card. */
  fieldProved_ms: number;
}

export function createPn532Reader(options: Pn532ReaderOptions): Pn532Reader {
  const name = options.name ?? 'pn532';
  const down = { code: 'link-absent', effect: 'none', detail: `${name} was not started` } as const;
  const start = { chip: undefined, recovery: undefined, closed: false };
  const counts = { opening: 0, session: 0, unreleased: false, fieldProved_ms: 0 };
  const reader: State = { ...options, ...start, name, retired: {}, down, ...counts };
  /** The latest attempt is the one that others may share. */
  const anew = (attempt: Promise<Reply<string>>) => {
    const shared = attempt.finally(() => {
      if (reader.recovery === shared) reader.recovery = undefined;
    });
    reader.recovery = shared;
    return shared;
  };
  const recover = () => reader.recovery ?? anew(bringUp(reader));
  return {
    name,
    start: recover,
    recover,
    mending: {
      rfReset: () => resetField(reader),
      chipReset: () =>
        reader.chip && !reader.chip.lost()
          ? anew(bringUp(reader))
          : Promise.resolve(notUp(reader.chip?.lost() ?? reader.down)),
      reopen: () => anew(reopen(reader)),
    },
    detect: () => detect(reader),
    probe: () => request(reader, getFirmwareVersion()),
    counters: () => ({
      ...addCounts({ ...reader.retired }, reader.chip?.counters() ?? {}),
      waiting: reader.chip?.waiting() ?? 0,
    }),
    async close() {
      reader.closed = true;
      reader.session += 1;
      reader.down = { code: 'link-lost', effect: 'none', detail: `${name} was closed` };
      await retire(reader);
    },
  };
}

async function bringUp(reader: State): Promise<Reply<string>> {
  const { config, clock } = reader;
  reader.session += 1;
  reader.chip?.abort();
  const connected = await connect(reader);
  if (!connected.ok) return connected;
  const chip = connected.value;
  const found = await findSpeed(chip, config.baud, clock);
  if (!found.ok) {
    // A hang-up can go unnoticed: only a new port tells a mute chip from a dead line.
    if (reader.chip !== chip) return found;
    reader.down = found.fault;
    await retire(reader);
    return found;
  }
  reader.fieldProved_ms = clock.now_ms();
  const configured = await configure(chip, clock);
  return configured.ok ? chip.request(getFirmwareVersion()) : configured;
}

async function reopen(reader: State): Promise<Reply<string>> {
  await within(reader.clock, HANG_UP_MS, retire(reader));
  return bringUp(reader);
}

async function resetField(reader: State): Promise<Reply<void>> {
  reader.session += 1;
  const off = await request(reader, rfField(false));
  if (!off.ok) return off;
  await sleep(reader.clock, FIELD_OFF_MS);
  reader.fieldProved_ms = reader.clock.now_ms();
  return request(reader, rfField(true));
}

/**
 * The front end of a chip may hang while the chip answers well: it finds nothing any more, and
 * nothing tells. No probe sees that, so an antenna that has long seen no card starts anew.
 */
async function refreshField(reader: State): Promise<Reply<void>> {
  const { clock, config, fieldProved_ms } = reader;
  const due_ms = fieldProved_ms + config.rf_cycle_s * 1_000;
  return config.rf_cycle_s > 0 && clock.now_ms() >= due_ms ? resetField(reader) : ok(undefined);
}

async function connect(reader: State): Promise<Reply<Chip>> {
  const { clock, config, openLink } = reader;
  if (reader.chip && !reader.chip.lost()) return ok(reader.chip);
  await retire(reader);
  if (reader.closed) return notUp(reader.down);
  reader.opening += 1;
  const { opening } = reader;
  const opened = await openLink();
  // Closed meanwhile, or so late that a later attempt has begun: this link is nobody's.
  if (reader.closed || opening !== reader.opening) {
    if (opened.ok) await opened.value.close();
    return notUp(reader.down);
  }
  if (!opened.ok) {
    reader.down = opened.fault;
    return opened;
  }
  const { ack_timeout_ms } = config;
  reader.chip = createChip({ link: opened.value, clock, ack_timeout_ms });
  return ok(reader.chip);
}

/** Takes leave of the chip and its link. */
async function retire(reader: State): Promise<void> {
  const { chip, retired } = reader;
  if (!chip) return;
  reader.chip = undefined;
  reader.down = chip.lost() ?? reader.down;
  addCounts(retired, chip.counters());
  await chip.close();
}

function request<T>(reader: State, command: ChipCommand<T>, timeout_ms?: number) {
  const { chip, down } = reader;
  return chip ? chip.request(command, timeout_ms) : Promise.resolve<Reply<T>>(notUp(down));
}

function notUp(fault: Fault): Reply<never> {
  return { ok: false, fault };
}

async function detect(reader: State): Promise<Reply<Presence>> {
  const refreshed = await refreshField(reader);
  if (!refreshed.ok) return refreshed;
  reader.session += 1;
  const { session } = reader;
  // Its owner was not waiting for it any more: a detection that came late, or a session cut short.
  if (reader.unreleased) await request(reader, inRelease(0));
  reader.unreleased = true;
  const listed = await request(reader, inListPassiveTarget(), DETECT_MS);
  if (!listed.ok) return listed;
  const [target, second] = listed.value;
  reader.unreleased = target !== undefined;
  if (!target) return ok({ kind: 'none' });
  reader.fieldProved_ms = reader.clock.now_ms();
  const ats = parseAts(target.ats);
  if (!second && isIso14443_4(target) && ats) {
    const card = createCard({
      target,
      waiting_ms: ats.waiting_ms,
      clock: reader.clock,
      request: (command, timeout_ms) => request(reader, command, timeout_ms),
      current: () => reader.session === session,
      released() {
        reader.unreleased = false;
      },
    });
    return ok({ kind: 'card', card });
  }
  reader.unreleased = !(await request(reader, inRelease(0))).ok;
  if (second) return ok({ kind: 'several' });
  if (!isIso14443_4(target)) return ok({ kind: 'unsupported', sak: target.sak });
  return failed('card-garbled', 'none', 'the card sent a malformed ATS');
}

/** Wakes the chip at whatever speed it has, and brings it to the wanted one. */
async function findSpeed(chip: Chip, wanted: number, clock: Clock): Promise<Reply<void>> {
  for (const baud of new Set([wanted, ...OTHER_BAUDS])) {
    const set = await chip.setBaud(baud);
    if (!set.ok) return set;
    const woken = await chip.wakeUp();
    if (woken.ok) return baud === wanted ? woken : changeSpeed(chip, wanted, clock);
    if (chip.lost()) return woken;
  }
  return failed('chip-mute', 'none', 'the chip answers at no speed');
}

async function changeSpeed(chip: Chip, baud: number, clock: Clock): Promise<Reply<void>> {
  const changed = await chip.request(setSerialBaudRate(baud));
  if (!changed.ok) return changed;
  const acknowledged = chip.acknowledge();
  if (!acknowledged.ok) return acknowledged;
  const set = await chip.setBaud(baud);
  await sleep(clock, SPEED_SETTLE_MS);
  return set;
}

async function configure(chip: Chip, clock: Clock): Promise<Reply<void>> {
  const before = [
    rfTimings(ATR_TIMING, RETRY_TIMING),
    rfExchangeRetries(0),
    // One search and one repetition: the round must end soon when the field is empty.
    rfActivationRetries(1),
    rfField(false),
  ];
  for (const command of before) {
    const reply = await chip.request(command);
    if (!reply.ok) return reply;
  }
  await sleep(clock, FIELD_OFF_MS);
  return chip.request(rfField(true));
}

function addCounts(
  total: Record<string, number>,
  counts: Readonly<Record<string, number>>,
): Record<string, number> {
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}
