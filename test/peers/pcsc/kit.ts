/** A desk: our pcscd, a virtual card and a virtual PSAM in its slots, our driver on both. */

import type { LaneConfig } from '../../../config/schema.ts';
import { exchange, type Response } from '../../../controller/card/apdu.ts';
import { debit, parseDebitProof } from '../../../controller/card/purse/debit.ts';
import { initPurchase, parsePurchaseOffer } from '../../../controller/card/purse/init-purchase.ts';
import { selectByName } from '../../../controller/card/purse/select.ts';
import { createPsam } from '../../../controller/sam/psam.ts';
import type { PurchaseSam } from '../../../controller/sam/sam.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createPcscReader } from '../../../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../../../firmware-bridge/pcsc/slot.ts';
import type { Card, Reply } from '../../../firmware-bridge/ports.ts';
import { PURSE_AID } from '../../../sim/card/personalise.ts';
import type { PurseCard } from '../../../sim/card/purse.ts';
import { SCHEMES } from '../../../sim/keys.ts';
import { cardInSlot, psamInSlot } from '../../../sim/pcsc/cards.ts';
import { createVpcdSlot, type VpcdSlot } from '../../../sim/pcsc/vpcd.ts';
import { createVirtualPsam, type VirtualPsam } from '../../../sim/sam/psam.ts';
import { childrenOfOurs } from '../../bench/kit/processes.ts';
import { inputOf, must } from '../../controller/sam/input.ts';
import { AT, bytes, cardOf, TERMINAL } from '../../sim/card/hand.ts';
import { CARD_SLOT, createDaemon, type Daemon, pause, SAM_SLOT } from './daemon.ts';

export interface Desk {
  readonly daemon: Daemon;
  readonly purse: PurseCard;
  /** The slot's side of the card, and of the PSAM. */
  readonly card: VpcdSlot;
  readonly psam: VpcdSlot;
  readonly virtualPsam: VirtualPsam;
  readonly reader: ReturnType<typeof createPcscReader>;
  readonly slot: ReturnType<typeof createPcscSamSlot>;
}

interface DeskOptions {
  readonly face?: 'contactless' | 'contact';
  /** Slots that begin empty. */
  readonly empty?: boolean;
}

const SAM_RESET_MS = 2_000;
const COME_UP_MS = 10_000;
export const TIMEOUT_MS = 1_000;

/** Sets a desk up, and clears it whatever happens; nothing of it may be left. */
export async function atDesk(body: (desk: Desk) => Promise<void>, options: DeskOptions = {}) {
  const before = childrenOfOurs();
  const clock = systemClock;
  const daemon = await createDaemon();
  const purse = cardOf();
  const virtualPsam = createVirtualPsam(clock, { timed: false, getResponse: true });
  const inCard = cardInSlot(purse, { face: options.face ?? 'contactless' });
  const card = createVpcdSlot({ port: daemon.ports.card, clock, card: inCard });
  const inPsam = await psamInSlot(virtualPsam);
  const psam = createVpcdSlot({ port: daemon.ports.sam, clock, card: inPsam });
  if (!options.empty) await Promise.all([card.insert(), psam.insert()]);
  const reader = createPcscReader({ config: readerConfig(CARD_SLOT), clock });
  const slot = createPcscSamSlot({ pattern: SAM_SLOT, clock, timeout_ms: SAM_RESET_MS });
  try {
    await body({ daemon, purse, card, psam, virtualPsam, reader, slot });
  } finally {
    await Promise.all([reader.close(), slot.close()]);
    card.close();
    psam.close();
    await daemon.end();
  }
  const left = childrenOfOurs().filter((pid) => !before.includes(pid));
  if (left.length > 0) throw new Error(`processes left behind: ${left.join(', ')}`);
}

export function readerConfig(name: string): LaneConfig['reader'] {
  return {
    ...{ kind: 'pcsc', path: '', usb: {}, name, baud: 115_200 },
    ...{ poll_pause_ms: 20, heartbeat_ms: 1_000, rf_cycle_s: 60 },
    ...{ ack_timeout_ms: 50, card_timeout_ms: 800 },
  };
}

export function psamOn(slot: Desk['slot']): PurchaseSam {
  const application = bytes('8011');
  return createPsam(slot, {
    ...{ timeout_ms: TIMEOUT_MS, application, lockKeyUsage: 0x45, lockKeyVersion: 1 },
  });
}

/** As a lane does: looks until a card is there, and mends the reader meanwhile. */
export async function nextCard({ reader }: Pick<Desk, 'reader'>): Promise<Card> {
  return eventually(async () => {
    const found = await reader.detect();
    if (!found.ok) await reader.recover();
    else if (found.value.kind === 'card') return found.value.card;
    throw new Error(found.ok ? found.value.kind : found.fault.detail);
  });
}

/** As a lane does: starts the SAM again until it is there. */
export async function startedSam(desk: Pick<Desk, 'slot'>): Promise<PurchaseSam> {
  const sam = psamOn(desk.slot);
  return eventually(async () => {
    must(await sam.start());
    return sam;
  });
}

/** Tries again and again; what the last attempt complained of when time is up. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const end_ms = performance.now() + COME_UP_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end_ms) throw error;
      await pause(20);
    }
  }
}

type Buyer = Pick<PurchaseSam, 'initPurchase' | 'creditPurchase'>;

/** From SELECT to the verdict on MAC2, with two fen-accurate sides that share no code. */
export async function buy(
  card: Pick<Card, 'transceive'>,
  sam: Buyer,
  scheme: 'sm4' | '3des' = 'sm4',
) {
  const ask = async (command: Parameters<typeof exchange>[1]): Promise<Response> =>
    must(await exchange(card, command, TIMEOUT_MS));
  await ask(selectByName(PURSE_AID));
  const first = initPurchase(SCHEMES[scheme].keyIndex, 200, bytes(TERMINAL));
  const offer = parsePurchaseOffer((await ask(first)).data);
  if (!offer) throw new Error('8050 gave no offer');
  const { random, counter, keyVersion, algorithm } = offer;
  const input = inputOf(algorithm, { random, counter, keyVersion });
  const { termSeq, mac1 } = must(await sam.initPurchase(input));
  const proof = parseDebitProof((await ask(debit(termSeq, bytes(AT), mac1))).data);
  if (!proof) throw new Error('8054 gave no proof');
  return must(await sam.creditPurchase(proof.mac2));
}

/** `code effect` of a fault, or `ok`. */
export function outcome(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : `${reply.fault.code} ${reply.fault.effect}`;
}
