/** `tapway kiosk`: a real kiosk, made of the devices that the configuration names. */

import type { KioskConfig } from '../config/kiosk.ts';
import { loadKiosk } from '../config/load-kiosk.ts';
import { type Card, ok, type Reply } from '../firmware-bridge/ports.ts';
import { readWhole } from './blacklist/files.ts';
import { readKeySet } from './cli/key-file.ts';
import type { ExitCode, Io } from './commands/io.ts';
import { replugs } from './devices.ts';
import { createNetwork } from './gate/network.ts';
import type { CardDesk } from './kiosk/card-work.ts';
import type { KioskDeps } from './kiosk/deps.ts';
import { createKiosk, type Kiosk } from './kiosk/kiosk.ts';
import { pinTriesLeft, readInsurance, verifyPin } from './kiosk/reading/insurance.ts';
import { readCard } from './kiosk/reading/read-card.ts';
import type { ReadingDeps } from './kiosk/reading/reading.ts';
import { makeAssets } from './kiosk/screen/assets.ts';
import { startScreen } from './kiosk/screen/server.ts';
import { KIOSK_DEVICES, type KioskDevices } from './kiosk-devices.ts';
import { keepHouse } from './ops/housekeeping.ts';
import { createLog, type Log } from './ops/log.ts';
import { createNotify } from './ops/notify.ts';
import { SOFTWARE } from './ops/version.ts';
import { createPsam, psamOptions } from './sam/psam.ts';
import type { PurchaseSam } from './sam/sam.ts';
import { softwareSamFor } from './sam/software.ts';
import { createSscHsm } from './sam/ssc-hsm.ts';
import { type SscCrypto, withFallback } from './sam/ssc-keys.ts';
import { createSscPsam } from './sam/ssc-psam.ts';
import { openStores, type Stores } from './stores.ts';

/** Runs until `stopped` resolves (SIGINT, SIGTERM). */
export async function runKiosk(io: Io, file: string, stopped: Promise<void>): Promise<ExitCode> {
  const loaded = loadKiosk(file, io.env);
  if (!loaded.ok) {
    for (const error of loaded.errors) io.err(error);
    return 2;
  }
  const { config, warnings } = loaded;
  const log = createLog(config.log.level);
  for (const warning of warnings) log.warn({}, warning);
  const opened = await openKiosk({ io, config, log, stopped, devices: KIOSK_DEVICES });
  if (!opened.ok) {
    io.err(`the kiosk does not start: ${opened.fault.detail} (data_dir ${config.data_dir})`);
    return 2;
  }
  return serve({ io, config, log, stopped }, opened.value);
}

interface Run {
  readonly io: Io;
  readonly config: KioskConfig;
  readonly log: Log;
  readonly stopped: Promise<void>;
}

async function serve({ io, config, log, stopped }: Run, opened: WiredKiosk): Promise<ExitCode> {
  const { clock } = io;
  const { kiosk, stores } = opened;
  const { host, port } = config.screen;
  const screen = await startScreen({
    ...{ desk: kiosk.desk, host, port, clock, assets: await makeAssets() },
  }).catch(async (error: Error) => {
    await opened.close();
    throw error;
  });
  log.info(
    { kiosk: config.kiosk.id, software: SOFTWARE, page: screen.url, data: config.data_dir },
    'kiosk starts',
  );
  const notify = createNotify({
    ...{ env: io.env, clock, log },
    alive: () => kiosk.stillFor_ms() < STILL_MS,
  });
  kiosk.desk.onChange(() => notify.status(kiosk.mode));
  await Promise.race([kiosk.start(), stopped]);
  notify.ready();
  const endHousekeeping = keepHouse({ config, clock, ledger: stores.ledger, log });
  await stopped;
  endHousekeeping();
  await Promise.all([notify.stopping(), screen.close(), opened.close()]);
  log.info({}, 'stopped');
  return 0;
}

/** Longer than anything takes that is done with one card. */
const STILL_MS = 60_000;

