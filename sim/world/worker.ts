/** One core of a campaign: gets seeds from its parent, lives their stories, tells what became of it. */

import { drawStory, type DrawOptions } from './draw.ts';
import { type Outcome, runStory } from './run.ts';

export interface Order extends DrawOptions {
  readonly seed: number;
}

export interface Report {
  readonly seed: number;
  readonly outcome: Omit<Outcome, 'lines'>;
}

/** Serves until the parent lets go. */
export function serveCampaign(): void {
  process.on('message', (order: Order) => {
    void live(order).then((report) => process.send?.(report));
  });
}

async function live(order: Order): Promise<Report> {
  const { lines: _, ...outcome } = await runStory(drawStory(order.seed, order));
  return { seed: order.seed, outcome };
}
