/**
 * Keeps the lane's mode: has each device supervised on its own, and tells the lane machine which
 * parts are lost and which are back.
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
  /** Open to passengers? */
  readonly serving: boolean;
  send(event: LaneEvent): void;
  /** Logs a fault; its part is mended, and the lane closed if nobody may pay meanwhile. */
  report(fault: Fault): void;
  /** The barrier tells that it is back. */
  barrierFound(): void;
  /** Brings every device up for the first time; then the lane is ready, or not. */
  begin(rehearsed: Promise<unknown>): Promise<void>;
  /** One detection. After a fault it waits until the reader is mended, or lost. */
  look(): Promise<Reply<Presence>>;
  /** One round of bringing back what has no supervisor: the ledger. */
  heal(): Promise<void>;
  /** For the log and the metrics, by part. */
  counters(): Readonly<Record<Part, Readonly<Record<string, number>>>>;
  /** Closes a device; returns in time, whatever it does. */
  close(part: Part, limit_ms?: number): Promise<void>;
  stop(): void;
}

export type Part = 'reader' | 'sam' | 'barrier';

export interface LaneKeeperOptions {
  readonly config: Pick<LaneConfig, 'reader'>;
  readonly clock: Clock;
  readonly reader: CardReader;
  readonly sam: PurchaseSam;
  readonly barrier: Barrier;
  readonly ledger: Pick<Ledger, 'recover'>;
  readonly log: Log;
  /** Power switches of devices; none: the last rung is missing. */
  readonly replug?: { readonly reader?: Replug; readonly sam?: Replug };
  /** A tap is under way: neither reader nor SAM is to be disturbed. */
  readonly tapping: () => boolean;
  readonly onMode: () => void;
}

/** A driver's own deadlines are shorter; this one is for a driver that hangs. */
const LOOK_MS = 900;

export function createLaneKeeper(options: LaneKeeperOptions): LaneKeeper {
  const { clock, reader, sam, barrier, ledger, log, replug = {}, onMode } = options;
  const actor = createActor(laneMachine, { clock }).start();
  const quiet = createQuiet(clock);
  const devices: Readonly<Record<Part, Supervisor>> = {
    reader: supervise('reader', readerDevice(reader, replug.reader)),
    sam: supervise('sam', samDevice(sam, replug.sam)),
    barrier: supervise('barrier', barrierDevice(barrier)),
  };

  return {
    get mode() {
      return mode();
    },
    get serving() {
      return mode() === 'inService' || mode() === 'degraded';
    },
    send,
    report,
    barrierFound: () => devices.barrier.found(),
    begin,
    look,
    heal,
    counters: () => ({
      reader: devices.reader.counters(),
      sam: devices.sam.counters(),
      barrier: devices.barrier.counters(),
    }),
    close: (part, limit_ms) => devices[part].stop(limit_ms),
    stop: () => actor.stop(),
  };

  function supervise(part: Part, device: Device): Supervisor {
    const { config, tapping } = options;
    const busy = part === 'barrier' ? () => false : tapping;
    const { heartbeat_ms } = config.reader;
    const onState = (state: LinkState, why: Why) => follow(part, state, why);
    return createSupervisor({ device, clock, heartbeat_ms, busy, onState });
  }

  function follow(part: Part, state: LinkState, { fault, helped }: Why): void {
    // The loop waits while the reader recovers; a tap must never meet a SAM that is being started.
    const lost = state === 'lost' || (state === 'recovering' && part !== 'reader');
    if (state === 'lost' && fault) complain(part, fault, 'lost');
    const away = actor.getSnapshot().context.lost.includes(part);
    if (lost && !away) send({ type: 'PART_LOST', part });
    if (state !== 'ready' || !away) return;
    log.info({ part, helped }, 'back in service');
    send({ type: 'PART_BACK', part });
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

  async function look(): Promise<Reply<Presence>> {
    const watch = devices.reader;
    await watch.settled();
    if (watch.state === 'lost' || watch.state === 'stopped') return lostReader();
    const found = await detectInTime();
    if (found.ok || found.fault.code.startsWith('card-')) {
      watch.alive();
      if (!found.ok) complain(null, found.fault, 'fault');
      return found;
    }
    if (mode() === 'stopped') return found;
    complain('reader', found.fault, 'fault');
    watch.fault(found.fault);
    await watch.settled();
    return found;
  }

  function lostReader(): Reply<Presence> {
    return failed('link-lost', 'none', `${reader.name} is lost`);
  }

  function detectInTime(): Promise<Reply<Presence>> {
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
    if (!actor.getSnapshot().context.lost.includes('ledger')) return;
    const answer = await ledger.recover();
    if (!answer.ok) return;
    log.info({ part: 'ledger' }, 'back in service');
    send({ type: 'PART_BACK', part: 'ledger' });
  }
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
