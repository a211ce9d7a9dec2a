/** A SAM slot on which one chosen command, or its answer, is lost or cut short. */

import { failed, type Reply, type SamSlot } from '../../firmware-bridge/ports.ts';
import type { TearMoment } from '../../sim/chip/field.ts';

interface Plan {
  left: number;
  readonly moment: TearMoment;
  fired: boolean;
}

export class TornSlot {
  /** CLA, INS and P1 of every command that was sent, hex. */
  sent: string[] = [];
  readonly slot: SamSlot;
  #plan: Plan | null = null;

  constructor(slot: SamSlot) {
    this.slot = slot;
  }

  /** @param nth 1 is the next command @returns whether it has happened */
  tearNext(nth: number, moment: TearMoment): { readonly fired: boolean } {
    const plan = { left: nth, moment, fired: false };
    this.#plan = plan;
    return plan;
  }

  async transceive(command: Buffer, timeout_ms: number): Promise<Reply<Buffer>> {
    this.sent.push(command.subarray(0, 3).toString('hex').toUpperCase());
    const plan = this.#plan;
    if (plan) plan.left -= 1;
    if (plan?.left !== 0) return this.slot.transceive(command, timeout_ms);
    plan.fired = true;
    if (plan.moment === 'before') return mute();
    const answer = await this.slot.transceive(command, timeout_ms);
    if (plan.moment === 'after' || !answer.ok) return mute();
    // Its last byte is missing: a reader that checks no length takes the rest for the answer.
    return { ok: true, value: answer.value.subarray(0, -1) };
  }
}

function mute(): Reply<never> {
  return failed('sam-mute', 'none', 'torn off by a test');
}
