/**
 * A whole gate in virtual time: real machines, PN532 driver, PSAM client and ledger; a virtual
 * chip, cards and PSAM; a disk in memory. Nothing moves unless the clock does, so a seed repeats
 * exactly.
 */

import { createGate, type Gate } from '../../controller/gate/gate.ts';
import { createNetwork } from '../../controller/gate/network.ts';
import { type Ledger, openLedger } from '../../controller/ledger/ledger.ts';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import { type Clock, ok } from '../../firmware-bridge/ports.ts';
import { createVirtualBarrier } from '../../sim/barrier/barrier.ts';
import { createField, type Field } from '../../sim/chip/field.ts';
import { attachToLink } from '../../sim/chip/on-link.ts';
import { createVirtualPn532 } from '../../sim/chip/pn532.ts';
import { REAL_TIMING, type Timing } from '../../sim/chip/timing.ts';
import { createVirtualPsam } from '../../sim/sam/psam.ts';
import { expectOk, psamClient, shippedLane } from '../bench/kit/lane.ts';
import { createFakeClock, type FakeClock } from '../kit/fake-clock.ts';
import { MemoryDisk } from '../kit/memory-disk.ts';

/** `real`: as a card of today. `quick`: so quick that all of a purchase fits into a flick. */
export type Pace = 'real' | 'quick';

const QUICKER = 12;
const QUICK_TIMING: Timing = {
  ...REAL_TIMING,
  uart_ms: (bytes, baud) => REAL_TIMING.uart_ms(bytes, baud) / QUICKER,
  work_ms: (card_ms) => card_ms / QUICKER,
};

export interface VirtualLane {
  readonly clock: FakeClock;
  /** The wall clock alone goes on. */
  later(time_ms: number): void;
  wall_ms(): number;
  readonly field: Field;
  readonly gate: Gate;
  readonly ledger: Ledger;
  /** The card that was last handed to the gate, and when the reader had begun to look for it. */
  readonly met: { readonly uid: Buffer; readonly since_ms: number };
  /** Within it a card that has paid and not passed never pays again. */
  readonly recovery_window_ms: number;
  /** Ends all; timers left over. */
  end(): Promise<number>;
}

export async function openVirtualLane(pace: Pace): Promise<VirtualLane> {
  const clock = createFakeClock();
  let skipped_ms = 0;
  const time: Clock = { ...clock, wall_ms: () => clock.wall_ms() + skipped_ms };
  const config = shippedLane('flat');
  const field = createField();
  const timing = pace === 'real' ? REAL_TIMING : QUICK_TIMING;
  const chip = createVirtualPn532({ clock: time, field, timing });
  const openLink = async () => {
    const { near, far } = createMemoryLinkPair('virtual reader');
    attachToLink(chip, far);
    return ok(near);
  };
  const disk = new MemoryDisk();
  const ledger = expectOk(await clock.until(openLedger({ disk, directory: '/ledger' })));
  const barrier = createVirtualBarrier({
    ...{ clock: time, walk: () => true },
    ...{ travel_ms: 0, approach_ms: 0, pass_ms: 0 },
  });
  const met = { uid: Buffer.alloc(0), since_ms: 0 };
  const reader = createPn532Reader({ openLink, clock: time, config: config.reader });
  const gate = createGate({
    ...{ config, clock: time, ledger, barrier },
    reader: {
      ...reader,
      async detect() {
        const since_ms = clock.now_ms();
        const found = await reader.detect();
        if (!found.ok || found.value.kind !== 'card') return found;
        Object.assign(met, { uid: found.value.card.uid, since_ms });
        return found;
      },
    },
    sam: psamClient(createVirtualPsam(time, { timed: pace === 'real' }), config),
    indicator: { show() {} },
    blacklist: {
      check: () => ({ kind: 'clear' }),
      health: () => ({ kind: 'good' }),
      onHealth: () => () => {},
    },
    network: createNetwork(config.site),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await clock.until(gate.start());
  return {
    ...{ clock, field, gate, ledger, met, wall_ms: time.wall_ms },
    recovery_window_ms: config.lane.recovery_window_s * 1_000,
    later(time_ms) {
      skipped_ms += time_ms;
    },
    async end() {
      await clock.until(gate.stop());
      barrier.stop();
      chip.power(false);
      await clock.until(ledger.close());
      return clock.timers();
    },
  };
}
