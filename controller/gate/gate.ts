/**
 * A gate: gives the cards of its one or two ends to the tap runner, opens the passage for what was
 * paid and shows every result. Its parts keep the rest: side an end with its reader, lane-keeper
 * the mode, passage-keeper the leaves, sign-board the sign.
 */

import type { LaneConfig } from '../../config/schema.ts';
import type {
  Barrier,
  Card,
  CardReader,
  Clock,
  Direction,
  Fault,
  FaultCode,
  Indicator,
  Sign,
  Timer,
} from '../../firmware-bridge/ports.ts';
import type { WatchedBlacklist } from '../blacklist/blacklist.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Log, maskSerial } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import { createFreePassage } from './free-passage.ts';
import type { LaneMode } from './lane.ts';
import {
  createLaneKeeper,
  type LaneKeeper,
  type LaneKeeperOptions,
  type ReaderPart,
} from './lane-keeper.ts';
import { followBlacklist } from './list-watch.ts';
import type { Network } from './network.ts';
import { createPassageKeeper } from './passage-keeper.ts';
import { createSide, farConfig, type Side, type Unreadable } from './side.ts';
import { createSignBoard, type SignBoard } from './sign-board.ts';
import { createTapRunner, type TapResult } from './tap/runner.ts';
import type { TapLedger } from './tap/tap.ts';

export interface GateDeps {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly reader: CardReader;
  readonly sam: PurchaseSam;
  readonly barrier: Barrier;
  readonly indicator: Indicator;
  readonly ledger: Ledger;
  readonly blacklist: WatchedBlacklist;
  readonly network: Network;
  readonly log: Log;
  /** The other end of a lane for both directions. */
  readonly far?: { readonly reader: CardReader; readonly indicator: Indicator };
  /** How the power of a device is switched, where the board can. */
  readonly replug?: LaneKeeperOptions['replug'];
}

export interface GateSnapshot {
  readonly mode: LaneMode;
  readonly tap: string;
  readonly passage: string;
  /** Passengers who have paid and not yet passed. */
  readonly rights: number;
  readonly sign: Sign;
  /** At the other end, where the lane has one. */
  readonly farSign?: Sign;
}

