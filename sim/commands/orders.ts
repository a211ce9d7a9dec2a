/** Standard input works a virtual device by hand: one order a line, until it is stopped. */

import { createInterface } from 'node:readline';

export interface Desk {
  readonly orders: Readonly<Record<string, () => void>>;
  readonly tell: (line: string) => void;
  readonly stopped: Promise<void>;
}

/** Resolves when it was stopped. An unknown order is answered with those there are. */
export async function takeOrders({ orders, tell, stopped }: Desk): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const order = orders[line.trim()];
    if (order) order();
    else tell(`say one of: ${Object.keys(orders).join(', ')}`);
  });
  await stopped;
  lines.close();
  process.stdin.destroy();
}

export function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
