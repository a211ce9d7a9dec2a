/** Opens the simulated lane that the commands share: configuration, station, tray, memory. */

import { loadConfig, shippedDirectory } from '../../config/load.ts';
import type { LaneConfig } from '../../config/schema.ts';
import { bcdStamp, hexOf } from '../../controller/card/bytes.ts';
import { createLog, type Log } from '../../controller/ops/log.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import type { Clock, Sign } from '../../firmware-bridge/ports.ts';
import type { PurseCard } from '../card/purse.ts';
import { createTray, type TrayEntry } from '../card/tray.ts';
import { recall, remember } from '../lane/memory.ts';
import type { SkippingClock } from '../lane/skipping-clock.ts';
import { openStation, type Station } from '../lane/station.ts';

export interface LaneChoice {
  /** Absent: a shipped lane of this kind. */
  readonly config?: string | undefined;
  readonly lane: 'flat' | 'entry' | 'exit';
  readonly data: string;
}

export interface OpenOptions {
  readonly choice: LaneChoice;
  readonly clock: SkippingClock;
  readonly timed: boolean;
  readonly logLevel: Parameters<typeof createLog>[0];
  readonly walk: () => boolean;
  readonly onSign: (sign: Sign) => void;
  /** Cards beside those of the tray, whose memory is kept as well. */
  readonly cards: readonly PurseCard[];
}

export interface OpenLane {
  readonly config: LaneConfig;
  readonly station: Station;
  readonly tray: readonly TrayEntry[];
  readonly log: Log;
  /** Writes down what cards and PSAM remember. */
  readonly settled: () => void;
}

/** Throws with all that is wrong in words: the commands print it and end. */
export async function openLane(options: OpenOptions): Promise<OpenLane> {
  const { choice, clock, timed, cards } = options;
  const config = configOf(choice, timed);
  const log = createLog(options.logLevel);
  const { walk, onSign } = options;
  const opened = await openStation({ config, clock, disk: systemDisk, log, timed, walk, onSign });
  if (!opened.ok)
    throw new Error(`the lane does not start: ${opened.fault.detail} (data in ${choice.data})`);
  const station = opened.value;
  const tray = createTray(today(clock, config));
  const kept = { psam: station.psam, cards: [...cards, ...pursesOf(tray)] };
  try {
    // Time that was skipped stays skipped: a ledger must not see the clock run back.
    clock.skip(Math.max(0, recall(choice.data, kept) - clock.wall_ms()));
  } catch (error) {
    await station.close();
    throw error;
  }
  const settled = () => remember(choice.data, { ...kept, wall_ms: clock.wall_ms() });
  return { config, station, tray, log, settled };
}

/** Virtual devices stand where the file names real ones; all else is the file's. */
function configOf({ config: file, lane, data }: LaneChoice, timed: boolean): LaneConfig {
  const loaded = loadConfig(file ?? `${shippedDirectory()}/lanes/${lane}.yaml`, process.env);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  const { config } = loaded;
  const reader = timed ? config.reader : { ...config.reader, poll_pause_ms: 1 };
  return { ...config, data_dir: data, reader, production: false };
}

function pursesOf(tray: readonly TrayEntry[]): PurseCard[] {
  return tray.flatMap(({ targets }) =>
    targets.filter((target): target is PurseCard => 'snapshot' in target),
  );
}

function today(clock: Clock, config: LaneConfig): string {
  return hexOf(bcdStamp(clock.wall_ms(), config.site.utc_offset_minutes)).slice(0, 8);
}
