/** `tapway-sim`: a simulated lane with its page. */

import { systemClock } from '../../firmware-bridge/clock.ts';
import { followBooks } from '../lane/books.ts';
import { createSkippingClock } from '../lane/skipping-clock.ts';
import { createWorld } from '../lane/world.ts';
import { startPanel } from '../panel/server.ts';
import { type LaneChoice, openLane } from './lane.ts';

export interface PageOptions extends LaneChoice {
  readonly port: number;
  readonly timing: boolean;
  readonly stopped: Promise<void>;
}

export async function runPage(options: PageOptions): Promise<number> {
  const manners = { walk: true };
  const clock = createSkippingClock(systemClock);
  const opened = await openLane({
    choice: options,
    clock,
    timed: options.timing,
    logLevel: 'warn',
    walk: () => manners.walk,
    onSign: () => {},
    cards: [],
  });
  const { config, station, tray, settled } = opened;
  let tell = () => {};
  try {
    const books = await followBooks(station.stores.ledger, () => tell());
    const world = createWorld({ config, clock, station, tray, books, manners, settled });
    tell = world.changed;
    const panel = await startPanel({
      world,
      clock: systemClock,
      host: '127.0.0.1',
      port: options.port,
    });
    try {
      await station.gate.start();
      process.stdout.write(`tapway lane ${config.lane.id} on ${panel.url}\n`);
      process.stdout.write('Tap a card in the page; Ctrl-C ends.\n');
      await options.stopped;
    } finally {
      await panel.close();
    }
  } finally {
    await station.close();
    settled();
  }
  return 0;
}
