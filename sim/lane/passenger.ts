/** What a passenger does at the reader: hold the card, tear it away, hold two at once. */

import type { TapResult } from '../../controller/gate/tap/runner.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type { Target } from '../card/target.ts';
import type { TearPlan } from '../chip/field.ts';
import type { Station } from './station.ts';

export interface Gesture {
  readonly targets: readonly Target[];
  /** The card leaves at this command; else it stays until the result shows. */
  readonly tear?: TearPlan;
  /** How long a passenger waits for a result before giving up. */
  readonly patience_ms: number;
}

/** Puts the cards into the field and takes them away again; null when nothing ever happened. */
export async function present(
  station: Station,
  clock: Clock,
  { targets, tear, patience_ms }: Gesture,
): Promise<TapResult | null> {
  const { field, gate } = station;
  const result = nextResult(gate.onTap, clock, patience_ms);
  station.arrive(targets);
  if (tear) field.tearNext(tear);
  for (const target of targets) field.enter(target);
  const told = await result;
  field.clearTears();
  for (const target of targets) field.leave(target);
  return told;
}

function nextResult(
  onTap: Station['gate']['onTap'],
  clock: Clock,
  patience_ms: number,
): Promise<TapResult | null> {
  return new Promise((resolve) => {
    const end = (result: TapResult | null) => {
      unsubscribe();
      clock.clearTimeout(timer);
      resolve(result);
    };
    const unsubscribe = onTap(end);
    const timer = clock.setTimeout(() => end(null), patience_ms);
  });
}
