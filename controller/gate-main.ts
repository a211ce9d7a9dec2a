/** `tapway gate`: a real lane, made of the devices that the configuration names. */

import { loadConfig } from '../config/load.ts';
import type { LaneConfig } from '../config/schema.ts';
import type { Indicator } from '../firmware-bridge/ports.ts';
import { readKeySet } from './cli/key-file.ts';
import { begin } from './cli/shell.ts';
import type { ExitCode, Io } from './commands/io.ts';
import { DEVICES, type Devices, replugs } from './devices.ts';
import { createGate } from './gate/gate.ts';
import { createNetwork } from './gate/network.ts';
import { rehearse } from './gate/rehearsal.ts';
import type { Log } from './ops/log.ts';
import { runService } from './ops/service.ts';
import { SOFTWARE } from './ops/version.ts';
import { type KeySet, wipeKeys } from './sam/key-set.ts';
import { createPsam, psamOptions } from './sam/psam.ts';
import { softwareSamFor } from './sam/software.ts';
import { openStores, type Stores } from './stores.ts';

/** Runs until `stopped` resolves (SIGINT, SIGTERM). */
export async function runGate(io: Io, file: string, stopped: Promise<void>): Promise<ExitCode> {
  const begun = begin(io, loadConfig(file, io.env));
  if (!begun) return 2;
  const { config, log } = begun;
  if (config.barrier.kind === 'simulated') {
    log.warn({}, 'barrier.kind simulated exists in tapway-sim alone; this lane has no leaves');
  }
  return runLane({ io, config, log, stopped, devices: DEVICES });
}

export interface LaneRun {
  readonly io: Io;
  readonly config: LaneConfig;
  readonly log: Log;
  readonly stopped: Promise<void>;
  readonly devices: Devices;
}

export async function runLane(run: LaneRun): Promise<ExitCode> {
  const { io, config, log, stopped } = run;
  const { clock, disk } = io;
  const isOver = watch(stopped);
  // Before any child process starts: the passphrase leaves the environment that they inherit.
  const keySet = config.sam.kind === 'software' ? await readKeySet(config, io) : null;
  if (keySet && !keySet.ok) return giveUp(io, keySet.fault.detail);
  const stores = await openStores({
    ...{ disk, clock, dataDirectory: config.data_dir, lists: config.lists },
    ...{ onProblem: (text: string) => log.error({}, text), stopped },
  });
  if (!stores.ok) {
    if (keySet) wipeKeys(keySet.value);
    return giveUp(io, `${stores.fault.detail} (data_dir ${config.data_dir})`);
  }
  try {
    if (!isOver()) await serve(run, { stores: stores.value, keySet: keySet?.value ?? null });
    else if (keySet) wipeKeys(keySet.value);
  } finally {
    await stores.value.close();
  }
  log.info({}, 'stopped');
  return 0;
}

interface Held {
  readonly stores: Stores;
  /** Of a software SAM. */
  readonly keySet: KeySet | null;
}

async function serve(run: LaneRun, { stores, keySet }: Held): Promise<void> {
  const { io, config, log, stopped, devices } = run;
  const { clock } = io;
  const { ledger, blacklist, issuers, cities } = stores;
  const farReader = devices.farReader(config, clock);
  const gate = createGate({
    ...{ config, clock, ledger, blacklist, log },
    reader: devices.reader(config, clock),
    ...(farReader && { far: { reader: farReader, indicator: logIndicator(log, 'far sign') } }),
    sam: keySet
      ? softwareSamFor(config, keySet, ledger.lastTermSeq)
      : createPsam(devices.samSlot(config, clock), psamOptions(config)),
    barrier: devices.barrier(config, clock),
    indicator: logIndicator(log),
    network: createNetwork(config.site, { issuers, cities }),
    replug: replugs(config),
  });
  log.info({ lane: config.lane.id, software: SOFTWARE, data: config.data_dir }, 'lane starts');
  await runService({
    ...{ env: io.env, clock, log, config, ledger, stopped, still_max_ms: STILL_MS },
    stillFor_ms: gate.stillFor_ms,
    mode: () => gate.snapshot().mode,
    onChange: gate.onChange,
    start: () => gate.start(warmUp(run)),
    stop: gate.stop,
  });
}

/** A program just started is ten times slower than one that has run a while. */
async function warmUp({ config, io, log, stopped }: LaneRun): Promise<void> {
  const { taps, spent_ms } = await rehearse({ config, clock: io.clock, stopped });
  log.info({ taps, spent_ms: Math.round(spent_ms) }, 'rehearsed');
}

/** Asks later whether the promise has resolved. */
function watch(stopped: Promise<void>): () => boolean {
  let over = false;
  void stopped.then(() => {
    over = true;
  });
  return () => over;
}

/** Longer than any round of the lane's loop takes: a tap with all its deadlines. */
const STILL_MS = 15_000;

/** A post without a display tells the log what a sign would show. */
function logIndicator(log: Log, name = 'sign'): Indicator {
  return {
    show({ light, sound, text }) {
      const [first] = Object.values(text);
      log.info({ light, sound }, `${name}: ${first?.title ?? ''}`);
    },
  };
}

function giveUp(io: Io, why: string): ExitCode {
  io.err(`the lane does not start: ${why}`);
  return 2;
}
