/**
 * A gate: the lane, tap and passage machines around one reader. Polls the reader, hands each card
 * to the tap runner, opens the passage for what was paid, shows every result, and closes the lane
 * when a part fails without which no tap is safe.
 */

import { createActor } from 'xstate';
import type { LaneConfig } from '../../config/schema.ts';
import type {
  Barrier,
  BarrierEvent,
  Card,
  CardReader,
  Clock,
  Fault,
  Indicator,
  Reply,
  Sign,
} from '../../firmware-bridge/ports.ts';
import { describeFault } from '../../firmware-bridge/ports.ts';
import type { Blacklist } from '../blacklist/blacklist.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Log, maskSerial } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import { type Amounts, signFor } from './feedback.ts';
import { type LaneEvent, type LaneMode, laneMachine } from './lane.ts';
import type { Message } from './outcome.ts';
import { type PassageEvent, passageMachine } from './passage.ts';
import { createTapRunner, type TapResult } from './tap/runner.ts';

export interface GateDeps {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly reader: CardReader;
  readonly sam: PurchaseSam;
  readonly barrier: Barrier;
  readonly indicator: Indicator;
  readonly ledger: Ledger;
  readonly blacklist: Blacklist;
  readonly log: Log;
}

export interface GateSnapshot {
  readonly mode: LaneMode;
  readonly tap: string;
  readonly passage: string;
  readonly sign: Sign;
}

