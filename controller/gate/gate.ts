/**
 * A gate: polls one reader, hands each card to the tap runner, opens the passage for what was paid
 * and shows every result. Its parts keep the rest: lane-keeper the mode, passage-keeper the leaves,
 * sign-board the sign.
 */

import type { LaneConfig } from '../../config/schema.ts';
import type {
  Barrier,
  Card,
  CardReader,
  Clock,
  Indicator,
  Presence,
  Sign,
  Timer,
} from '../../firmware-bridge/ports.ts';
import type { WatchedBlacklist } from '../blacklist/blacklist.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Log, maskSerial } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import type { LaneMode } from './lane.ts';
import { createLaneKeeper, type LaneKeeper, type LaneKeeperOptions } from './lane-keeper.ts';
import { followBlacklist } from './list-watch.ts';
import type { Network } from './network.ts';
import { createPassageKeeper } from './passage-keeper.ts';
import { createSignBoard } from './sign-board.ts';
import { createTapRunner, type TapResult } from './tap/runner.ts';

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
  /** How the power of a device is switched, where the board can. */
  readonly replug?: LaneKeeperOptions['replug'];
}

export interface GateSnapshot {
  readonly mode: LaneMode;
  readonly tap: string;
  readonly passage: string;
  readonly sign: Sign;
}

