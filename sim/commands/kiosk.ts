/** `tapway-sim kiosk`: the real kiosk program with a tray of people's cards and its paper. */

import { mkdirSync } from 'node:fs';
import type { KioskConfig } from '../../config/kiosk.ts';
import { shippedDirectory } from '../../config/load.ts';
import { loadKiosk } from '../../config/load-kiosk.ts';
import type { Io } from '../../controller/commands/io.ts';
import { makeAssets } from '../../controller/kiosk/screen/assets.ts';
import { startScreen } from '../../controller/kiosk/screen/server.ts';
import { openKiosk } from '../../controller/kiosk-main.ts';
import { createLog } from '../../controller/ops/log.ts';
import { createPeople, listedPeople } from '../card/people.ts';
import { createEquipment, type Equipment } from '../kiosk/equipment.ts';
import { STAGE_ORIGINS, startStage } from '../kiosk/server.ts';
import { createStage } from '../kiosk/stage.ts';
import { recall, remember } from '../lane/memory.ts';
import { issueBlacklist, trustOffice } from '../lane/office.ts';

export interface KioskOptions {
  /** Absent: the shipped kiosk of Ningbo. */
  readonly config?: string | undefined;
  readonly data: string;
  readonly port: number;
  readonly timing: boolean;
  readonly stopped: Promise<void>;
}

const PAGES_MAX = 8;

export async function runSimKiosk(io: Io, options: KioskOptions): Promise<number> {
  const { clock, disk } = io;
  const base = configOf(options);
  mkdirSync(options.data, { recursive: true });
  const equipment = await createEquipment({ config: base, clock, timed: options.timing });
  const config = withHsm(base, equipment);
  const log = createLog('warn');
  const opened = await openKiosk({
    ...{ io, config, log, devices: equipment.devices, stopped: options.stopped },
  });
  if (!opened.ok) throw new Error(`the kiosk does not start: ${opened.fault.detail}`);
  const { kiosk, stores, close } = opened.value;
  const { blacklist } = stores;
  const issued = await issueBlacklist({ disk, clock, config, blacklist, lines: listed() });
  if (!issued.ok) throw new Error(issued.fault.detail);

  const people = createPeople(today(clock.wall_ms()));
  const cards = people.flatMap(({ card }) => card?.purse ?? []);
  const kept = { psam: equipment.psam, cards };
  recall(options.data, kept);
  const settled = () => remember(options.data, { ...kept, wall_ms: clock.wall_ms() });
  const screen = await startScreen({
    ...{ desk: kiosk.desk, clock, host: '127.0.0.1', port: 0, pages_max: PAGES_MAX },
    ...{ assets: await makeAssets(), framedBy: STAGE_ORIGINS },
  });
  const stage = createStage({
    ...{ people, equipment, clock, settled, kiosk: screen.url, site: config.site.name },
  });
  const server = await startStage({ stage, port: options.port, clock });
  await kiosk.start();
  io.out(`tapway kiosk ${config.kiosk.id} on ${server.url} (its own page: ${screen.url})`);
  io.out('Put a card into the slot or on the pad; Ctrl-C ends.');
  await options.stopped;
  await Promise.all([server.close(), screen.close()]);
  await close();
  await equipment.stop();
  settled();
  return 0;
}

/** Virtual devices stand where the file names real ones; all else is the file's. */
function configOf({ config: file, data }: KioskOptions): KioskConfig {
  const loaded = loadKiosk(file ?? `${shippedDirectory()}/kiosks/ningbo.yaml`, process.env);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return { ...trustOffice(loaded.config), data_dir: data, production: false };
}

function withHsm(config: KioskConfig, { hsmPort }: Equipment): KioskConfig {
  const hsm = { ...config.ssc.hsm, address: '127.0.0.1', port: hsmPort, tls: false };
  return { ...config, ssc: { ...config.ssc, keys: 'hsm', hsm } };
}

function listed(): string[] {
  return listedPeople().flatMap(({ cardId, purse, reason }) =>
    [cardId, ...(purse ? [purse] : [])].map((card) => `${card.toString('hex')},${reason}`),
  );
}

function today(wall_ms: number): string {
  return new Date(wall_ms).toISOString().slice(0, 10).replaceAll('-', '');
}