export interface Gate {
  /** Starts SAM and reader; the lane is in service, or says what it lacks and keeps trying. */
  start(): Promise<void>;
  /** Legal in every state; ends within two seconds. The ledger is closed by its owner. */
  stop(): Promise<void>;
  maintenance(on: boolean): void;
  snapshot(): GateSnapshot;
  /** Both return the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  onTap(listener: (result: TapResult) => void): () => void;
}

/** How long a lost part rests between attempts to bring it back. */
const HEAL_PAUSE_MS = 1_000;
/** Pause between looks at a card that has been served and still lies there. */
const REMOVAL_PAUSE_MS = 60;
/** Torn or failed taps that a card in the field may repeat before it must be taken away. */
const REPEATS_MAX = 3;

const IDLE_MESSAGE: Readonly<Record<LaneMode, Message>> = {
  starting: 'starting',
  inService: 'ready',
  degraded: 'ready',
  maintenance: 'maintenance',
  outOfService: 'out-of-service',
  emergency: 'emergency',
  stopped: 'closed',
};

export function createGate(deps: GateDeps): Gate {
  const { config, clock, reader, sam, barrier, ledger, log } = deps;
  const changes = new Set<() => void>();
  const tapListeners = new Set<(result: TapResult) => void>();
  const runner = createTapRunner({ ...deps, samSession: { ref: null } });
  const lane = createActor(laneMachine, { clock });
  const passage = createActor(
    passageMachine.provide({
      delays: { passageTimeout: config.lane.passage_timeout_ms },
      actions: {
        openLeaves: () => void drive(barrier.open(config.lane.direction)),
        closeLeaves: () => void drive(barrier.close()),
        recordPassage: ({ context }) => {
          if (context.used !== null) void ledger.append({ type: 'passage', ref: context.used });
        },
        raiseAlarm: () => log.warn({}, 'intrusion: somebody in the passage without a right'),
      },
    }),
    { clock },
  );
  let sign = signFor('starting', config);
  let signTimer: unknown;
  let wrongMac2 = 0;
  let repeats = 0;
  let loop: Promise<void> | null = null;
  let endBarrier = () => {};

  return {
    start,
    stop,
    maintenance: (on) => tellLane({ type: on ? 'MAINTENANCE_ON' : 'MAINTENANCE_OFF' }),
    snapshot: () => ({ mode: mode(), tap: runner.state, passage: place(), sign }),
    onChange: (listener) => subscribe(changes, listener),
    onTap: (listener) => subscribe(tapListeners, listener),
  };

  async function start(): Promise<void> {
    passage.subscribe(changed);
    runner.onState(changed);
    lane.start();
    passage.start();
    endBarrier = barrier.onEvent(onBarrier);
    showIdle();
    for (const problem of ledger.problems) {
      log.error({}, `ledger: ${problem}`);
      tellLane({ type: 'ALARM' });
    }
    const started = await sam.start();
    if (!started.ok) lose('sam', started.fault);
    const probed = await reader.recover();
    if (!probed.ok) lose('reader', probed.fault);
    tellLane({ type: 'READY' });
    loop = poll();
  }

  async function stop(): Promise<void> {
    tellLane({ type: 'STOP' });
    clock.clearTimeout(signTimer);
    endBarrier();
    await reader.close();
    await loop;
    await sam.close();
    passage.stop();
    lane.stop();
  }

  async function poll(): Promise<void> {
    while (mode() !== 'stopped') {
      if (!serving()) {
        await heal();
        await pause(HEAL_PAUSE_MS);
        continue;
      }
      const found = await reader.detect();
      if (!found.ok) await mendReader(found.fault);
      else if (found.value.kind === 'none') {
        repeats = 0;
        await pause(config.reader.poll_pause_ms);
      } else if (found.value.kind === 'card') await serve(found.value.card);
      else await turnAway(found.value.kind === 'several' ? 'several-cards' : 'unsupported-card');
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
    while (serving()) {
      const present = await card.present();
      if (!present.ok || !present.value) return;
      await pause(REMOVAL_PAUSE_MS);
    }
  }

  /** Two cards, or one that we cannot talk to: say so until the field is empty. */
  async function turnAway(message: Message): Promise<void> {
    log.info({ message }, 'tap refused by the reader');
    tellTap(emptyResult(message === 'several-cards' ? message : 'unsupported-card'));
    show(message);
    while (serving()) {
      const found = await reader.detect();
      if (!found.ok || found.value.kind === 'none') return;
      if (found.value.kind === 'card') await found.value.card.release();
      await pause(REMOVAL_PAUSE_MS);
    }
  }

  function conclude(result: TapResult): void {
    const { paid, fault } = result;
    const fields = { tap: result.id, message: result.message, card: maskSerial(result.serial) };
    log.info(fields, result.detail);
    countMac2(result);
    if (fault) onFault(fault);
    if (result.kind === 'granted' && paid) {
      passage.send({ type: 'OPEN', ref: paid.ref });
      show(result.message, paid);
    } else show(result.message);
    tellTap(result);
  }

  /** Consecutive wrong MAC2 point at the SAM rather than at the cards: have it examined. */
  function countMac2(result: TapResult): void {
    if (result.kind === 'granted') wrongMac2 = 0;
    if (result.message !== 'mac2-wrong') return;
    wrongMac2 += 1;
    log.error({ tap: result.id, consecutive: wrongMac2 }, 'wrong MAC2');
    if (wrongMac2 >= config.sam.mac2_fail_limit) tellLane({ type: 'PART_LOST', part: 'mac2' });
  }

  function onFault(fault: Fault): void {
    const part = partOf(fault);
    if (part) lose(part, fault);
    else log.warn({}, describeFault(fault));
  }

  function lose(part: string, fault: Fault): void {
    log.error({ part }, describeFault(fault));
    tellLane({ type: 'PART_LOST', part });
  }

  async function mendReader(fault: Fault): Promise<void> {
    if (mode() === 'stopped') return;
    log.warn({}, describeFault(fault));
    const back = await reader.recover();
    if (!back.ok && mode() !== 'stopped') lose('reader', back.fault);
  }

  /** Out of service, maintenance, emergency: keep the links alive and bring lost parts back. */
  async function heal(): Promise<void> {
    const { lost } = lane.getSnapshot().context;
    if (lost.includes('sam')) await bringBack('sam', sam.start());
    const alive = lost.includes('reader') ? reader.recover() : reader.probe();
    if (lost.includes('reader')) await bringBack('reader', alive);
    else {
      const answer = await alive;
      if (!answer.ok) lose('reader', answer.fault);
    }
  }

  async function bringBack(part: string, attempt: Promise<Reply<unknown>>): Promise<void> {
    const answer = await attempt;
    if (!answer.ok) return;
    log.info({ part }, 'back in service');
    tellLane({ type: 'PART_BACK', part });
  }

  async function drive(movement: Promise<Reply<void>>): Promise<void> {
    const answer = await movement;
    if (!answer.ok) lose('barrier', answer.fault);
  }

  function onBarrier(event: BarrierEvent): void {
    if (event === 'fire-on') tellLane({ type: 'FIRE_ON' });
    if (event === 'fire-off') tellLane({ type: 'FIRE_OFF' });
    passage.send(PASSAGE_EVENTS[event]);
  }

  function tellLane(event: LaneEvent): void {
    const before = mode();
    lane.send(event);
    const after = mode();
    if (before !== after) {
      log.info({ mode: after }, 'lane mode');
      showIdle();
    }
    changed();
  }

  function show(message: Message, amounts?: Amounts): void {
    put(signFor(message, config, amounts));
    signTimer = clock.setTimeout(showIdle, config.lane.result_shown_ms);
  }

  function showIdle(): void {
    put(signFor(IDLE_MESSAGE[mode()], config));
  }

  function put(next: Sign): void {
    clock.clearTimeout(signTimer);
    sign = next;
    deps.indicator.show(next);
    changed();
  }

  function tellTap(result: TapResult): void {
    for (const listener of tapListeners) listener(result);
    changed();
  }

  function changed(): void {
    for (const listener of changes) listener();
  }

  function mode(): LaneMode {
    const { value } = lane.getSnapshot();
    return value === 'settling' ? 'starting' : value;
  }

  function place(): string {
    return passage.getSnapshot().value;
  }

  function serving(): boolean {
    return mode() === 'inService' || mode() === 'degraded';
  }

  function pause(delay_ms: number): Promise<void> {
    return new Promise((resolve) => clock.setTimeout(resolve, delay_ms));
  }
}

const PASSAGE_EVENTS: Readonly<Record<BarrierEvent, PassageEvent>> = {
  opened: { type: 'OPENED' },
  closed: { type: 'CLOSED' },
  'zone-occupied': { type: 'ZONE_OCCUPIED' },
  'zone-free': { type: 'ZONE_FREE' },
  passed: { type: 'PASSED' },
  intrusion: { type: 'INTRUSION' },
  'fire-on': { type: 'FIRE_ON' },
  'fire-off': { type: 'FIRE_OFF' },
};

/** Which part of the lane a fault takes out; null for what only concerns this card. */
function partOf(fault: Fault): string | null {
  if (fault.code === 'assertion') return 'controller';
  if (fault.code.startsWith('ledger-')) return 'ledger';
  if (fault.code.startsWith('sam-') && fault.code !== 'sam-refused') return 'sam';
  return null;
}

function emptyResult(message: 'several-cards' | 'unsupported-card'): TapResult {
  const nothing = { fault: null, paid: null, serial: null, spans: [] };
  return { id: 0, kind: 'refused', message, detail: 'told by the reader', ...nothing };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
