/** A tap runner over the simulated card and PSAM, called directly. */

import { join } from 'node:path';
import { loadConfig, shippedDirectory } from '../../../config/load.ts';
import type { LaneConfig } from '../../../config/schema.ts';
import type { Blacklist } from '../../../controller/blacklist/blacklist.ts';
import { createNetwork } from '../../../controller/gate/network.ts';
import { createTapRunner } from '../../../controller/gate/tap/runner.ts';
import type { TapDeps } from '../../../controller/gate/tap/tap.ts';
import { openLedger } from '../../../controller/ledger/ledger.ts';
import { createPsam } from '../../../controller/sam/psam.ts';
import type { PurchaseSam } from '../../../controller/sam/sam.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { ok, type Reply, type SamSlot } from '../../../firmware-bridge/ports.ts';
import type { CardProfile } from '../../../sim/card/personalise.ts';
import { createPurseCard, type PurseCard } from '../../../sim/card/purse.ts';
import { SIM_ISSUER, SIM_KEYS } from '../../../sim/keys.ts';
import { createVirtualPsam } from '../../../sim/sam/psam.ts';
import { forgetfulDisk } from './disks.ts';
import { collectGarbage } from './garbage.ts';
import { createTape, type Said, type Tape, type Wire } from './tape.ts';

export type Kind = 'flat' | 'entry';

