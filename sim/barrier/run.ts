/** The virtual board on a pseudo-terminal, for use by hand: `tapway-sim barrier --pty`. */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import { createChance } from '../lane/chance.ts';
import { createPty } from '../pty.ts';
import { createVirtualBoard, type VirtualBoard } from './board.ts';
import type { Passenger } from './people.ts';

export interface BoardRun {
  /** The device to open. */
  readonly path: string;
  readonly board: VirtualBoard;
  close(): void;
}

export interface BoardRunOptions {
  readonly clock: Clock;
  /** Path of a symbolic link to the device. */
  readonly link?: string;
  readonly unit?: number;
  /** Draws who comes; the same seed sends the same people. */
  readonly seed?: number;
  /** Every opening brings somebody; true if absent. */
  readonly passengers?: boolean;
  /** One line for each thing that happens at the gate. */
  readonly tell?: (line: string) => void;
}

/** From the open leaves to the first step into the passage. */
const APPROACH_MS = 700;

const ADULT: Omit<Passenger, 'from'> = {};
/** Who comes, as often as they are named here. */
const CROWD: readonly (readonly [string, readonly Omit<Passenger, 'from'>[]])[] = [
  ['an adult', [ADULT]],
  ['an adult in a hurry', [{ speed_mps: 1.6 }]],
  ['somebody old', [{ speed_mps: 0.7 }]],
  ['somebody who hesitates', [{ hesitates: { at_m: 0.5, for_ms: 2_500 } }]],
  ['somebody with a trolley', [{ trolley: { gap_m: 0.25, length_m: 0.3 } }]],
  ['an adult and a child', [ADULT, { tall: false, depth_m: 0.2 }]],
  ['somebody who turns back', [{ turnsAt_m: 0.8 }]],
  ['an adult and a fare dodger', [ADULT, ADULT]],
];
/** Between two who come together. */
const BEHIND_MS = 650;

export function runVirtualBoard(options: BoardRunOptions): BoardRun {
  const { clock, link, unit = 1, seed = 1, passengers = true, tell = () => {} } = options;
  const pty = createPty(link === undefined ? {} : { link });
  const board = createVirtualBoard({ clock, unit });
  board.onSend((bytes) => pty.write(bytes));
  pty.onData(board.receive);
  const chance = createChance(seed);
  const timers = new Set<Timer>();
  board.onOpen((direction) => {
    tell(`the leaves stand open (${direction})`);
    if (passengers && board.people === 0) later(APPROACH_MS, () => come(direction));
  });
  return {
    path: pty.path,
    board,
    close() {
      for (const timer of timers) clock.clearTimeout(timer);
      board.stop();
      pty.close();
    },
  };

  function come(direction: 'in' | 'out'): void {
    const [name, people] = chance.pick(CROWD);
    tell(`${name} walks ${direction}`);
    const from = direction === 'in' ? 'near' : 'far';
    for (const [nth, each] of people.entries()) {
      later(nth * BEHIND_MS, () => board.walk({ from, ...each }));
    }
  }

  function later(delay_ms: number, then: () => void): void {
    const timer = clock.setTimeout(() => {
      timers.delete(timer);
      then();
    }, delay_ms);
    timers.add(timer);
  }
}
