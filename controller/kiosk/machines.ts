/** Every machine of a kiosk, for pictures. */

import { describeMachine, type MachineGraph } from '../ops/graph.ts';
import { modeMachine } from './mode.ts';
import { sessionMachine } from './session.ts';

export function kioskMachines(): MachineGraph[] {
  return [sessionMachine, modeMachine].map(describeMachine);
}
