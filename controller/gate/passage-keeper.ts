/** Joins the passage machine to the barrier, its lamps and buzzer, and to the ledger. */

import { createActor } from 'xstate';
import type { LaneConfig } from '../../config/schema.ts';
import {
  type Barrier,
  type BarrierEvent,
  type Clock,
  type Direction,
  type Fault,
  failed,
  type GateSignal,
  type Reply,
  type Timer,
} from '../../firmware-bridge/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../ops/log.ts';
import { type Incident, type PassageEvent, passageMachine, RIGHTS_MAX } from './passage.ts';

export interface PassageKeeper {
  readonly state: string;
  /** How many have paid and not yet passed. */
  readonly rights: number;
  /** As many as the lane can hold: nobody else may pay now. */
  readonly full: boolean;
  /** The lane serves the other end at this moment: nobody may pay for this direction now. */
  busyFor(direction: Direction): boolean;
  /** Gives a right to pass, paid by the story `ref`; in `lane.direction` if none is named. */
  open(ref: number, direction?: Direction): void;
  /** Everybody may pass unpaid, until it is taken back. */
  free(on: boolean): void;
  /** What the lamps should say besides the state of the passage. */
  show(view: View): void;
  stop(): void;
}

interface View {
  /** Ways in which the lane takes people now. */
  readonly welcome: readonly Direction[];
  readonly concession: boolean;
}

export interface PassageKeeperOptions {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly barrier: Barrier;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly log: Log;
  readonly onFire: (on: boolean) => void;
  readonly onFault: (fault: Fault) => void;
  /** The board is back after `barrier-lost`. */
  readonly onFound?: () => void;
  readonly onKey?: (on: boolean) => void;
  /** Do the leaves report that they moved as ordered? Told when it changes. */
  readonly onFeedback?: (heard: boolean) => void;
  readonly onIncident?: (incident: Incident) => void;
  /** Somebody passed while everybody may. */
  readonly onUnpaid?: () => void;
  readonly changed: () => void;
}

const EVENTS: Readonly<Record<BarrierEvent, PassageEvent | null>> = {
  opened: { type: 'OPENED' },
  closed: { type: 'CLOSED' },
  'zone-occupied': { type: 'ZONE_OCCUPIED' },
  'zone-free': { type: 'ZONE_FREE' },
  passed: { type: 'PASSED' },
  'passed-against': { type: 'PASSED_AGAINST' },
  'turned-back': { type: 'TURNED_BACK' },
  intrusion: { type: 'INTRUSION' },
  'fire-on': { type: 'FIRE_ON' },
  'fire-off': { type: 'FIRE_OFF' },
  'key-on': null,
  'key-off': null,
  lost: { type: 'LOST' },
  found: { type: 'FOUND' },
};

/** How loud an incident is: staff is called by an alarm, the rest is for the log. */
const INCIDENTS: Readonly<Record<Incident, { readonly alarm: boolean; readonly text: string }>> = {
  intrusion: { alarm: true, text: 'somebody came into the passage without a right' },
  tailgating: { alarm: true, text: 'somebody went through behind a passenger who had paid' },
  'reverse-entry': { alarm: true, text: 'somebody went through against the direction' },
  forced: { alarm: true, text: 'somebody went through the shut gate' },
  obstruction: { alarm: true, text: 'the safety zone stays occupied; clear it, clean the beams' },
  'turned-back': { alarm: false, text: 'a passenger turned back; the right stays' },
  'unused-right': { alarm: false, text: 'a paid passage was not used; its card opens again' },
  'far-side-refused': { alarm: false, text: 'paid at the far end of a busy lane; tap again' },
  'never-opened': { alarm: true, text: 'the leaves never reported open; check their sensor' },
  'never-closed': { alarm: true, text: 'the leaves never reported shut; check their sensor' },
  'barrier-lost': { alarm: false, text: 'nothing is known of the passage' },
};

/** How long the buzzer sounds. */
const ALARM_MS = 3_000;

