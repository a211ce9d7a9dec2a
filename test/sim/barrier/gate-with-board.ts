/** The real passage machine and driver in front of the virtual board, in virtual time. */

import {
  createPassageKeeper,
  type PassageKeeper,
} from '../../../controller/gate/passage-keeper.ts';
import { ok } from '../../../firmware-bridge/ports.ts';
import type { Passenger } from '../../../sim/barrier/people.ts';
import { laneConfig } from '../../controller/gate/tap/bench.ts';
import {
  type BarrierBench,
  type BenchOptions,
  barrierBench,
} from '../../firmware-bridge/barrier/bench.ts';

export interface GateWithBoard extends BarrierBench {
  readonly keeper: PassageKeeper;
  /** Incidents, and `passed <ref>` for the ledger, as they come. */
  readonly told: string[];
  readonly lane: { fire: boolean; key: boolean; lost: number; found: number };
  /** Somebody pays; a new right each time. */
  pay(direction?: 'in' | 'out'): void;
  walk(passenger?: Partial<Passenger>): void;
  end(): Promise<void>;
}

export async function gateWithBoard(options: BenchOptions = {}): Promise<GateWithBoard> {
  const bench = barrierBench(options);
  const { clock, barrier, board } = bench;
  const told: string[] = [];
  const lane = { fire: false, key: false, lost: 0, found: 0 };
  const silent = () => {};
  let refs = 0;
  const keeper = createPassageKeeper({
    ...{ config: laneConfig('flat'), clock, barrier },
    ledger: {
      async append(record) {
        if (record.type === 'passage') told.push(`passed ${record.ref}`);
        return ok(0);
      },
    },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    onFire: (on) => {
      lane.fire = on;
    },
    onKey: (on) => {
      lane.key = on;
    },
    onFault: () => {
      lane.lost += 1;
    },
    onFound: () => {
      lane.found += 1;
    },
    onIncident: (incident) => told.push(incident),
    changed: silent,
  });
  await clock.until(barrier.recover());
  await clock.advance(1_500);
  return Object.assign(bench, {
    ...{ keeper, told, lane },
    pay(direction: 'in' | 'out' = 'in') {
      refs += 1;
      keeper.open(refs, direction);
    },
    walk: (passenger: Partial<Passenger> = {}) => board.walk({ from: 'near', ...passenger }),
    async end() {
      keeper.stop();
      await clock.until(barrier.close());
      board.stop();
    },
  });
}
