/**
 * Keeps the lane's mode: has each device supervised on its own, and tells the lane machine which
 * parts are lost and which are back. Of two readers one may be lost: its end closes, no more.
 */

import { createActor } from 'xstate';
import type { LaneConfig } from '../../config/schema.ts';
import {
  type Barrier,
  type CardReader,
  type Clock,
  describeFault,
  type Fault,
  failed,
  type Presence,
  type Reply,
  type Timer,
} from '../../firmware-bridge/ports.ts';
import {
  barrierDevice,
  type Replug,
  readerDevice,
  samDevice,
} from '../../firmware-bridge/supervise/devices.ts';
import type { LinkState } from '../../firmware-bridge/supervise/machine.ts';
import { createQuiet } from '../../firmware-bridge/supervise/quiet.ts';
import {
  createSupervisor,
  type Device,
  type Supervisor,
  type Why,
} from '../../firmware-bridge/supervise/supervisor.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import { type LaneEvent, type LaneMode, laneMachine } from './lane.ts';

export interface LaneKeeper {
  readonly mode: LaneMode;
  /** Open to passengers who pay? */
  readonly serving: boolean;
  /** And that reader with it? */
  serves(reader: ReaderPart): boolean;
  send(event: LaneEvent): void;
  /** Logs a fault; its part is mended, and the lane closed if nobody may pay meanwhile. */
  report(fault: Fault): void;
  /** The barrier tells that it is back. */
  barrierFound(): void;
  /** Brings every device up for the first time; then the lane is ready, or not. */
  begin(rehearsed: Promise<unknown>): Promise<void>;
  /** One detection. After a fault it waits until the reader is mended, or lost. */
  look(reader: ReaderPart): Promise<Reply<Presence>>;
  /** One round of bringing back what has no supervisor: the ledger. */
  heal(): Promise<void>;
  /** For the log and the metrics, by part. */
  counters(): Readonly<Record<Exclude<Part, 'far_reader'>, Counters>> & {
    readonly far_reader?: Counters;
  };
  /** Closes a device; returns in time, whatever it does. */
  close(part: Part, limit_ms?: number): Promise<void>;
  stop(): void;
}

type Counters = Readonly<Record<string, number>>;

/** As the configuration names them. */
export type ReaderPart = 'reader' | 'far_reader';
export type Part = ReaderPart | 'sam' | 'barrier';

export interface LaneKeeperOptions {
  readonly config: Pick<LaneConfig, 'reader' | 'supervise'>;
  readonly clock: Clock;
  readonly reader: CardReader;
  /** At the other end of a lane for both directions. */
  readonly farReader?: CardReader | undefined;
  readonly sam: PurchaseSam;
  readonly barrier: Barrier;
  readonly ledger: Pick<Ledger, 'recover'>;
  readonly log: Log;
  /** Power switches of devices; none: the last rung is missing. */
  readonly replug?: { readonly [P in Exclude<Part, 'barrier'>]?: Replug };
  /** A tap is under way that uses this device: it is not to be disturbed. */
  readonly tapping: (part: Part) => boolean;
  /** Another mode, or one of two readers serves no longer, or again. */
  readonly onMode: () => void;
}

/** A driver's own deadlines are shorter; this one is for a driver that hangs. */
const LOOK_MS = 900;
/** The leaves must not swing with a SAM that fails and is back: so long it may take to heal. */
const WAIVE_MS = 5_000;

