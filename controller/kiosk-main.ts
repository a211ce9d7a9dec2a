/** `tapway kiosk`: a real kiosk, made of the devices that the configuration names. */

import type { KioskConfig } from '../config/kiosk.ts';
import { loadKiosk } from '../config/load-kiosk.ts';
import { type Card, type Clock, failed, ok, type Reply } from '../firmware-bridge/ports.ts';
import { readAuthority } from './cli/authority.ts';
import { readKeySet } from './cli/key-file.ts';
import { begin } from './cli/shell.ts';
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
import type { Log } from './ops/log.ts';
import { runService } from './ops/service.ts';
import { SOFTWARE } from './ops/version.ts';
import { type KeySet, wipeKeys } from './sam/key-set.ts';
import { createPsam, psamOptions } from './sam/psam.ts';
import type { PurchaseSam } from './sam/sam.ts';
import { softwareSamFor } from './sam/software.ts';
import { createSscHsm } from './sam/ssc-hsm.ts';
import { type SscCrypto, withFallback } from './sam/ssc-keys.ts';
import { createSscPsam } from './sam/ssc-psam.ts';
import { openStores, type Stores } from './stores.ts';

/** Runs until `stopped` resolves (SIGINT, SIGTERM). */
export async function runKiosk(io: Io, file: string, stopped: Promise<void>): Promise<ExitCode> {
  const begun = begin(io, loadKiosk(file, io.env));
  if (!begun) return 2;
  const { config, log } = begun;
  const opened = await openKiosk({ io, config, log, stopped, devices: KIOSK_DEVICES });
  if (!opened.ok) {
    io.err(`the kiosk does not start: ${opened.fault.detail}`);
    return 2;
  }
  try {
    await serve({ io, config, log, stopped }, opened.value);
  } finally {
    await opened.value.close();
  }
  log.info({}, 'stopped');
  return 0;
}

interface Run {
  readonly io: Io;
  readonly config: KioskConfig;
  readonly log: Log;
  readonly stopped: Promise<void>;
}

async function serve({ io, config, log, stopped }: Run, opened: WiredKiosk): Promise<void> {
  const { clock } = io;
  const { kiosk, stores } = opened;
  const { host, port } = config.screen;
  const assets = await makeAssets();
  const screen = await startScreen({ desk: kiosk.desk, host, port, clock, assets });
  try {
    log.info(
      { kiosk: config.kiosk.id, software: SOFTWARE, page: screen.url, data: config.data_dir },
      'kiosk starts',
    );
    await runService({
      ...{ env: io.env, clock, log, config, ledger: stores.ledger, stopped },
      still_max_ms: stillMax_ms(config),
      stillFor_ms: kiosk.stillFor_ms,
      mode: () => kiosk.mode,
      onChange: kiosk.desk.onChange,
      start: kiosk.start,
      stop: () => Promise.all([screen.close(), opened.close()]),
    });
  } finally {
    await screen.close();
  }
}

/** Longer than any round of the loop takes; each answer of a card is a sign of life. */
function stillMax_ms({ ssc }: KioskConfig): number {
  return STILL_MS + Math.max(ssc.timeout_ms, ssc.psam.timeout_ms, ssc.hsm.timeout_ms);
}

const STILL_MS = 15_000;

export interface WiredKiosk {
  readonly kiosk: Kiosk;
  readonly stores: Stores;
  /** Ends the kiosk, then the books; may be called twice. */
  close(): Promise<void>;
}

export interface KioskRun extends Run {
  readonly devices: KioskDevices;
}

/** Everything but the page; not started yet. What was opened is closed again when it throws. */
export async function openKiosk(run: KioskRun): Promise<Reply<WiredKiosk>> {
  const { io, config, log, stopped } = run;
  const { clock, disk } = io;
  const authority = await readAuthority(config.ssc, disk);
  if (!authority.ok) return authority;
  // Before any child process starts: the passphrase leaves the environment that they inherit.
  const sale = saleOf(config);
  const keySet = sale?.kind === 'software' ? await readKeySet({ sam: sale }, io) : null;
  if (keySet && !keySet.ok) return keySet;
  const stores = await openStores({
    ...{ disk, clock, dataDirectory: config.data_dir, lists: config.lists },
    ...{ onProblem: (text: string) => log.error({}, text), stopped },
  });
  if (!stores.ok) {
    if (keySet) wipeKeys(keySet.value);
    const { code, effect, detail } = stores.fault;
    return failed(code, effect, `${detail} (data_dir ${config.data_dir})`);
  }
  try {
    const held = { stores: stores.value, keySet: keySet?.value ?? null, ca: authority.value };
    return ok(wire(run, held));
  } catch (error) {
    await stores.value.close();
    throw error;
  }
}

interface Held {
  readonly stores: Stores;
  /** Of a software SAM. */
  readonly keySet: KeySet | null;
  /** PEM of the authority behind the HSM. */
  readonly ca: string | undefined;
}

function wire({ io, config, log, devices }: KioskRun, { stores, keySet, ca }: Held): WiredKiosk {
  const { clock, disk } = io;
  const { ledger, blacklist, issuers, cities } = stores;
  for (const problem of ledger.problems) log.error({}, `ledger: ${problem}`);
  const crypto = sscCrypto({ config, clock, devices, ca });
  const reading: ReadingDeps = {
    ...{ clock, crypto, ssc: config.ssc, purse: config.purse, deadCards: blacklist },
    utcOffset_minutes: config.site.utc_offset_minutes,
    onTrouble: ({ code }) => log.warn({ code }, 'the keys of a card could not be used'),
  };
  const sam = (): PurchaseSam | null => {
    const sale = saleOf(config);
    if (!sale) return null;
    const options = { sam: sale, purse: config.purse };
    return keySet
      ? softwareSamFor(options, keySet, ledger.lastTermSeq)
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
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= kiosk.stop().finally(stores.close);
    return closed;
  };
  return { kiosk, stores, close };
}

/** The purchase SAM of a till; null where nothing is sold. */
function saleOf({ sam, till }: KioskConfig): KioskConfig['sam'] | null {
  return till.items.length > 0 ? sam : null;
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
  readonly clock: Clock;
  readonly devices: Pick<KioskDevices, 'sscSlot' | 'hsm'>;
  /** PEM of the authority behind the HSM; undefined: public ones. */
  readonly ca: string | undefined;
}

/** Who answers for the keys of a Social Security Card, as `ssc.keys` says; null: nobody. */
export function sscCrypto({ config, clock, devices, ca }: KeyRun): SscCrypto | null {
  const { keys, hsm } = config.ssc;
  const psam = () => createSscPsam(devices.sscSlot(config, clock), config.ssc.psam);
  const network = () => createSscHsm(devices.hsm(config, clock, ca), hsm);
  switch (keys) {
    case 'none':
      return null;
    case 'psam':
      return psam();
    case 'hsm':
      return network();
    case 'psam-then-hsm':
      return withFallback(psam(), network());
  }
}
