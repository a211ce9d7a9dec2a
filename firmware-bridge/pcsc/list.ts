/** Which slots the daemon has, for a doctor; a lane needs one slot and asks for it by name. */

import { type Clock, ok, type Reply } from '../ports.ts';
import { SlotDevice } from './device.ts';

/** No reader has this name. */
const NOBODY = '\u0001';

/** Fault `link-absent`: no binding, or no daemon. */
export async function listPcscReaders(clock: Clock): Promise<Reply<readonly string[]>> {
  const device = new SlotDevice({ pattern: NOBODY, label: 'no list of readers', clock });
  const revived = await device.revive();
  const { names, state } = device;
  await device.close();
  return revived.ok || state.kind === 'unmatched' ? ok(names) : revived;
}
