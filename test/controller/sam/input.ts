/** What the SAM tests share: one 8070 input, and replies as short as a table needs them. */

import * as assert from 'uvu/assert';
import type { PurchaseInput } from '../../../controller/sam/sam.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { SIM_ISSUER } from '../../../sim/keys.ts';
import { AT, bytes, SERIAL } from '../../sim/card/hand.ts';

export function must<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`${reply.fault.code}: ${reply.fault.detail}`);
  return reply.value;
}

/** The value, or `code effect` of the fault. */
export function told(reply: Reply<unknown>): unknown {
  return reply.ok ? reply.value : `${reply.fault.code} ${reply.fault.effect}`;
}

/** Why keys were refused, by the one fault that is for them. */
export function refusal(reply: Reply<unknown>): string {
  if (reply.ok) throw new Error('it was not refused');
  assert.equal([reply.fault.code, reply.fault.effect], ['sam-keys', 'none']);
  return reply.fault.detail;
}

/** @param algorithm the byte that the card gave with 8050 */
export function inputOf(algorithm: number, differs: Partial<PurchaseInput> = {}): PurchaseInput {
  return {
    random: bytes('0A1B2C3D'),
    counter: 7,
    amount_fen: 200,
    txnType: 0x09,
    at: bytes(AT),
    keyVersion: 1,
    algorithm,
    cardFactor: bytes(SERIAL.slice(4)),
    issuerFactor: bytes(SIM_ISSUER),
    ...differs,
  };
}
