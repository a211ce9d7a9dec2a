/** Virtual card and virtual PSAM as something that goes into a slot. */

import type { Clock } from '../../firmware-bridge/ports.ts';
import { answer, encodeAnswer, SW } from '../card/apdu.ts';
import type { ContactFace } from '../card/ssc/combined.ts';
import { createT0 } from '../card/t0.ts';
import type { Target } from '../card/target.ts';
import type { VirtualPsam } from '../sam/psam.ts';
import type { SlotCard } from './vpcd.ts';

export interface CardOptions {
  /** `contactless`: T=1 behind a dual reader, which tells the UID; `contact`: bare T=0. */
  readonly face?: 'contactless' | 'contact';
  /** Makes the card work as long as a real one; absent: it answers at once. */
  readonly clock?: Clock;
}

/** FF CA 00 00 00, which a PC/SC reader answers itself; vpcd leaves it to us. */
const GET_UID = Buffer.from('FFCA000000', 'hex');
const PSAM_TIMEOUT_MS = 60_000;

export function cardInSlot(target: Target, options: CardOptions = {}): SlotCard {
  const history = historyOf(target.ats);
  if (options.face === 'contact') {
    return contactInSlot({ atr: contactAtr(history), ...createT0(target) }, options.clock);
  }
  const slot = contactInSlot({ ...target, atr: contactlessAtr(history) }, options.clock);
  const told = encodeAnswer(answer(SW.ok, target.uid));
  const transceive = async (command: Buffer) =>
    command.equals(GET_UID) ? told : slot.transceive(command);
  return { ...slot, transceive };
}

/** A card by its contacts, T=0 manners being its own. An empty answer keeps silent for good. */
export function contactInSlot(face: ContactFace, clock?: Clock): SlotCard {
  return {
    atr: face.atr,
    powerDown: () => face.powerDown(),
    async transceive(command) {
      const done = face.exchange(command);
      if (clock) await new Promise<void>((wake) => clock.setTimeout(wake, done.work_ms));
      return done.answer.length === 0 ? null : done.answer;
    },
  };
}

/** @param psam best made with `getResponse`, as its answer to reset says T=0 */
export async function psamInSlot(psam: VirtualPsam): Promise<SlotCard> {
  const reset = await psam.reset();
  if (!reset.ok) throw new Error(`the virtual PSAM is out of order: ${reset.fault.detail}`);
  return {
    atr: reset.value,
    async transceive(command) {
      const reply = await psam.transceive(command, PSAM_TIMEOUT_MS);
      return reply.ok ? reply.value : null;
    },
    powerDown: () => void psam.close(),
  };
}

/** What stands behind T0 and its interface bytes in an answer to select. */
function historyOf(ats: Buffer): Buffer {
  const format = ats[1] ?? 0;
  const interfaces = [0x10, 0x20, 0x40].filter((bit) => (format & bit) !== 0).length;
  return ats.subarray(2 + interfaces);
}

/** 3B 8n 80 01, historical bytes, check byte (PC/SC part 3, 3.1.3.2.3.1). */
function contactlessAtr(history: Buffer): Buffer {
  const body = Buffer.from([0x80 | history.length, 0x80, 0x01, ...history]);
  const check = body.reduce((sum, byte) => sum ^ byte, 0);
  return Buffer.from([0x3b, ...body, check]);
}

/** TS, T0 (TB1 TC1), no programming voltage, no extra guard time: T=0. */
function contactAtr(history: Buffer): Buffer {
  return Buffer.from([0x3b, 0x60 | history.length, 0x00, 0x00, ...history]);
}
