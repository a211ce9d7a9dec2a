/** `tapway-sim card|psam --vpcd PORT`: puts a virtual card or PSAM into a slot of pcscd. */

import { systemClock, within } from '../../firmware-bridge/clock.ts';
import { cardOnTray } from '../card/tray.ts';
import { createVirtualPsam } from '../sam/psam.ts';
import { cardInSlot, psamInSlot } from './cards.ts';
import { createVpcdSlot, type SlotCard, type VpcdSlot } from './vpcd.ts';

export interface VpcdRun {
  /** TCP port of the slot: 35963 and 35964 in Debian's configuration of vpcd. */
  readonly port: number;
  readonly stopped: Promise<void>;
}

export interface VpcdCardRun extends VpcdRun {
  /** Id on the tray, e.g. `adult`. */
  readonly card: string;
  /** By its contacts (T=0) instead of the contactless face of a dual reader. */
  readonly contact?: boolean;
  /** Seconds between two insertions; absent: the card stays in. */
  readonly every?: number;
}

const PRESENT_MS = 2_000;

export async function runVpcdCard(options: VpcdCardRun): Promise<number> {
  const { card, contact, every, stopped } = options;
  const { targets } = cardOnTray(card, systemClock.wall_ms());
  const target = targets.find(({ ats }) => ats.length > 0);
  if (!target) throw new Error(`${card} has nothing that speaks APDUs`);
  const face = contact ? 'contact' : 'contactless';
  const slot = slotOf(options, cardInSlot(target, { face, clock: systemClock }));
  if (every === undefined) {
    await serve(slot, stopped);
  } else {
    await comeAndGo(slot, every * 1_000, stopped);
  }
  return 0;
}

export async function runVpcdPsam(options: VpcdRun): Promise<number> {
  const psam = createVirtualPsam(systemClock, { getResponse: true });
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
