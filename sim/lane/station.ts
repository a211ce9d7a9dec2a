/**
 * A lane with everything around it simulated: the real controller, the real PN532 driver on a
 * memory link, the real stores on the real disk; behind them a virtual chip, cards, PSAM, barrier.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { createGate, type Gate } from '../../controller/gate/gate.ts';
import { createNetwork } from '../../controller/gate/network.ts';
import type { Log } from '../../controller/ops/log.ts';
import { createPsam, psamOptions } from '../../controller/sam/psam.ts';
import { openStores, type Stores } from '../../controller/stores.ts';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createPn532Reader } from '../../firmware-bridge/pn532/reader.ts';
import {
  type CardReader,
  type Clock,
  type Disk,
  ok,
  type Reply,
  type Sign,
} from '../../firmware-bridge/ports.ts';
import { createVirtualBarrier, type VirtualBarrier } from '../barrier/barrier.ts';
import type { Target } from '../card/target.ts';
import { createField, type Field } from '../chip/field.ts';
import { attachToLink } from '../chip/on-link.ts';
import { createVirtualPn532 } from '../chip/pn532.ts';
import { NO_TIMING, REAL_TIMING } from '../chip/timing.ts';
import { createVirtualPsam, type VirtualPsam } from '../sam/psam.ts';
import { rideHere } from './entry-elsewhere.ts';
import { issueBlacklist, trustOffice } from './office.ts';

export interface StationOptions {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
  /** Card, wire and PSAM take the time that real ones take; else none at all. */
  readonly timed: boolean;
  readonly walk: () => boolean;
  readonly onSign: (sign: Sign) => void;
  readonly onFarSign?: (sign: Sign) => void;
}

export interface Station {
  readonly gate: Gate;
  readonly field: Field;
  /** At the other end, where the configuration has a `far_reader`. */
  readonly farField: Field | null;
  readonly barrier: VirtualBarrier;
  readonly psam: VirtualPsam;
  readonly stores: Stores;
  /** Passengers come to this lane: to an exit, with the entry that they made elsewhere. */
  arrive(targets: readonly Target[]): void;
  /** Signs that the lane is idle: rounds that found the field empty, disk operations under way. */
  readonly quiet: { readonly emptyRounds: number; readonly writes: number };
  close(): Promise<void>;
}

export async function openStation(options: StationOptions): Promise<Reply<Station>> {
  const { clock, log, timed } = options;
  const config = trustOffice(options.config);
  const quiet = { emptyRounds: 0, writes: 0 };
  const disk = watchDisk(options.disk, quiet);
  const stores = await openStores({
    ...{ disk, clock, dataDirectory: config.data_dir, lists: config.lists },
    onProblem: (text) => log.error({}, text),
  });
  if (!stores.ok) return stores;
  const { ledger, blacklist, issuers, cities } = stores.value;
  const issued = await issueBlacklist({ disk, clock, config, blacklist });
  if (!issued.ok) {
    await stores.value.close();
    return issued;
  }

  const near = createVirtualReader({ clock, timed, config: config.reader });
  const far = config.far_reader && createVirtualReader({ clock, timed, config: config.far_reader });
  const psam = createVirtualPsam(clock, { timed });
  const moved = timed ? {} : { travel_ms: 0, approach_ms: 0, pass_ms: 0 };
  const barrier = createVirtualBarrier({ clock, walk: options.walk, ...moved });
  const gate = createGate({
    config,
    clock,
    reader: watchReader(near.reader, quiet),
    ...(far && { far: { reader: far.reader, indicator: { show: options.onFarSign ?? unseen } } }),
    sam: createPsam(psam, psamOptions(config)),
    barrier,
    indicator: { show: options.onSign },
    ledger,
    blacklist,
    network: createNetwork(config.site, { issuers, cities }),
    log,
  });
  const arrive = (targets: readonly Target[]) =>
    rideHere(targets, { config, ledger, wall_ms: clock.wall_ms() });
  const parts = { gate, field: near.field, farField: far?.field ?? null, barrier, psam };
  return ok({ ...parts, stores: stores.value, arrive, quiet, close });

  async function close(): Promise<void> {
    await gate.stop();
    barrier.stop();
    near.chip.power(false);
    far?.chip.power(false);
    if (stores.ok) await stores.value.close();
  }
}

interface VirtualReaderOptions {
  readonly clock: Clock;
  readonly timed: boolean;
  readonly config: LaneConfig['reader'];
}

/** The real driver on a memory link, behind it a virtual chip with its field. */
function createVirtualReader({ clock, timed, config }: VirtualReaderOptions) {
  const field = createField();
  const chip = createVirtualPn532({ clock, field, timing: timed ? REAL_TIMING : NO_TIMING });
  const openLink = async () => {
    const { near, far } = createMemoryLinkPair('simulated reader');
    attachToLink(chip, far);
    return ok(near);
  };
  return { field, chip, reader: createPn532Reader({ openLink, clock, config }) };
}

function unseen(): void {}

function watchReader(reader: CardReader, quiet: { emptyRounds: number }): CardReader {
  return {
    ...reader,
    async detect() {
      const found = await reader.detect();
      if (found.ok && found.value.kind === 'none') quiet.emptyRounds += 1;
      return found;
    },
  };
}

function watchDisk(disk: Disk, quiet: { writes: number }): Disk {
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    quiet.writes += 1;
    return work.finally(() => {
      quiet.writes -= 1;
    });
  };
  return {
    makeDirectory: (path) => disk.makeDirectory(path),
    list: (path) => disk.list(path),
    syncDirectory: (path) => counted(disk.syncDirectory(path)),
    rename: (from, to) => counted(disk.rename(from, to)),
    link: (from, to) => counted(disk.link(from, to)),
    remove: (path) => counted(disk.remove(path)),
    async open(path, mode) {
      const file = await disk.open(path, mode);
      return {
        size: () => file.size(),
        read: (offset, length) => file.read(offset, length),
        write: (offset, bytes) => counted(file.write(offset, bytes)),
        sync: () => counted(file.sync()),
        truncate: (size) => file.truncate(size),
        close: () => file.close(),
      };
    },
  };
}
