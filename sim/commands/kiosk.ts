/** `tapway-sim kiosk`: the real kiosk program with a tray of people's cards and its paper. */

import { mkdirSync } from 'node:fs';
import type { KioskConfig } from '../../config/kiosk.ts';
import { shippedDirectory } from '../../config/load.ts';
import { loadKiosk } from '../../config/load-kiosk.ts';
import type { Io } from '../../controller/commands/io.ts';
import { makeAssets } from '../../controller/kiosk/screen/assets.ts';
import { startScreen } from '../../controller/kiosk/screen/server.ts';
import { openKiosk, type WiredKiosk } from '../../controller/kiosk-main.ts';
import { createLog } from '../../controller/ops/log.ts';
import type { WebServer } from '../../controller/web/server.ts';
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
  const { clock } = io;
  const base = configOf(options);
  mkdirSync(options.data, { recursive: true });
  const equipment = await createEquipment({ config: base, clock, timed: options.timing });
  try {
    const config = withHsm(base, equipment);
    const { devices } = equipment;
    const log = createLog('warn');
    const opened = await openKiosk({ io, config, log, devices, stopped: options.stopped });
    if (!opened.ok) throw new Error(`the kiosk does not start: ${opened.fault.detail}`);
    const settled = await serve({ io, options, config, equipment }, opened.value);
    settled();
  } finally {
    await equipment.stop();
  }
  return 0;
}

interface Show {
  readonly io: Io;
  readonly options: KioskOptions;
  readonly config: KioskConfig;
  readonly equipment: Equipment;
}

/** Until it is stopped, or something cannot be started. Returns what keeps the cards' memory. */
async function serve(show: Show, { kiosk, stores, close }: WiredKiosk): Promise<() => void> {
  const { io, options, config, equipment } = show;
  const { clock, disk } = io;
  const servers: WebServer[] = [];
  try {
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
    servers.push(screen);
    const stage = createStage({
      ...{ people, equipment, clock, settled, kiosk: screen.url, site: config.site.name },
    });
    const server = await startStage({ stage, port: options.port, clock });
    servers.push(server);
    await kiosk.start();
    io.out(`tapway kiosk ${config.kiosk.id} on ${server.url} (its own page: ${screen.url})`);
    io.out('Put a card into the slot or on the pad; Ctrl-C ends.');
    await options.stopped;
    return settled;
  } finally {
    await Promise.all(servers.map((each) => each.close()));
    await close();
  }
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
