/**
 * A program: one core of a campaign. It gets seeds from its parent, lives their stories and tells
 * what became of them. It runs as a bundle (see campaign.ts), which is quicker than the sources.
 */

import { type DrawOptions, drawStory } from './draw.ts';
import { type Outcome, runStory } from './run.ts';

export interface Order extends DrawOptions {
  readonly seed: number;
}

export interface Report {
  readonly seed: number;
  readonly outcome: Omit<Outcome, 'lines'>;
  /** What the story cost. */
  readonly cpu_ms: number;
}

process.on('message', (order: Order) => {
  void live(order).then((report) => process.send?.(report));
});

async function live(order: Order): Promise<Report> {
  const before = process.cpuUsage();
  const { lines: _, ...outcome } = await runStory(drawStory(order.seed, order));
  const { user, system } = process.cpuUsage(before);
  return { seed: order.seed, outcome, cpu_ms: (user + system) / 1_000 };
}
