/**
 * A whole lane under the timing model: the real gate, PN532 driver, PSAM client and ledger on the
 * real disk; behind them chip, card, PSAM and leaves of the simulation, in a metered clock.
 */

import { createGate } from '../../../controller/gate/gate.ts';
import { createNetwork } from '../../../controller/gate/network.ts';
import type { TapResult } from '../../../controller/gate/tap/runner.ts';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { sleep } from '../../../firmware-bridge/clock.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { createMemoryLinkPair } from '../../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import { ok, type SamSlot } from '../../../firmware-bridge/ports.ts';
import { createVirtualBarrier } from '../../../sim/barrier/barrier.ts';
import type { PurseCard } from '../../../sim/card/purse.ts';
import { createField } from '../../../sim/chip/field.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { REAL_TIMING } from '../../../sim/chip/timing.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { meteredDisk } from './disks.ts';
import { expectOk, psamClient, shippedLane } from './lane.ts';
import { createMeteredClock, type MeteredClock } from './metered-clock.ts';

export interface TimedTap {
  /** From the answer of the reader that names the card to the order to open the barrier. */
  readonly toOpen_ms: number;
  /** Of these, how long nothing but the ledger's disk was waited for. */
  readonly forDisk_ms: number;
  /** How long the intent and the debit were on their way to the disk, beside card and SAM. */
  readonly intent_ms: number;
  readonly outcome_ms: number;
}

export interface TimedLane {
  /** @param free controller and disk cost nothing: the floor */
  tap(card: PurseCard, free: boolean): Promise<TimedTap>;
  close(): Promise<void>;
}

const APART_MS = 600_000;
const SETTLE_MS = 150;
type Baud = 115_200 | 921_600;

export async function openTimedLane(directory: string, baud: Baud): Promise<TimedLane> {
  const clock = createMeteredClock();
  const shipped = shippedLane('flat');
  const config = { ...shipped, reader: { ...shipped.reader, baud } };
  const field = createField();
  const disk = meteredDisk(systemDisk, clock);
  const ledger = expectOk(await clock.until(openLedger({ disk, directory })));
  const leaves = createVirtualBarrier({
    ...{ clock: clock.devices, walk: () => true },
    ...{ travel_ms: 0, approach_ms: 0, pass_ms: 0 },
  });
  const found = { card_ms: 0, open_ms: 0 };
  const reader = createPn532Reader({
    openLink: linkTo(field, clock),
    clock,
    config: config.reader,
  });
  const gate = createGate({
    ...{ config, clock, ledger },
    reader: {
      ...reader,
      async detect() {
        const presence = await reader.detect();
        if (presence.ok && presence.value.kind === 'card') found.card_ms = clock.now_ms();
        return presence;
      },
    },
    sam: psamClient(slotIn(clock), config),
    barrier: {
      ...leaves,
      open(direction) {
        found.open_ms = clock.now_ms();
        return clock.outside(() => leaves.open(direction));
      },
    },
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
  return { tap, close };

  async function tap(card: PurseCard, free: boolean): Promise<TimedTap> {
    clock.skip(APART_MS);
    clock.free = free;
    card.restore({ ...card.snapshot(), balance_fen: 5_000 });
    const told = new Promise<TapResult>((resolve) => {
      const end = gate.onTap((result) => {
        end();
        resolve(result);
      });
    });
    field.enter(card);
    const { kind, detail, spans } = await clock.until(told);
    if (kind !== 'granted') throw new Error(`the tap was ${kind}: ${detail}`);
    field.leave(card);
    await clock.until(sleep(clock, SETTLE_MS));
    return { toOpen_ms: found.open_ms - found.card_ms, ...diskIn(spans) };
  }

  async function close(): Promise<void> {
    await clock.until(gate.stop());
    leaves.stop();
    await clock.until(ledger.close());
  }
}

/** The span of a write, and how far it reaches beyond what runs beside it. */
function diskIn(spans: TapResult['spans']): Omit<TimedTap, 'toOpen_ms'> {
  const span = (wanted: string) => {
    const found = spans.find(({ name }) => name === wanted);
    if (!found) throw new Error(`no span ${wanted}`);
    return found;
  };
  const beyond = (write: string, ...beside: string[]) =>
    Math.max(0, span(write).to_ms - Math.max(...beside.map((name) => span(name).to_ms)));
  const length = (name: string) => span(name).to_ms - span(name).from_ms;
  return {
    forDisk_ms: beyond('intent', '8070', '80DC') + beyond('outcome', '8072'),
    intent_ms: length('intent'),
    outcome_ms: length('outcome'),
  };
}

function linkTo(field: ReturnType<typeof createField>, clock: MeteredClock) {
  const chip = createVirtualPn532({ clock: clock.devices, field, timing: REAL_TIMING });
  return async () => {
    const { near, far } = createMemoryLinkPair('simulated reader');
    chip.onSend((bytes) => {
      far.write(bytes);
    });
    far.listen({ data: (bytes) => clock.outside(() => chip.receive(bytes)), lost() {} });
    // A line of the wrong speed carries noise; so the driver has to find and change the speed.
    const write = (bytes: Buffer) =>
      near.baud() === chip.baud ? near.write(bytes) : ok(undefined);
    return ok({ ...near, write });
  };
}

function slotIn(clock: MeteredClock): SamSlot {
  const psam = createVirtualPsam(clock.devices);
  return { ...psam, transceive: (...sent) => clock.outside(() => psam.transceive(...sent)) };
}
