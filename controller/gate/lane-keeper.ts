/**
 * Keeps the lane's mode: tells the lane machine what is lost and what is back, and brings lost
 * parts back while the lane is closed.
 */

import { createActor } from 'xstate';
import {
  type CardReader,
  type Clock,
  describeFault,
  type Fault,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import type { Log } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import { type LaneEvent, type LaneMode, laneMachine } from './lane.ts';

export interface LaneKeeper {
  readonly mode: LaneMode;
  /** Open to passengers? */
  readonly serving: boolean;
  send(event: LaneEvent): void;
  /** Logs a fault and closes the lane if it took a part out. */
  report(fault: Fault): void;
  /** Brings the SAM and the reader up for the first time; then the lane is ready, or not. */
  begin(): Promise<void>;
  /** The reader failed while detecting: one recovery at once, before the lane closes. */
  mendReader(fault: Fault): Promise<void>;
  /** One round of keeping links alive and bringing lost parts back. */
  heal(): Promise<void>;
  stop(): void;
}

export interface LaneKeeperOptions {
  readonly clock: Clock;
  readonly reader: CardReader;
  readonly sam: PurchaseSam;
  readonly log: Log;
  readonly onMode: () => void;
}

export function createLaneKeeper(options: LaneKeeperOptions): LaneKeeper {
  const { clock, reader, sam, log, onMode } = options;
  const actor = createActor(laneMachine, { clock }).start();

  return {
    get mode() {
      return mode();
    },
    get serving() {
      return mode() === 'inService' || mode() === 'degraded';
    },
    send,
    report,
    begin,
    mendReader,
    heal,
    stop: () => actor.stop(),
  };

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
    if (part) lose(part, fault);
    else log.warn({}, describeFault(fault));
  }

  function lose(part: string, fault: Fault): void {
    log.error({ part }, describeFault(fault));
    send({ type: 'PART_LOST', part });
  }

  async function begin(): Promise<void> {
    const started = await sam.start();
    if (!started.ok) lose('sam', started.fault);
    const found = await reader.recover();
    if (!found.ok) lose('reader', found.fault);
    send({ type: 'READY' });
  }

  async function mendReader(fault: Fault): Promise<void> {
    if (mode() === 'stopped') return;
    log.warn({}, describeFault(fault));
    const back = await reader.recover();
    if (!back.ok && mode() !== 'stopped') lose('reader', back.fault);
  }

  async function heal(): Promise<void> {
    const { lost } = actor.getSnapshot().context;
    if (lost.includes('sam')) await bringBack('sam', sam.start());
    if (lost.includes('reader')) return bringBack('reader', reader.recover());
    const alive = await reader.probe();
    if (!alive.ok && mode() !== 'stopped') lose('reader', alive.fault);
  }

  async function bringBack(part: string, attempt: Promise<Reply<unknown>>): Promise<void> {
    const answer = await attempt;
    if (!answer.ok) return;
    log.info({ part }, 'back in service');
    send({ type: 'PART_BACK', part });
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
    case 'link-absent':
    case 'link-lost':
    case 'link-busy':
    case 'chip-mute':
    case 'chip-refused':
    case 'chip-garbled':
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
