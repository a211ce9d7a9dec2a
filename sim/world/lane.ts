/** One life of the controller in the world: the real gate on the world's ports, until it dies. */

import { loadConfig, shippedDirectory } from '../../config/load.ts';
import type { LaneConfig } from '../../config/schema.ts';
import { createGate, type Gate } from '../../controller/gate/gate.ts';
import { createNetwork } from '../../controller/gate/network.ts';
import { type Ledger, openLedger } from '../../controller/ledger/ledger.ts';
import { keepHouse } from '../../controller/ops/housekeeping.ts';
import { createPsam, psamOptions } from '../../controller/sam/psam.ts';
import { createMemoryLinkPair, type MemoryLink } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import {
  type CardReader,
  type Disk,
  failed,
  ok,
  type Reply,
  type SamSlot,
} from '../../firmware-bridge/ports.ts';
import { attachToLink } from '../chip/on-link.ts';
import type { VirtualPn532 } from '../chip/pn532.ts';
import { SIM_LIST_KEY } from '../keys.ts';
import { type Chance, createChance } from '../lane/chance.ts';
import type { Board } from './board.ts';
import { createSummaryFiles } from './index-files.ts';
import type { Lists } from './lists.ts';
import { type Border, boardOf, diskOf, lineOf, listOf, logOf, slotOf } from './ports.ts';
import type { LaneKind, Story } from './story.ts';

const LEDGER = 'data/ledger';

export interface LaneParts {
  readonly story: Story;
  readonly config: LaneConfig;
  readonly border: Border;
  readonly disk: Disk;
  /** Which life of the lane this is, from 1. */
  readonly life: number;
  readonly chip: VirtualPn532;
  readonly slot: SamSlot;
  readonly board: Board;
  readonly lists: Lists;
  /** Is the reader's cable in? */
  readonly plugged: () => boolean;
  readonly onLine: (line: MemoryLink) => void;
  readonly log: (level: string, text: string) => void;
}

export interface Lane {
  readonly gate: Gate;
  readonly ledger: Ledger;
  readonly reader: CardReader;
  /** Removes what is settled and old, now and each hour. */
  keepHouse(): void;
  /** In order, and all of it. */
  stop(): Promise<void>;
}

export async function openLane(parts: LaneParts): Promise<Reply<Lane>> {
  const { story, config, border, chip, board, lists } = parts;
  const { owner } = border;
  const clock = border.clock.of(owner);
  const ledger = await openLedger({
    disk: diskOf(border, parts.disk),
    directory: LEDGER,
    segment_bytes: story.segment_bytes,
    ...(story.fitted.includes('index') && {
      index: createSummaryFiles(diskOf(border, parts.disk), chanceOf(parts)),
    }),
  });
  if (!ledger.ok) return ledger;
  const { blacklist, close } = await lists.open(border);
  const openLink = async () => {
    if (!parts.plugged()) return failed('link-absent', 'none', 'no reader is plugged in');
    const { near, far } = createMemoryLinkPair('reader');
    attachToLink(chip, far);
    parts.onLine(near);
    return ok(lineOf(border, near));
  };
  const log = logOf(owner, parts.log);
  const reader = createPn532Reader({ openLink, clock, config: config.reader });
  const gate = createGate({
    ...{ config, clock, reader, ledger: ledger.value, blacklist: listOf(border, blacklist) },
    sam: createPsam(slotOf(border, parts.slot), psamOptions(config)),
    barrier: boardOf(border, board.portOf(border)),
    indicator: { show: () => {} },
    network: createNetwork(config.site),
    log,
  });
  let endHouse = () => {};
  return ok({
    ...{ gate, reader, ledger: ledger.value },
    keepHouse() {
      endHouse();
      endHouse = keepHouse({ config, clock, log, ledger: ledger.value });
    },
    async stop() {
      endHouse();
      await gate.stop();
      await ledger.value.close();
      await close();
    },
  });
}

/** Of the index: now and then it does not open. */
function chanceOf({ story, life }: LaneParts): Chance {
  return createChance(story.seed * 7_919 + life);
}

const shipped = new Map<LaneKind, LaneConfig>();

/** The shipped lane, at a pace that makes worlds short: polls and passages, no rule. */
export function configFor({ lane, timed }: Story): LaneConfig {
  const known = shipped.get(lane) ?? load(lane);
  shipped.set(lane, known);
  return {
    ...known,
    lane: { ...known.lane, passage_timeout_ms: 1_500, result_shown_ms: 1_000 },
    ledger: { keep_days: 1 },
    lists: { ...known.lists, trusted_keys: [SIM_LIST_KEY.point] },
    reader: { ...known.reader, poll_pause_ms: timed ? 50 : 100, rf_cycle_s: 0 },
  };
}

function load(lane: LaneKind): LaneConfig {
  const loaded = loadConfig(`${shippedDirectory()}/lanes/${lane}.yaml`, {});
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.config;
}
