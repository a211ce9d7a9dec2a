/**
 * Taps without a page: a seeded crowd at one lane, then the question that matters. Do the cards
 * and the ledger agree to the fen?
 */

import type { TapResult } from '../../controller/gate/tap/runner.ts';
import type { Ledger } from '../../controller/ledger/ledger.ts';
import type { Story } from '../../controller/ledger/records.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type { PurseCard } from '../card/purse.ts';
import type { TrayEntry } from '../card/tray.ts';
import type { TearMoment, TearPlan } from '../chip/field.ts';
import type { Chance } from './chance.ts';
import { present } from './passenger.ts';
import type { SkippingClock } from './skipping-clock.ts';
import type { Station } from './station.ts';

export interface Crowd {
  readonly station: Station;
  readonly clock: SkippingClock;
  readonly chance: Chance;
  readonly tray: readonly TrayEntry[];
  /** Ordinary cards beside the tray's. */
  readonly cards: readonly PurseCard[];
  /** Asked before each tap; false ends the run early. */
  readonly going: () => boolean;
}

export interface Summary {
  /** Message → how often. */
  readonly messages: Readonly<Record<string, number>>;
  readonly money: Money;
}

export interface Money {
  /** What left the cards in this run. */
  readonly cards_fen: number;
  /** What the ledger says was debited in this run: done, recovered, mac2-unverified. */
  readonly ledger_fen: number;
  /** What the cards did pay in stories that are still open (灰记录); only a simulation can know. */
  readonly grey_fen: number;
  readonly openStories: number;
}

/** 80DC, 8054 and the reads before them: where a hasty card leaves. */
const TEARABLE = [0xa4, 0xb2, 0x50, 0xdc, 0x54, 0x54, 0x54];
const MOMENTS: readonly TearMoment[] = ['before', 'after', 'cut'];
const PATIENCE_MS = 4_000;
const MINUTE_MS = 60_000;
/** Keeps every pause away from windows of whole minutes, which milliseconds would decide. */
const ODD_MS = 20_000;
const RETURN_MS = 2_000;

export async function runCrowd(crowd: Crowd, taps: number): Promise<Summary> {
  const { station, cards, tray } = crowd;
  const genuine = tray.filter(({ id }) => id !== 'forged');
  const purses = [...cards, ...genuine.flatMap(({ purse }) => purse ?? [])];
  const before_fen = sumOf(purses);
  const firstRef = (await lastRef(station)) + 1;
  const messages: Record<string, number> = {};
  for (let tap = 0; tap < taps && crowd.going(); tap++) {
    const told = await oneTap(crowd);
    const message = told?.message ?? 'unseen';
    messages[message] = (messages[message] ?? 0) + 1;
    await settle(station, crowd.clock);
  }
  const kept = await moneyIn(station.stores.ledger, firstRef, purses);
  return { messages, money: { ...kept, cards_fen: before_fen - sumOf(purses) } };
}

/** One passenger in eight is hasty; half of those come back at once, the others later or never. */
async function oneTap({ station, clock, chance, tray, cards }: Crowd): Promise<TapResult | null> {
  const hasty = chance.next() < 0.125;
  const open = station.stores.ledger.unsettled();
  const returning = cards.find((card) => open.some(({ intent }) => intent.card === card.serial));
  const back = chance.next() < 0.5;
  const pause_ms = (1 + chance.below(12)) * MINUTE_MS + ODD_MS;
  clock.skip(back && returning ? RETURN_MS : pause_ms);
  if (back && returning)
    return present(station, clock, { targets: [returning], patience_ms: PATIENCE_MS });
  const entry = chance.next() < 0.1 ? chance.pick(tray) : null;
  const targets = entry ? entry.targets : [chance.pick(cards)];
  if (targets.length === 0) return null;
  const tear: TearPlan | undefined = hasty
    ? { ins: chance.pick(TEARABLE), moment: chance.pick(MOMENTS) }
    : undefined;
  return present(station, clock, { targets, patience_ms: PATIENCE_MS, ...(tear && { tear }) });
}

export function agrees({ cards_fen, ledger_fen, grey_fen }: Money): boolean {
  return cards_fen === ledger_fen + grey_fen;
}

/** Waits until the gate is shut and idle: every tap meets it in the same state. */
export async function settle(station: Station, clock: Clock): Promise<void> {
  const { barrier, gate, quiet } = station;
  const seen = quiet.emptyRounds;
  for (let look = 0; look < 1_000; look++) {
    const shut = barrier.position === 'closed' && gate.snapshot().passage === 'closed';
    if (shut && quiet.emptyRounds >= seen + 2 && quiet.writes === 0) return;
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 2));
  }
}

/** What the ledger says of the stories from `firstRef` on, and the purses of those still open. */
export async function moneyIn(
  ledger: Pick<Ledger, 'stories'>,
  firstRef: number,
  purses: readonly PurseCard[],
): Promise<Omit<Money, 'cards_fen'>> {
  let ledger_fen = 0;
  let grey_fen = 0;
  let openStories = 0;
  for await (const story of ledger.stories()) {
    if (story.ref < firstRef) continue;
    const state = stateOf(story);
    if (state === 'debited') ledger_fen += story.intent.amount_fen;
    if (state !== 'open') continue;
    openStories += 1;
    // A later purchase would have settled the story first, so a moved counter means this debit.
    const card = purses.find(({ serial }) => serial === story.intent.card);
    if (card && card.counter > story.intent.counter) grey_fen += story.intent.amount_fen;
  }
  return { ledger_fen, grey_fen, openStories };
}

function stateOf({ outcome }: Story): 'debited' | 'untouched' | 'open' | 'forged' {
  switch (outcome?.status) {
    case 'done':
    case 'recovered':
    case 'mac2-unverified':
      return 'debited';
    case 'not-debited':
      return 'untouched';
    // Only forged purses answer with a wrong MAC2 here; they hold no money.
    case 'mac2-wrong':
      return 'forged';
    default:
      return 'open';
  }
}

async function lastRef(station: Station): Promise<number> {
  let ref = 0;
  for await (const story of station.stores.ledger.stories()) ref = story.ref;
  return ref;
}

function sumOf(purses: readonly PurseCard[]): number {
  return purses.reduce((sum, { balance_fen }) => sum + balance_fen, 0);
}