export interface Gate {
  /** Starts SAM and reader; the lane is in service, or says what it lacks and keeps trying. */
  start(rehearsed?: Promise<unknown>): Promise<void>;
  /** Legal in every state; ends within two seconds. The ledger is closed by its owner. */
  stop(): Promise<void>;
  maintenance(on: boolean): void;
  /** How long ago the lane's loop last went round; a watchdog wants to know. */
  stillFor_ms(): number;
  snapshot(): GateSnapshot;
  /** What was done to keep each device alive, for the log and the metrics. */
  counters: LaneKeeper['counters'];
  /** Both return the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  onTap(listener: (result: TapResult) => void): () => void;
}

/** Torn or failed taps that a card in the field may repeat before it must be taken away. */
const REPEATS_MAX = 3;
/** Together what `stop` may take. */
const TAP_ENDS_MS = 1_200;
const CLOSE_MS = 700;

export function createGate(deps: GateDeps): Gate {
  const { config, clock, barrier, ledger, log } = deps;
  const changes = new Set<() => void>();
  const tapListeners = new Set<(result: TapResult) => void>();
  const runner = createTapRunner({ ...deps, samSession: { ref: null } });
  let beaten_ms = clock.now_ms();
  let wrongMac2 = 0;
  let repeats = 0;
  let loop: Promise<void> | null = null;
  /** Ends the pause of the loop. */
  let wake = () => {};
  const lane = createLaneKeeper({
    ...deps,
    tapping: () => runner.state !== 'idle',
    onMode() {
      board.idle();
      // A lane that is back does not wait for the next heartbeat.
      wake();
    },
  });
  const board = createSignBoard({ ...deps, mode: () => lane.mode, changed: refresh });
  const passage = createPassageKeeper({
    ...{ config, clock, barrier, ledger, log, changed },
    onFire: (on) => lane.send({ type: on ? 'FIRE_ON' : 'FIRE_OFF' }),
    onFault: lane.report,
    onFound: lane.barrierFound,
    onKey: maintenance,
  });
  const endListWatch = followBlacklist({ ...deps, send: lane.send });

  return {
    start,
    stop,
    maintenance,
    snapshot,
    counters: lane.counters,
    stillFor_ms: () => clock.now_ms() - beaten_ms,
    onChange: (listener) => subscribe(changes, listener),
    onTap: (listener) => subscribe(tapListeners, listener),
  };

  function snapshot(): GateSnapshot {
    return {
      mode: lane.mode,
      tap: runner.state,
      passage: passage.state,
      sign: board.sign,
    };
  }

  async function start(rehearsed: Promise<unknown> = Promise.resolve()): Promise<void> {
    runner.onState(changed);
    board.idle();
    for (const problem of ledger.problems) {
      log.error({}, `ledger: ${problem}`);
      lane.send({ type: 'ALARM_ON', part: 'ledger' });
    }
    await lane.begin(rehearsed);
    loop = poll();
  }

  async function stop(): Promise<void> {
    lane.send({ type: 'STOP' });
    board.stop();
    wake();
    // A tap under way ends first, with its money told, as far as the devices let it.
    await atMost(
      TAP_ENDS_MS,
      lane.close('reader', TAP_ENDS_MS).then(() => loop),
    );
    passage.stop();
    await Promise.all([lane.close('sam', CLOSE_MS), lane.close('barrier', CLOSE_MS)]);
    endListWatch();
    lane.stop();
  }

  async function poll(): Promise<void> {
    while (lane.mode !== 'stopped') {
      beat();
      if (lane.serving && passage.full) await pause(config.reader.poll_pause_ms);
      else if (lane.serving) await lookForCard();
      else {
        await lane.heal();
        await pause(config.reader.heartbeat_ms);
      }
    }
  }

  function beat(): void {
    beaten_ms = clock.now_ms();
  }

  async function lookForCard(): Promise<void> {
    const found = await lane.look();
    if (found.ok && lane.serving) return meet(found.value);
    // Fire or the service key came while the reader looked: nobody pays any more.
    if (found.ok) return release(found.value);
    await pause(config.reader.poll_pause_ms);
  }

  async function meet(presence: Presence): Promise<void> {
    switch (presence.kind) {
      case 'none':
        repeats = 0;
        return pause(config.reader.poll_pause_ms);
      case 'card':
        return serve(presence.card);
      case 'several':
        return turnAway('several-cards');
      case 'unsupported':
        return turnAway('unsupported-card');
    }
  }

  async function serve(card: Card): Promise<void> {
    const result = await runner.run(card);
    conclude(result);
    const settled = result.kind === 'granted' || result.kind === 'refused';
    repeats = settled ? 0 : repeats + 1;
    if (settled || repeats >= REPEATS_MAX) await waitForRemoval(card);
    await card.release();
  }

  /** A card must be seen to leave before the next tap counts. */
  async function waitForRemoval(card: Card): Promise<void> {
    while (lane.serving) {
      beat();
      const present = await card.present();
      // Noise is no leave: the card may still lie there, and would pay a second time.
      if (!present.ok) return waitForEmptyField();
      if (!present.value) return;
      await pause(config.reader.poll_pause_ms);
    }
  }

  async function waitForEmptyField(): Promise<void> {
    while (lane.serving) {
      beat();
      const found = await lane.look();
      if (found.ok && found.value.kind === 'none') return;
      if (found.ok) await release(found.value);
      await pause(config.reader.poll_pause_ms);
    }
  }

  async function release(presence: Presence): Promise<void> {
    if (presence.kind === 'card') await presence.card.release();
  }

  /** Two cards, or one that we cannot talk to: say so until the field is empty. */
  async function turnAway(message: 'several-cards' | 'unsupported-card'): Promise<void> {
    log.info({ message }, 'refused by the reader');
    board.tell(message);
    tell(refusedByReader(message));
    await waitForEmptyField();
  }

  function conclude(result: TapResult): void {
    const { id, kind, message, detail, paid, amounts, fault, serial } = result;
    log.info({ tap: id, message, card: maskSerial(serial) }, detail);
    if (fault) lane.report(fault);
    if (kind === 'granted' && paid) passage.open(paid.ref);
    // Fire, or a part lost by this very tap: what the lane says is more urgent than the result.
    if (lane.serving) board.tell(message, amounts ?? undefined);
    countMac2(result);
    tell(result);
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

  /** The lamps of the gate follow the sign. */
  function refresh(): void {
    passage.show({ serving: lane.serving, concession: board.message === 'pass-concession' });
    changed();
  }

  function tell(result: TapResult): void {
    for (const listener of tapListeners) listener(result);
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

  function pause(delay_ms: number): Promise<void> {
    if (lane.mode === 'stopped') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, delay_ms);
      wake = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}

function refusedByReader(message: 'several-cards' | 'unsupported-card'): TapResult {
  const nothing = { fault: null, paid: null, amounts: null, serial: null, spans: [] };
  return { id: 0, kind: 'refused', message, detail: 'told by the reader', ...nothing };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
