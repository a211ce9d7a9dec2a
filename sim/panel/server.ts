/**
 * The web page of the simulated lane: its files, the current state, and the lane live. For one
 * person on this machine; see controller/web.
 */

import { startWebServer, type WebServer } from '../../controller/web/server.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import { makeAssets } from './assets.ts';
import { parseCommand } from './command.ts';
import type { PanelWorld } from './state.ts';

export interface PanelOptions {
  readonly world: PanelWorld;
  readonly host: '127.0.0.1';
  /** 0 takes any free port. */
  readonly port: number;
  /** Real time, for the rate of pushes; the lane may live in another. */
  readonly clock: Clock;
}

export type Panel = WebServer;

const PAGES_MAX = 32;

/** Rejects with an `Error` that says what to do when the port cannot be had. */
export async function startPanel({ world, ...options }: PanelOptions): Promise<Panel> {
  return startWebServer({
    ...options,
    portOption: '--port',
    assets: await makeAssets(world.machines),
    answer: (path) =>
      path === '/state.json'
        ? { type: 'application/json', body: JSON.stringify(world.state()) }
        : null,
    source: world,
    take(text) {
      const cards = world.state().tray.map((card) => card.id);
      const parsed = parseCommand(text, cards);
      if (parsed.ok) world.command(parsed.command);
      return parsed.ok ? null : parsed.error;
    },
    pages_max: PAGES_MAX,
  });
}
