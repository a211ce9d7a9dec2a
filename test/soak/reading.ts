/** The traffic of a lane's reader: look for a card, exchange an APDU, let go. */

import { type CardReader, describeFault, type Fault } from '../../firmware-bridge/ports.ts';
import type { Watch, Worked } from './replug.ts';

/** SELECT of the transport application: its FCI and 9000. */
const SELECT = Buffer.from('00A4040008A000000632010105', 'hex');
const TIMEOUT_MS = 800;

/** As the lane's loop: a failed detection is told to the watch; a failed exchange shows there. */
export async function readOnce(reader: CardReader, watch: Watch): Promise<Worked> {
  const found = await reader.detect();
  if (!found.ok) {
    if (found.fault.code.startsWith('card-')) watch.alive();
    else watch.fault(found.fault);
    return inShort(found.fault);
  }
  watch.alive();
  if (found.value.kind !== 'card') return 'idle';
  const { card } = found.value;
  const answer = await card.transceive(SELECT, TIMEOUT_MS);
  await card.release();
  if (!answer.ok) return inShort(answer.fault);
  const { value } = answer;
  if (value.length > 2 && value.subarray(-2).equals(GOOD)) return 'done';
  throw new Error(`a wrong answer: ${value.toString('hex')}`);
}

const GOOD = Buffer.from([0x90, 0x00]);

export function inShort(fault: Fault): Worked {
  if (fault.code === 'assertion') throw new Error(describeFault(fault));
  return `${fault.code} ${fault.effect}`;
}
