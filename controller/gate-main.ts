/** `tapway gate`: a real lane, made of the devices that the configuration names. */

import { readFile } from 'node:fs/promises';
import { loadConfig } from '../config/load.ts';
import type { LaneConfig } from '../config/schema.ts';
import { createNoBarrier } from '../firmware-bridge/barrier/none.ts';
import { openSerialLink } from '../firmware-bridge/link/serial.ts';
import { createPn532Reader } from '../firmware-bridge/pn532/reader.ts';
import { failed, type Indicator, ok, type Reply } from '../firmware-bridge/ports.ts';
import type { ExitCode, Io } from './commands/io.ts';
import { createGate } from './gate/gate.ts';
import { createLog, type Log } from './ops/log.ts';
import { SOFTWARE } from './ops/version.ts';
import type { PurchaseSam } from './sam/sam.ts';
import { type KeySet, openSealedKeys } from './sam/sealed.ts';
import { createSoftwareSam } from './sam/software.ts';
import { openStores } from './stores.ts';

/** Runs until `stopped` resolves (SIGINT, SIGTERM). */
export async function runGate(io: Io, file: string, stopped: Promise<void>): Promise<ExitCode> {
  const loaded = loadConfig(file, io.env);
  if (!loaded.ok) {
    for (const error of loaded.errors) io.err(error);
    return 2;
  }
  const { config } = loaded;
  const log = createLog(config.log.level);
  for (const warning of loaded.warnings) log.warn({}, warning);

  if (config.barrier.kind === 'simulated') {
    log.warn({}, 'barrier.kind simulated exists in tapway-sim alone; this lane has no leaves');
  }

  const stores = await openStores(io.disk, config.data_dir);
  if (!stores.ok) return giveUp(io, `${stores.fault.detail} (data_dir ${config.data_dir})`);
  const { ledger, blacklist } = stores.value;
  const sam = await openSam(config, io, ledger.lastTermSeq);
  if (!sam.ok) {
    await stores.value.close();
    return giveUp(io, sam.fault.detail);
  }
  if (blacklist.status().version === 0) log.warn({}, 'no blacklist was ever imported');

  const gate = createGate({
    config,
    clock: io.clock,
    reader: openReader(config, io),
    sam: sam.value,
    barrier: createNoBarrier(io.clock),
    indicator: logIndicator(log),
    ledger,
    blacklist,
    log,
  });
  log.info({ lane: config.lane.id, software: SOFTWARE, data: config.data_dir }, 'lane starts');
  // A mute reader may take seconds to come up; a signal must not wait for it.
  await Promise.race([gate.start(), stopped]);
  await stopped;
  await gate.stop();
  await stores.value.close();
  log.info({}, 'stopped');
  return 0;
}

function openReader(config: LaneConfig, { clock }: Io) {
  const { path, baud } = config.reader;
  const openLink = () => openSerialLink({ path, baud, clock });
  return createPn532Reader({ openLink, clock, config: config.reader, name: path });
}

async function openSam(
  config: LaneConfig,
  io: Io,
  lastTermSeq: number,
): Promise<Reply<PurchaseSam>> {
  const { sam, purse } = config;
  if (sam.kind === 'psam') {
    const detail = 'no driver for PSAM slots in this version; set sam.kind: software for a pilot';
    return failed('sam-absent', 'none', detail);
  }
  const keySet = await readKeySet(config, io);
  if (!keySet.ok) return keySet;
  return ok(
    createSoftwareSam({
      keySet: keySet.value,
      algorithms: purse.algorithms,
      sessionMode: purse.sm4_session_mode,
      firstTermSeq: lastTermSeq + TERM_SEQ_SKIP,
      lockKeyVersion: sam.lock_key_version,
    }),
  );
}

/** Opens the key file of a software SAM. Fault `sam-keys`, which says how to mend it. */
export async function readKeySet({ sam }: LaneConfig, { env }: Io): Promise<Reply<KeySet>> {
  const passphrase = env[sam.passphrase_env];
  if (!passphrase) {
    const detail = `set ${sam.passphrase_env} to the passphrase of ${sam.key_file}`;
    return failed('sam-keys', 'none', detail);
  }
  const text = await readFile(sam.key_file, 'utf8').catch((error: Error) => error);
  if (text instanceof Error) {
    const cure = `make it with tapway sam seal --in KEYS.json --out ${sam.key_file}`;
    return failed('sam-keys', 'none', `${text.message}; ${cure}`);
  }
  const keySet = openSealedKeys(text, passphrase);
  if (keySet.ok) return keySet;
  return failed('sam-keys', 'none', `${sam.key_file}: ${keySet.fault.detail}`);
}

/** More than the termSeqs that a power cut can keep from reaching the ledger. */
const TERM_SEQ_SKIP = 16;

/** A post without a display tells the log what a sign would show. */
function logIndicator(log: Log): Indicator {
  return {
    show({ light, sound, text }) {
      const [first] = Object.values(text);
      log.info({ light, sound }, `sign: ${first?.title ?? ''}`);
    },
  };
}

function giveUp(io: Io, why: string): ExitCode {
  io.err(`the lane does not start: ${why}`);
  return 2;
}
