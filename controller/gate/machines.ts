/** Every machine of a gate lane, for pictures and for the proofs over all their states. */

import { linkMachine } from '../../firmware-bridge/supervise/machine.ts';
import { describeMachine, type MachineGraph } from '../ops/graph.ts';
import { laneMachine } from './lane.ts';
import { passageMachine } from './passage.ts';
import { tapMachine } from './tap/machine.ts';

export function gateMachines(): MachineGraph[] {
  return [tapMachine, passageMachine, laneMachine, linkMachine].map(describeMachine);
}
