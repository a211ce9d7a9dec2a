/** Joins the passage machine to the barrier and to the ledger. */

import { createActor } from 'xstate';
import type { LaneConfig } from '../../config/schema.ts';
import type { Barrier, BarrierEvent, Clock, Fault, Reply } from '../../firmware-bridge/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../ops/log.ts';
import { type PassageEvent, passageMachine, RIGHTS_MAX } from './passage.ts';

export interface PassageKeeper {
  readonly state: string;
  /** As many have paid and not yet passed as the lane can hold: nobody else may pay now. */
  readonly full: boolean;
  /** Gives a right to pass, paid by the story `ref`. */
  open(ref: number): void;
  stop(): void;
}

export interface PassageKeeperOptions {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly barrier: Barrier;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly onFire: (on: boolean) => void;
  readonly onFault: (fault: Fault) => void;
  readonly changed: () => void;
}

const EVENTS: Readonly<Record<BarrierEvent, PassageEvent>> = {
  opened: { type: 'OPENED' },
  closed: { type: 'CLOSED' },
  'zone-occupied': { type: 'ZONE_OCCUPIED' },
  'zone-free': { type: 'ZONE_FREE' },
  passed: { type: 'PASSED' },
  intrusion: { type: 'INTRUSION' },
  'fire-on': { type: 'FIRE_ON' },
  'fire-off': { type: 'FIRE_OFF' },
};

export function createPassageKeeper(options: PassageKeeperOptions): PassageKeeper {
  const { config, clock, barrier, ledger, log, onFire, onFault, changed } = options;
  const machine = passageMachine.provide({
    delays: { passageTimeout: config.lane.passage_timeout_ms },
    actions: {
      openLeaves: () => void drive(barrier.open(config.lane.direction)),
      closeLeaves: () => void drive(barrier.close()),
      recordPassage: ({ context }) => {
        if (context.used !== null) void ledger.append({ type: 'passage', ref: context.used });
      },
      raiseAlarm: () => log.warn({}, 'intrusion: somebody in the passage without a right'),
    },
  });
  const actor = createActor(machine, { clock });
  actor.subscribe(changed);
  actor.start();
  const unsubscribe = barrier.onEvent((event) => {
    if (event === 'fire-on' || event === 'fire-off') onFire(event === 'fire-on');
    actor.send(EVENTS[event]);
  });

  return {
    get state() {
      return actor.getSnapshot().value;
    },
    get full() {
      return actor.getSnapshot().context.rights.length >= RIGHTS_MAX;
    },
    open: (ref) => actor.send({ type: 'OPEN', ref }),
    stop() {
      unsubscribe();
      actor.stop();
    },
  };

  async function drive(movement: Promise<Reply<void>>): Promise<void> {
    const answer = await movement;
    if (!answer.ok) onFault(answer.fault);
  }
}