export interface Gate {
  /** Starts SAM and reader; the lane is in service, or says what it lacks and keeps trying. */
  start(rehearsed?: Promise<unknown>): Promise<void>;
  /** Legal in every state; ends within two seconds. The ledger is closed by its owner. */
  stop(): Promise<void>;
  maintenance(on: boolean): void;
  /** How long ago a loop of the lane last went round, the slower one; a watchdog wants to know. */
  stillFor_ms(): number;
  snapshot(): GateSnapshot;
  /** What was done to keep each device alive, for the log and the metrics. */
  counters: LaneKeeper['counters'];
  /** Both return the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  onTap(listener: TapListener): () => void;
}

/** @param direction in which the card would pass: tells the end at which it was tapped */
type TapListener = (result: TapResult, direction: Direction) => void;

interface End {
  readonly part: ReaderPart;
  readonly direction: Direction;
  readonly board: SignBoard;
  readonly side: Side;
}

/** Together what `stop` may take. */
const TAP_ENDS_MS = 1_200;
const CLOSE_MS = 700;
/** What closes the lane until the ledger has recovered. */
const DISK_FAULTS: readonly FaultCode[] = ['ledger-write', 'ledger-full'];

export function createGate(deps: GateDeps): Gate {
  const { config, clock, barrier, log, far } = deps;
  const ledger = watched(deps.ledger, (fault) => lane.report(fault));
  const changes = new Set<() => void>();
  const tapListeners = new Set<TapListener>();
  const runner = createTapRunner({ ...deps, ledger, samSession: { ref: null } });
  const ends: End[] = [];
  /** The end whose card is in the tap: both share one SAM and one passage. */
  let turn: ReaderPart | null = null;
  let wrongMac2 = 0;
  let loops: Promise<unknown> = Promise.resolve();
  const lane = createLaneKeeper({
    ...deps,
    farReader: far?.reader,
    tapping: (part) => turn !== null && (part === 'sam' || part === turn),
    onMode: follow,
  });
  const free = createFreePassage({ config, clock, ledger, log, onFault: lane.report });
  const passage = createPassageKeeper({
    ...{ config, clock, barrier, ledger, log, changed: refresh },
    onFire: (on) => lane.send({ type: on ? 'FIRE_ON' : 'FIRE_OFF' }),
    onFault: lane.report,
    onFound: lane.barrierFound,
    onKey: maintenance,
    onUnpaid: free.count,
    onFeedback: (heard) => lane.send({ type: heard ? 'PART_BACK' : 'PART_LOST', part: 'leaves' }),
  });
  const near = createEnd('reader', config, deps.indicator);
  ends.push(near);
  if (far) ends.push(createEnd('far_reader', farConfig(config), far.indicator));
  const endListWatch = followBlacklist({ ...deps, send: lane.send });

  return {
    start,
    stop,
    maintenance,
    snapshot,
    counters: lane.counters,
    stillFor_ms: () => Math.max(...ends.map(({ side }) => side.stillFor_ms())),
    onChange: (listener) => subscribe(changes, listener),
    onTap: (listener) => subscribe(tapListeners, listener),
  };

  function createEnd(part: ReaderPart, ofEnd: LaneConfig, indicator: Indicator): End {
    const { direction } = ofEnd.lane;
    const board = createSignBoard({
      ...{ config: ofEnd, clock, indicator, mode: () => lane.mode, changed: light },
      serves: () => lane.serves(part),
      busy: () => passage.busyFor(direction),
    });
    const end = { part, direction, board };
    const side = createSide({
      ...{ part, config: ofEnd, clock, lane },
      mustWait: () => turn !== null || passage.full || passage.busyFor(direction),
      async tap(card: Card) {
        turn = part;
        const result = await runner.run(card, ofEnd);
        conclude(result, end);
        turn = null;
        return result;
      },
      turnedAway: (message) => turnedAway(message, end),
    });
    return { ...end, side };
  }

  function snapshot(): GateSnapshot {
    const [, other] = ends;
    return {
      mode: lane.mode,
      tap: runner.state,
      passage: passage.state,
      rights: passage.rights,
      sign: near.board.sign,
      ...(other && { farSign: other.board.sign }),
    };
  }

  async function start(rehearsed: Promise<unknown> = Promise.resolve()): Promise<void> {
    runner.onState(changed);
    for (const { board } of ends) board.idle();
    for (const problem of deps.ledger.problems) {
      log.error({}, `ledger: ${problem}`);
      lane.send({ type: 'ALARM_ON', part: 'ledger' });
    }
    await lane.begin(rehearsed);
    loops = Promise.all(ends.map(({ side }) => side.run()));
  }

  async function stop(): Promise<void> {
    lane.send({ type: 'STOP' });
    for (const { board } of ends) board.stop();
    // A tap under way ends first, with its money told, as far as the devices let it.
    const readers = (['reader', 'far_reader'] as const).map((part) =>
      lane.close(part, TAP_ENDS_MS),
    );
    await atMost(
      TAP_ENDS_MS,
      Promise.all(readers).then(() => loops),
    );
    passage.stop();
    await Promise.all([lane.close('sam', CLOSE_MS), lane.close('barrier', CLOSE_MS)]);
    endListWatch();
    lane.stop();
  }

  /** The lane's mode is another, or one of its ends serves no longer, or again. */
  function follow(): void {
    free.follow(lane.mode === 'free');
    if (lane.mode !== 'stopped') passage.free(lane.mode === 'free');
    for (const { board, side } of ends) {
      board.idle();
      // A lane that is back does not wait for the next heartbeat.
      side.wake();
    }
  }

  /** Two cards, or one that we cannot talk to. */
  function turnedAway(message: Unreadable, { board, direction }: Omit<End, 'side'>): void {
    log.info({ message }, 'refused by the reader');
    board.tell(message);
    tell(refusedByReader(message), direction);
  }

  function conclude(result: TapResult, { board, direction }: Omit<End, 'side'>): void {
    const { id, kind, message, detail, paid, amounts, fault, serial } = result;
    log.info({ tap: id, message, card: maskSerial(serial) }, detail);
    if (fault) lane.report(fault);
    if (kind === 'granted' && paid) passage.open(paid.ref, direction);
    // Fire, or a part lost by this very tap: what the lane says is more urgent than the result.
    if (lane.serving) board.tell(message, amounts ?? undefined);
    countMac2(result);
    tell(result, direction);
  }

  /**
   * Consecutive wrong MAC2 point at the SAM rather than at the cards: have it examined. Only what
   * 8072 judged counts: not a card in quarantine, nor one that opens again without a debit.
   */
  function countMac2({ kind, message, spans }: TapResult): void {
    if (!spans.some(({ name }) => name === '8072')) return;
    if (kind === 'granted') wrongMac2 = 0;
    if (message !== 'mac2-wrong') return;
    wrongMac2 += 1;
    log.error({ consecutive: wrongMac2 }, 'wrong MAC2');
    if (wrongMac2 >= config.sam.mac2_fail_limit) lane.send({ type: 'PART_LOST', part: 'mac2' });
  }

  function maintenance(on: boolean): void {
    lane.send({ type: on ? 'MAINTENANCE_ON' : 'MAINTENANCE_OFF' });
  }

  /** The signs follow the passage: at the other end one waits. */
  function refresh(): void {
    for (const { board } of ends) board.refresh();
    changed();
  }

  /** The lamps of the gate follow the signs. */
  function light(): void {
    const open = ends.filter(({ part }) => lane.mode === 'free' || lane.serves(part));
    passage.show({
      welcome: open.map(({ direction }) => direction),
      concession: ends.some(({ board }) => board.message === 'pass-concession'),
    });
    changed();
  }

  function tell(result: TapResult, direction: Direction): void {
    for (const listener of tapListeners) listener(result, direction);
    changed();
  }

  function changed(): void {
    for (const listener of changes) listener();
  }

  async function atMost(limit_ms: number, work: Promise<unknown>): Promise<void> {
    let timer: Timer = null;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, limit_ms);
    });
    await Promise.race([work, late]);
    clock.clearTimeout(timer);
  }
}

function refusedByReader(message: Unreadable): TapResult {
  const nothing = { fault: null, paid: null, amounts: null, serial: null, spans: [] };
  return { id: 0, kind: 'refused', message, detail: 'told by the reader', ...nothing };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * The ledger as tap and passage use it. Not every record is waited for; a disk that fails at one of
 * those is told all the same, so that it is mended before the next card and not by its refusal.
 */
function watched(ledger: Ledger, report: (fault: Fault) => void): TapLedger {
  return {
    async append(record) {
      const answer = await ledger.append(record);
      if (!answer.ok && DISK_FAULTS.includes(answer.fault.code)) report(answer.fault);
      return answer;
    },
    openStory: (card) => ledger.openStory(card),
    lastClosed: (card) => ledger.lastClosed(card),
  };
}