export function createLaneKeeper(options: LaneKeeperOptions): LaneKeeper {
  const { config, clock, reader, farReader, sam, barrier, ledger, log, onMode } = options;
  const { replug = {} } = options;
  const actor = createActor(laneMachine, { clock }).start();
  const quiet = createQuiet(clock);
  let healing = false;
  let waiving: Timer = null;
  const lostReaders = new Set<ReaderPart>();
  const readers = { reader, ...(farReader && { far_reader: farReader }) };
  const devices: Readonly<Record<Exclude<Part, 'far_reader'>, Supervisor>> & {
    readonly far_reader?: Supervisor;
  } = {
    reader: supervise('reader', readerDevice(reader, replug.reader)),
    ...(farReader && {
      far_reader: supervise('far_reader', readerDevice(farReader, replug.far_reader)),
    }),
    sam: supervise('sam', samDevice(sam, replug.sam)),
    barrier: supervise('barrier', barrierDevice(barrier)),
  };

  return {
    get mode() {
      return mode();
    },
    get serving() {
      return serving();
    },
    serves: (part) => serving() && devices[part]?.state !== 'lost',
    send,
    report,
    barrierFound: () => devices.barrier.found(),
    begin,
    look,
    heal,
    counters: () => ({
      reader: devices.reader.counters(),
      ...(devices.far_reader && { far_reader: devices.far_reader.counters() }),
      sam: devices.sam.counters(),
      barrier: devices.barrier.counters(),
    }),
    close: async (part, limit_ms) => devices[part]?.stop(limit_ms),
    stop() {
      clock.clearTimeout(waiving);
      actor.stop();
    },
  };

  function supervise(part: Part, device: Device): Supervisor {
    const busy = () => part !== 'barrier' && options.tapping(part);
    const { heartbeat_ms } = config.reader;
    const onState = (state: LinkState, why: Why) => follow(part, state, why);
    return createSupervisor({ device, clock, heartbeat_ms, busy, onState });
  }

  function follow(part: Part, state: LinkState, { fault, helped }: Why): void {
    if (state === 'lost' && fault) complain(part, fault, 'lost');
    if (isReader(part)) followReader(part, state, helped);
    else followOther(part, state, helped);
  }

  /** The loop waits while its reader recovers. With two readers the lane serves on without one. */
  function followReader(part: ReaderPart, state: LinkState, helped: Why['helped']): void {
    const back = lostReaders.has(part);
    if (state !== (back ? 'ready' : 'lost')) return;
    if (back) log.info({ part, helped }, 'back in service');
    if (back) lostReaders.delete(part);
    else lostReaders.add(part);
    const all = lostReaders.size === Object.keys(readers).length;
    if (all) send({ type: 'PART_LOST', part: 'reader' });
    send({ type: back ? 'ALARM_OFF' : 'ALARM_ON', part });
    if (!all) send({ type: 'PART_BACK', part: 'reader' });
    onMode();
  }

  /** A tap must never meet a SAM that is being started: it is away before it is lost. */
  function followOther(part: Part, state: LinkState, helped: Why['helped']): void {
    const { lost, waived } = actor.getSnapshot().context;
    const away = lost.includes(part) || waived.includes(part);
    if ((state === 'recovering' || state === 'lost') && !away) {
      send({ type: 'PART_LOST', part });
      if (part === 'sam' && config.supervise.when_lost.sam === 'free') waiveLater(part);
    }
    if (state !== 'ready' || !away) return;
    if (part === 'sam') clock.clearTimeout(waiving);
    log.info({ part, helped }, 'back in service');
    send({ type: 'PART_BACK', part });
  }

  function waiveLater(part: Part): void {
    waiving = clock.setTimeout(() => send({ type: 'PART_WAIVED', part }), WAIVE_MS);
  }

  function serving(): boolean {
    return mode() === 'inService' || mode() === 'degraded';
  }

  function mode(): LaneMode {
    const { value } = actor.getSnapshot();
    // `settling` is left in the same step in which it is entered.
    return value === 'settling' ? 'starting' : value;
  }

  function send(event: LaneEvent): void {
    const before = mode();
    actor.send(event);
    if (before === mode()) return;
    log.info({ mode: mode() }, 'lane mode');
    onMode();
  }

  function report(fault: Fault): void {
    const part = partOf(fault);
    complain(part, fault, 'fault');
    if (part === 'sam' || part === 'barrier') devices[part].fault(fault);
    else if (part) send({ type: 'PART_LOST', part });
  }

  /** Within the budget of the log: a fault that repeats is told once a minute. */
  function complain(part: string | null, fault: Fault, what: 'fault' | 'lost'): void {
    const kept = quiet(`${part} ${what} ${fault.code}`);
    if (kept === null) return;
    const fields = { ...(part && { part }), ...(kept > 0 && { kept_back: kept }) };
    const text = describeFault(fault);
    if (what === 'lost') log.error(fields, `out of service: ${text}`);
    else if (part && part !== 'reader') log.error(fields, text);
    else log.warn(fields, text);
  }

  async function begin(rehearsed: Promise<unknown>): Promise<void> {
    // Side by side: one device's trouble must not keep another waiting.
    await Promise.all([rehearsed, ...Object.values(devices).map((device) => device.start())]);
    send({ type: 'READY' });
  }

  async function look(part: ReaderPart): Promise<Reply<Presence>> {
    const watch = devices[part];
    const reader = readers[part];
    if (!watch || !reader) return failed('link-absent', 'none', `no ${part} here`);
    await watch.settled();
    if (watch.state === 'lost' || watch.state === 'stopped') {
      return failed('link-lost', 'none', `${reader.name} is lost`);
    }
    const found = await detectInTime(reader);
    if (found.ok || found.fault.code.startsWith('card-')) {
      watch.alive();
      if (!found.ok) complain(null, found.fault, 'fault');
      return found;
    }
    if (mode() === 'stopped') return found;
    complain(part, found.fault, 'fault');
    watch.fault(found.fault);
    await watch.settled();
    return found;
  }

  function detectInTime(reader: CardReader): Promise<Reply<Presence>> {
    return new Promise((resolve) => {
      const late = failed('chip-mute', 'none', `${reader.name}: no detection in ${LOOK_MS} ms`);
      const timer = clock.setTimeout(() => resolve(late), LOOK_MS);
      void reader.detect().then((found) => {
        clock.clearTimeout(timer);
        resolve(found);
      });
    });
  }

  async function heal(): Promise<void> {
    if (healing || !actor.getSnapshot().context.lost.includes('ledger')) return;
    healing = true;
    const answer = await ledger.recover();
    healing = false;
    if (!answer.ok) return;
    log.info({ part: 'ledger' }, 'back in service');
    send({ type: 'PART_BACK', part: 'ledger' });
  }
}

function isReader(part: Part): part is ReaderPart {
  return part === 'reader' || part === 'far_reader';
}

/**
 * Which part of the lane a tap's fault takes out. Null for what concerns one card alone, and for
 * the reader, whose next detection shows whether it still works.
 */
function partOf({ code }: Fault): string | null {
  switch (code) {
    case 'card-gone':
    case 'card-mute':
    case 'card-garbled':
    case 'sam-refused':
    case 'blacklist-unreadable':
    case 'list-refused':
    case 'ledger-busy':
    case 'link-absent':
    case 'link-lost':
    case 'link-busy':
    case 'chip-mute':
    case 'chip-refused':
    case 'chip-garbled':
    // Of a kiosk alone.
    case 'printer-lost':
    case 'printer-stopped':
    case 'voice-mute':
    case 'hsm-lost':
    case 'hsm-refused':
      return null;
    case 'sam-absent':
    case 'sam-mute':
    case 'sam-keys':
      return 'sam';
    // Starts like any other SAM, and is not to be trusted: nothing here brings it back.
    case 'sam-distrusted':
      return 'mac2';
    case 'ledger-write':
    case 'ledger-held':
    case 'ledger-full':
    case 'ledger-damaged':
      return 'ledger';
    case 'barrier-lost':
      return 'barrier';
    case 'assertion':
      return 'controller';
  }
}
