/** Draws when a fault strikes. */

import type { Chance } from '../lane/chance.ts';
import type { Moment } from './faults.ts';

const PORTS_A_TAP = 90;
export const COMMANDS_A_TAP = 7;

export function drawMoment(chance: Chance): Moment {
  const share = chance.next();
  if (share < 0.5) return { on: 'port', nth: 1 + chance.below(PORTS_A_TAP) };
  if (share < 0.8) return { on: 'command', nth: 1 + chance.below(COMMANDS_A_TAP) };
  return { on: 'time', after_ms: chance.below(1_500) };
}