export function createPassageKeeper(options: PassageKeeperOptions): PassageKeeper {
  const { config, clock, barrier, ledger, log, changed } = options;
  let view: View = { welcome: [], concession: false };
  let buzzing: Timer | null = null;
  let shown = '';
  let reporting = true;
  const machine = passageMachine.provide({
    delays: { passageTimeout: config.lane.passage_timeout_ms },
    actions: {
      openLeaves: ({ context }) =>
        void drive(barrier.open(context.direction ?? config.lane.direction)),
      closeLeaves: () => void drive(barrier.shut()),
      recordPassage: ({ context }) => {
        if (context.used !== null) void ledger.append({ type: 'passage', ref: context.used });
      },
      countUnpaid: () => options.onUnpaid?.(),
      tell: (_, { incident }) => tell(incident),
    },
  });
  const actor = createActor(machine, { clock });
  actor.subscribe(() => {
    light();
    changed();
  });
  actor.start();
  const unsubscribe = barrier.onEvent(hear);

  return {
    get state() {
      return actor.getSnapshot().value;
    },
    get rights() {
      return actor.getSnapshot().context.rights.length;
    },
    get full() {
      return actor.getSnapshot().context.rights.length >= RIGHTS_MAX;
    },
    busyFor,
    open: (ref, direction = config.lane.direction) => actor.send({ type: 'OPEN', ref, direction }),
    free: (on) => actor.send({ type: on ? 'FREE_ON' : 'FREE_OFF' }),
    show(next) {
      view = next;
      light();
    },
    stop() {
      unsubscribe();
      clock.clearTimeout(buzzing);
      actor.stop();
    },
  };

  function hear(event: BarrierEvent): void {
    // The machine first: with fire the leaves must move before anything is told or logged.
    const told = EVENTS[event];
    if (told) actor.send(told);
    if (event === 'opened' || event === 'closed') noteFeedback(true);
    if (event === 'fire-on' || event === 'fire-off') options.onFire(event === 'fire-on');
    if (event === 'key-on' || event === 'key-off') options.onKey?.(event === 'key-on');
    if (event === 'lost') {
      options.onFault(failed('barrier-lost', 'none', `${barrier.name} is lost`).fault);
    }
    if (event === 'found') options.onFound?.();
  }

  function noteFeedback(heard: boolean): void {
    if (heard === reporting) return;
    reporting = heard;
    options.onFeedback?.(heard);
  }

  async function drive(movement: Promise<Reply<void>>): Promise<void> {
    const answer = await movement;
    if (!answer.ok) options.onFault(answer.fault);
  }

  function tell(incident: Incident): void {
    const { alarm, text } = INCIDENTS[incident];
    if (alarm) log.warn({ incident }, text);
    else log.info({ incident }, text);
    if (alarm) buzz();
    if (incident === 'never-opened' || incident === 'never-closed') noteFeedback(false);
    options.onIncident?.(incident);
  }

  function buzz(): void {
    clock.clearTimeout(buzzing);
    buzzing = clock.setTimeout(() => {
      buzzing = null;
      light();
    }, ALARM_MS);
    light();
  }

  function busyFor(direction: Direction): boolean {
    const { value, context } = actor.getSnapshot();
    // While the leaves close, who paid in time may still step in.
    const closing = value === 'closing' && context.rights.length === 0;
    const free = closing || value === 'closed' || value === 'free';
    return !free && context.direction !== null && context.direction !== direction;
  }

  function light(): void {
    const signal = signalNow();
    const words = JSON.stringify(signal);
    if (words === shown) return;
    shown = words;
    barrier.signal(signal);
  }

  function signalNow(): GateSignal {
    const { value } = actor.getSnapshot();
    const welcome = (direction: Direction) =>
      value === 'emergency' ||
      (value !== 'blind' && view.welcome.includes(direction) && !busyFor(direction));
    return {
      near: welcome('in') ? 'green' : 'red',
      far: welcome('out') ? 'green' : 'red',
      concession: view.concession,
      buzzer: buzzing !== null,
    };
  }
}
