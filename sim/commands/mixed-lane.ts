/**
 * `tapway-sim lane --config FILE --simulate reader,sam,barrier`: the lane that `tapway gate` runs,
 * with virtual devices in the place of those named.
 */

import { loadConfig } from '../../config/load.ts';
import type { LaneConfig } from '../../config/schema.ts';
import { usable } from '../../controller/cli/shell.ts';
import type { Io } from '../../controller/commands/io.ts';
import { DEVICES, type Devices } from '../../controller/devices.ts';
import { runLane } from '../../controller/gate-main.ts';
import { createLog } from '../../controller/ops/log.ts';
import { within } from '../../firmware-bridge/clock.ts';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import { type CardReader, type Clock, ok } from '../../firmware-bridge/ports.ts';
import { createVirtualBarrier } from '../barrier/barrier.ts';
import type { Target } from '../card/target.ts';
import { cardOnTray } from '../card/tray.ts';
import { createField } from '../chip/field.ts';
import { attachToLink } from '../chip/on-link.ts';
import { createVirtualPn532 } from '../chip/pn532.ts';
import { REAL_TIMING } from '../chip/timing.ts';
import { createVirtualPsam } from '../sam/psam.ts';

export const SIMULABLE = ['reader', 'far_reader', 'sam', 'barrier'] as const;
export type Simulable = (typeof SIMULABLE)[number];

export interface MixedLaneOptions {
  readonly config: string;
  readonly simulate: readonly Simulable[];
  /** Which card of the tray comes to a simulated reader. */
  readonly card: string;
  /** The same at the other end; another card, or one card would be in two places. */
  readonly farCard: string;
  /** Seconds between two of its taps. */
  readonly every: number;
  readonly stopped: Promise<void>;
}

const PRESENT_MS = 2_000;

export async function runMixedLane(io: Io, options: MixedLaneOptions): Promise<number> {
  const { simulate, stopped } = options;
  const real = usable(io, loadConfig(options.config, io.env));
  if (!real) return 2;
  const config: LaneConfig = simulate.includes('sam')
    ? { ...real, sam: { ...real.sam, kind: 'psam' } }
    : real;
  if (config.production) {
    io.err('production lane: simulated devices are refused; try a copy with production: false');
    return 2;
  }
  if (simulate.includes('far_reader') && !config.far_reader) {
    io.err(`${options.config} has no far_reader to simulate: a lane with one end serves one way`);
    return 2;
  }
  const now_ms = io.clock.wall_ms();
  const cards = {
    reader: cardOnTray(options.card, now_ms).targets,
    far_reader: cardOnTray(options.farCard, now_ms).targets,
  };
  const log = createLog(config.log.level);
  log.warn({ simulated: simulate }, 'simulated devices: no money moves, no leaves move');
  return runLane({ io, config, log, stopped, devices: mixed(options, cards) });
}

/** What comes to a simulated reader. */
type Cards = Readonly<Record<'reader' | 'far_reader', readonly Target[]>>;

function mixed({ simulate, every, stopped }: MixedLaneOptions, cards: Cards): Devices {
  const rhythm = { pause_ms: every * 1_000, stopped };
  const virtual: Devices = {
    reader: ({ reader: config }, clock) =>
      virtualReader({ config, clock, targets: cards.reader, ...rhythm }),
    farReader: ({ far_reader: config }, clock) =>
      config ? virtualReader({ config, clock, targets: cards.far_reader, ...rhythm }) : null,
    samSlot: (_, clock) => createVirtualPsam(clock, { timed: true }),
    barrier: (_, clock) => createVirtualBarrier({ clock, walk: () => true }),
  };
  return {
    reader: simulate.includes('reader') ? virtual.reader : DEVICES.reader,
    farReader: simulate.includes('far_reader') ? virtual.farReader : DEVICES.farReader,
    samSlot: simulate.includes('sam') ? virtual.samSlot : DEVICES.samSlot,
    barrier: simulate.includes('barrier') ? virtual.barrier : DEVICES.barrier,
  };
}

interface VirtualReader {
  readonly config: LaneConfig['reader'];
  readonly clock: Clock;
  readonly targets: readonly Target[];
  readonly pause_ms: number;
  readonly stopped: Promise<void>;
}

/** A virtual PN532 to which one card comes again and again. */
function virtualReader({ config, clock, targets, pause_ms, stopped }: VirtualReader): CardReader {
  const field = createField();
  const chip = createVirtualPn532({ clock, field, timing: REAL_TIMING });
  const openLink = async () => {
    const { near, far } = createMemoryLinkPair('simulated reader');
    attachToLink(chip, far);
    return ok(near);
  };
  let going = true;
  const ended = stopped.then(() => {
    going = false;
    chip.power(false);
  });
  void (async () => {
    while (going) {
      await within(clock, pause_ms, ended);
      targets.forEach(field.enter);
      await within(clock, PRESENT_MS, ended);
      targets.forEach(field.leave);
    }
  })();
  return createPn532Reader({ openLink, clock, config, name: 'simulated reader' });
}