export function shippedLane(kind: Kind): LaneConfig {
  const loaded = loadConfig(join(shippedDirectory(), `lanes/${kind}.yaml`), {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}

export function expectOk<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

/** SYNTHETIC, as on the simulator's tray. */
export function cardNumber(number: number): PurseCard {
  const profile: CardProfile = {
    name: `card ${number}`,
    uid: `04A1B2${String(number).padStart(8, '0')}`,
    serial: `03104399${String(number).padStart(12, '0')}`,
    issuer: SIM_ISSUER,
    city: '3320',
    start: '20230101',
    expiry: '20331231',
    cardType: '00',
    cardKind: '01',
    interoperable: true,
    balance_fen: 5_000,
    algorithm: 'sm4',
  };
  return createPurseCard(profile, SIM_KEYS);
}

export function psamClient(slot: SamSlot, { sam }: LaneConfig): PurchaseSam {
  return createPsam(slot, {
    timeout_ms: sam.timeout_ms,
    application: Buffer.from(sam.application, 'hex'),
    lockKeyUsage: Number.parseInt(sam.lock_key_usage, 16),
    lockKeyVersion: Number.parseInt(sam.lock_key_version, 16),
  });
}

/** Every tap comes ten minutes after the one before, so that no card is known from just now. */
const CARDS = 64;
const NO_LIST: Blacklist = { check: () => ({ kind: 'clear' }) };
const APART_MS = 600_000;
const START_MS = Date.UTC(2026, 0, 1, 1);

export interface Spent {
  readonly wall_ms: number;
  /** Of the whole process, its collector and compiler threads included. */
  readonly cpu_ms: number;
}

export interface TapLane {
  /**
   * As many granted taps; for each the controller's own time, without card, SAM and disk.
   * @param clean collects the simulation's garbage before; default true
   */
  play(taps: number, clean?: boolean): Promise<Spent[]>;
}

/**
 * Every tap is played twice: with virtual cards and the virtual PSAM, whose answers are taken down,
 * and then by a second controller, which gets these answers and is measured. So neither the time
 * nor the garbage of the simulation is in the figure, and each command is compared with the first.
 */
export async function createTapLane(kind: Kind, blacklist: Blacklist = NO_LIST): Promise<TapLane> {
  const config = shippedLane(kind);
  const start = createTape();
  const psam = createVirtualPsam(systemClock, { timed: false });
  const simulated = await createRunner({ config, blacklist }, start.record(psam));
  const measured = await createRunner({ config, blacklist }, start.replay());
  const cards = Array.from({ length: CARDS }, (_, number) => cardNumber(number));
  let next = 0;
  return {
    async play(taps, clean = true) {
      const tapes: Tape[] = [];
      for (let tap = 0; tap < taps; tap += 1) {
        const card = cards[next % CARDS];
        next += 1;
        if (!card) throw new Error('no such card');
        tapes.push(await takeDown(simulated, psam, card));
      }
      if (clean) collectGarbage();
      const spent: Spent[] = [];
      for (const tape of tapes) {
        // As in a lane, where every answer comes by way of the event loop.
        await new Promise((turn) => setImmediate(turn));
        const wire = tape.replay();
        spent.push(await spentIn(tape, () => measured(wire, wire)));
      }
      return spent;
    },
  };
}

/** @param tape answers meanwhile; its time does not count */
async function spentIn(tape: Tape, work: () => Promise<void>): Promise<Spent> {
  const cpu = process.cpuUsage();
  const began_ms = performance.now();
  await work();
  const wall_ms = performance.now() - began_ms - tape.spent_ms;
  const { user, system } = process.cpuUsage(cpu);
  return { wall_ms, cpu_ms: (user + system) / 1_000 - tape.spent_ms };
}

/** What SAM and card say at the start of a lane and in its first tap. */
export interface FirstTap {
  readonly start: readonly Said[];
  readonly tap: readonly Said[];
}

export async function recordFirstTap(kind: Kind): Promise<FirstTap> {
  const start = createTape();
  const psam = createVirtualPsam(systemClock, { timed: false });
  const parts = { config: shippedLane(kind), blacklist: NO_LIST };
  const simulated = await createRunner(parts, start.record(psam));
  const tape = await takeDown(simulated, psam, cardNumber(1));
  return { start: await start.said(), tap: await tape.said() };
}

/** Plays it, in a process that has done nothing of the kind yet. */
export async function replayFirstTap(config: LaneConfig, { start, tap }: FirstTap): Promise<Spent> {
  const parts = { config, blacklist: NO_LIST };
  const runner = await createRunner(parts, createTape(start).replay());
  const tape = createTape(tap);
  const wire = tape.replay();
  await new Promise((turn) => setImmediate(turn));
  return spentIn(tape, () => runner(wire, wire));
}

/** One tap of a card that holds ¥50 and no open entry. */
async function takeDown(simulated: Player, psam: Wire, card: PurseCard): Promise<Tape> {
  const { trips: _, ...memory } = card.snapshot();
  card.restore({ ...memory, balance_fen: 5_000, trips: ['00'.repeat(48)] });
  const tape = createTape();
  const wire: Wire = { transceive: async (sent) => ok(card.exchange(sent).answer) };
  await simulated(tape.record(wire), tape.record(psam));
  return tape;
}

type Player = (card: Wire, sam: Wire) => Promise<void>;

/** Takes cards in virtual wall time; the SAM's wire may change from card to card. */
async function createRunner(
  { config, blacklist }: Pick<TapDeps, 'blacklist'> & { readonly config: LaneConfig },
  start: Wire,
): Promise<Player> {
  let wall_ms = START_MS;
  let samWire = start;
  const close = async () => {};
  const slot = { name: 'bench', reset: async () => ok(Buffer.alloc(0)), close };
  const sam = psamClient({ ...slot, transceive: (...sent) => samWire.transceive(...sent) }, config);
  expectOk(await sam.start());
  const runner = createTapRunner({
    config,
    clock: { ...systemClock, wall_ms: () => wall_ms },
    sam,
    ledger: expectOk(await openLedger({ disk: forgetfulDisk(), directory: 'ledger' })),
    blacklist,
    network: createNetwork(config.site),
    samSession: { ref: null },
  });
  const card = { uid: Buffer.alloc(7), ats: Buffer.alloc(0), present: async () => ok(true) };
  return async (wire, ofSam) => {
    wall_ms += APART_MS;
    samWire = ofSam;
    const { kind, detail } = await runner.run({ ...card, release: close, ...wire });
    if (kind !== 'granted') throw new Error(`the tap was ${kind}: ${detail}`);
  };
}
