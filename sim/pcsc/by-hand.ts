/** `tapway-sim card|psam --vpcd PORT`: puts a virtual card or PSAM into a slot of pcscd. */

import { systemClock, within } from '../../firmware-bridge/clock.ts';
import { personOnTray } from '../card/people.ts';
import { cardOnTray } from '../card/tray.ts';
import { createVirtualPsam } from '../sam/psam.ts';
import { SSC_SAM } from '../sam/ssc.ts';
import { cardInSlot, contactInSlot, psamInSlot } from './cards.ts';
import { createVpcdSlot, type SlotCard, type VpcdSlot } from './vpcd.ts';

export interface VpcdRun {
  /** TCP port of the slot: 35963 and 35964 in Debian's configuration of vpcd. */
  readonly port: number;
  readonly stopped: Promise<void>;
}

export interface VpcdCardRun extends VpcdRun {
  /** Id on the tray of the lane, e.g. `adult`. */
  readonly card: string;
  /** Id on the tray of the kiosk, e.g. `adult-3`, in place of a card. */
  readonly person?: string;
  /** By its contacts (T=0) or as a dual reader shows it; default: contactless where it can. */
  readonly face?: 'contact' | 'contactless';
  /** Seconds between two insertions; absent: the card stays in. */
  readonly every?: number;
}

export interface VpcdPsamRun extends VpcdRun {
  /** With the social security application beside that for purchases. */
  readonly ssc?: boolean;
}

const PRESENT_MS = 2_000;

export async function runVpcdCard(options: VpcdCardRun): Promise<number> {
  const { every, stopped } = options;
  const slot = slotOf(options, options.person ? personsCard(options) : traysCard(options));
  if (every === undefined) {
    await serve(slot, stopped);
  } else {
    await comeAndGo(slot, every * 1_000, stopped);
  }
  return 0;
}

function traysCard({ card, face }: VpcdCardRun): SlotCard {
  const { targets } = cardOnTray(card, systemClock.wall_ms());
  const target = targets.find(({ ats }) => ats.length > 0);
  if (!target) throw new Error(`${card} has nothing that speaks APDUs`);
  return cardInSlot(target, { face, clock: systemClock });
}

function personsCard({ person = '', face }: VpcdCardRun): SlotCard {
  const { contact, contactless } = personOnTray(person, systemClock.wall_ms());
  if (contactless && face !== 'contact') return cardInSlot(contactless, { clock: systemClock });
  if (contact && face !== 'contactless') return contactInSlot(contact, systemClock);
  throw new Error(`the card of ${person} has no ${face} face; leave --face out`);
}

export async function runVpcdPsam(options: VpcdPsamRun): Promise<number> {
  const ssc = options.ssc ? SSC_SAM : null;
  const psam = createVirtualPsam(systemClock, { getResponse: true, ssc });
  await serve(slotOf(options, await psamInSlot(psam)), options.stopped);
  return 0;
}

function slotOf({ port }: VpcdRun, card: SlotCard): VpcdSlot {
  process.stdout.write(`ATR ${card.atr.toString('hex').toUpperCase()}\n`);
  return createVpcdSlot({ port, clock: systemClock, card });
}

async function serve(slot: VpcdSlot, stopped: Promise<void>): Promise<void> {
  void slot.insert();
  await stopped;
  slot.close();
}

async function comeAndGo(slot: VpcdSlot, pause_ms: number, stopped: Promise<void>): Promise<void> {
  let going = true;
  const ended = stopped.then(() => {
    going = false;
  });
  while (going) {
    void slot.insert();
    await within(systemClock, PRESENT_MS, ended);
    slot.remove();
    await within(systemClock, pause_ms, ended);
  }
  slot.close();
}
