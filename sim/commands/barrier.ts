/** `tapway-sim barrier`: a virtual Modbus board on a pty; standard input works its inputs. */

import { systemClock } from '../../firmware-bridge/clock.ts';
import { runVirtualBoard } from '../barrier/run.ts';
import { takeOrders, tell } from './orders.ts';

export interface BarrierOptions {
  /** A symbolic link to keep to the pty. */
  readonly link?: string;
  /** Draws who comes. */
  readonly seed: number;
  readonly stopped: Promise<void>;
}

export async function runBarrier({ link, seed, stopped }: BarrierOptions): Promise<number> {
  const run = runVirtualBoard({ clock: systemClock, seed, tell, ...(link && { link }) });
  tell(run.path);
  const { board } = run;
  const orders: Readonly<Record<string, () => void>> = {
    'fire on': () => board.fire(true),
    'fire off': () => board.fire(false),
    'key on': () => board.key(true),
    'key off': () => board.key(false),
    intrude: () => board.walk({ from: 'far' }),
  };
  await takeOrders({ orders, tell, stopped });
  run.close();
  return 0;
}