export interface WiredKiosk {
  readonly kiosk: Kiosk;
  readonly stores: Stores;
  /** Ends the kiosk, then the books. */
  close(): Promise<void>;
}

export interface KioskRun extends Run {
  readonly devices: KioskDevices;
}

/** Everything but the page; not started yet. */
export async function openKiosk(run: KioskRun): Promise<Reply<WiredKiosk>> {
  const { io, config, log, stopped, devices } = run;
  const { clock, disk } = io;
  const sale = config.sam && config.till.items.length > 0 ? config.sam : null;
  // Before any child process starts: the passphrase leaves the environment that they inherit.
  const keySet = sale?.kind === 'software' ? await readKeySet({ sam: sale }, io) : null;
  if (keySet && !keySet.ok) return keySet;
  const stores = await openStores({
    ...{ disk, clock, dataDirectory: config.data_dir, lists: config.lists },
    ...{ onProblem: (text: string) => log.error({}, text), stopped },
  });
  if (!stores.ok) return stores;
  const { ledger, blacklist, issuers, cities } = stores.value;
  for (const problem of ledger.problems) log.error({}, `ledger: ${problem}`);
  const crypto = await sscCrypto(run);
  const reading: ReadingDeps = {
    ...{ clock, crypto, ssc: config.ssc, purse: config.purse, deadCards: blacklist },
    utcOffset_minutes: config.site.utc_offset_minutes,
    onTrouble: ({ code }) => log.warn({ code }, 'the keys of a card could not be used'),
  };
  const sam = (): PurchaseSam | null => {
    if (!sale) return null;
    const options = { sam: sale, purse: config.purse };
    return keySet
      ? softwareSamFor(options, keySet.value, ledger.lastTermSeq)
      : createPsam(devices.samSlot(options, clock), psamOptions(options));
  };
  const network = createNetwork(config.site, { issuers, cities });
  const purchaseSam = sam();
  const contact = devices.contact(config, clock);
  const contactless = devices.contactless(config, clock);
  const kiosk = createKiosk({
    ...{ config, clock, crypto, log, cards: cardDesk(reading), replug: replugs(config) },
    readers: { ...(contact && { contact }), ...(contactless && { contactless }) },
    printer: devices.printer(config, clock),
    sale: purchaseSam && { sam: purchaseSam, ledger, blacklist, network },
    voice: devices.voice(config, clock),
    prepared: (locale, name) => devices.recorded(config, disk, { locale, name }),
  } satisfies KioskDeps);
  const close = async () => {
    await kiosk.stop();
    await stores.value.close();
  };
  return ok({ kiosk, stores: stores.value, close });
}

function cardDesk(deps: ReadingDeps): CardDesk {
  return {
    read: (card, face) => readCard(card, face, deps),
    pinTriesLeft: (card: Card) => pinTriesLeft(card, deps),
    verifyPin: (card, entry) => verifyPin(card, entry, deps),
    readInsurance: (card) => readInsurance(card, deps),
  };
}

interface KeyRun {
  readonly config: Pick<KioskConfig, 'ssc'>;
  readonly io: Pick<Io, 'clock' | 'disk'>;
  readonly devices: Pick<KioskDevices, 'sscSlot' | 'hsm'>;
}

/**
 * Who answers for the keys of a Social Security Card, as `ssc.keys` says; null: nobody. Throws when
 * the certificate file of the HSM cannot be read.
 */
export async function sscCrypto({ config, io, devices }: KeyRun): Promise<SscCrypto | null> {
  const { clock, disk } = io;
  const { keys, hsm } = config.ssc;
  const psam = () => createSscPsam(devices.sscSlot(config, clock), config.ssc.psam);
  const network = async () => {
    const ca = hsm.tls && hsm.ca_file ? (await readWhole(disk, hsm.ca_file)).toString() : undefined;
    return createSscHsm(devices.hsm(config, clock, ca), hsm);
  };
  switch (keys) {
    case 'none':
      return null;
    case 'psam':
      return psam();
    case 'hsm':
      return network();
    case 'psam-then-hsm':
      return withFallback(psam(), await network());
  }
}
