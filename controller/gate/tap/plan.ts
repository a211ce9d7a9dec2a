/**
 * Stage `planning`: what this card has to pay here, decided from the trip record on the card, the
 * ledger's last story of the card and the fare table. Pure rules; nothing is sent.
 */

import { hexOf, wallOfStamp } from '../../card/bytes.ts';
import { parseTrip, type TripRecord } from '../../card/purse/trip-record.ts';
import {
  type Concession,
  concessionOf,
  exitFare,
  flatFare,
  lowestFare,
  maxIncomplete,
  supplementFare,
} from '../../fare/fare.ts';
import type { Story } from '../../ledger/records.ts';
import type { Granted, Refused } from '../outcome.ts';
import { ageOf, rightFrom } from '../rights.ts';
import {
  type Charge,
  NEXT,
  type Purse,
  purseOf,
  refuse,
  type StageEnd,
  type Tap,
  type TapConfig,
  type TapDeps,
} from './tap.ts';

export function planTap(tap: Tap, deps: TapDeps): StageEnd {
  const { config, ledger, clock } = deps;
  const purse = purseOf(tap);
  const concession = concessionOf(config.fare, purse.info.cardType, purse.foreign);
  const last = ledger.lastClosed(purse.serial);

  const passback_minutes = concession?.passback_minutes ?? config.lane.passback_minutes;
  const right = rightFrom(last, last ? ageOf(last, deps) : 0, {
    reentry_s: config.lane.reentry_window_s,
    passback_s: passback_minutes * 60,
    direction: config.lane.direction,
  });
  if (right.kind === 'refuse') return refuse(right.message, right.detail);
  if (right.kind === 'open-again' && last) {
    const paid = { ref: last.ref, amount_fen: 0, balance_fen: balanceAfter(last) };
    return { kind: 'grant', message: right.message, paid };
  }

  const plan = chargesFor({ config, purse, concession, last, now_ms: clock.wall_ms() });
  if (plan.kind === 'refuse') return refuse(plan.message, plan.detail);
  const dearest = Math.max(...plan.charges.map((charge) => charge.amount_fen));
  if (dearest > config.purse.fare_max_fen) {
    throw new Error(`fare ${dearest} fen is above purse.fare_max_fen`);
  }
  tap.charges = plan.charges;
  return NEXT;
}

export type Plan =
  | { readonly kind: 'charges'; readonly charges: Charge[] }
  | { readonly kind: 'refuse'; readonly message: Refused; readonly detail: string };

export interface PlanInput {
  readonly config: TapConfig;
  readonly purse: Purse;
  readonly concession: Concession | null;
  readonly last: Story | undefined;
  readonly now_ms: number;
}

export function chargesFor(input: PlanInput): Plan {
  switch (input.config.lane.kind) {
    case 'flat':
      return { kind: 'charges', charges: [flatCharge(input)] };
    case 'till':
      return planSale(input);
    case 'entry':
      return planEntry(input);
    case 'exit':
      return planExit(input);
  }
}

function flatCharge({ config, concession }: PlanInput): Charge {
  const { fare_fen, rule } = flatFare(config.fare, concession);
  return charge({
    kind: '06',
    amount_fen: fare_fen,
    rule,
    message: messageFor(fare_fen, concession),
  });
}

/** A purchase writes the trip record: it would take the entry away that the exit asks for. */
function planSale(input: PlanInput): Plan {
  const open = openTrip(input.purse);
  if (!open) return { kind: 'charges', charges: [flatCharge(input)] };
  return { kind: 'refuse', message: 'exit-missing', detail: `entered at ${open.place}` };
}

/** 03 on the card: the last trip was never closed. 补票 first, or the service desk. */
function planEntry(input: PlanInput): Plan {
  const { config, concession, purse } = input;
  const entry = entryCharge(input);
  const open = openTrip(purse);
  if (!open || isOurUnusedTrip(input)) return { kind: 'charges', charges: [entry] };
  if (config.lane.missing_exit === 'desk') {
    return { kind: 'refuse', message: 'exit-missing', detail: `entered at ${open.place}` };
  }
  const { fare_fen, rule } = supplementFare(config.fare, concession, open.incompleteMax_fen);
  const supplement = charge({
    kind: '08',
    amount_fen: fare_fen,
    rule,
    opens: false,
    // Both or neither: nobody pays for the old trip and is then refused the new one.
    balanceNeeded_fen: fare_fen + entry.balanceNeeded_fen,
    entry: hexOrNull(purse.trip),
  });
  return { kind: 'charges', charges: [supplement, entry] };
}

/** An entry costs nothing yet, but the card must hold the lowest fare. */
function entryCharge({ config, concession }: PlanInput): Charge {
  const { fare } = config;
  const max = maxIncomplete(fare, concession);
  return charge({
    kind: '03',
    amount_fen: 0,
    rule: `entry/${concession?.name ?? 'adult'}`,
    balanceNeeded_fen: lowestFare(fare, concession),
    incompleteMax_fen: max.amount_fen,
    tripMax_minutes: max.minutes,
    message: concession ? 'pass-concession' : 'pass',
  });
}

function planExit(input: PlanInput): Plan {
  const { config, concession, purse, now_ms } = input;
  const open = openTrip(purse);
  if (!open) {
    // The fare was taken here, late to be proved, and nobody walked out on it.
    if (isOurUnusedTrip(input)) {
      return { kind: 'refuse', message: 'paid-see-staff', detail: 'paid here, not passed' };
    }
    if (config.lane.missing_entry === 'desk') {
      return { kind: 'refuse', message: 'entry-missing', detail: 'no entry on the card' };
    }
    const { fare_fen, rule } = supplementFare(config.fare, concession, null);
    const message = messageFor(fare_fen, concession);
    return {
      kind: 'charges',
      charges: [charge({ kind: '08', amount_fen: fare_fen, rule, message })],
    };
  }
  const entered_ms = wallOfStamp(open.at, config.site.utc_offset_minutes);
  const fare = exitFare({
    table: config.fare,
    concession,
    entryPlace: open.place,
    exitPlace: config.lane.place,
    minutes: (now_ms - entered_ms) / 60_000,
  });
  if (fare.kind === 'refuse') {
    return { kind: 'refuse', message: fare.outcome, detail: `entered at ${open.place}` };
  }
  const { fare_fen, rule } = fare;
  const message = messageFor(fare_fen, concession);
  const entry = hexOrNull(purse.trip);
  return {
    kind: 'charges',
    charges: [charge({ kind: '04', amount_fen: fare_fen, rule, entry, message })],
  };
}

/** Defaults of a charge that ends the trip and opens the gate. */
function charge(given: Pick<Charge, 'kind' | 'amount_fen' | 'rule'> & Partial<Charge>): Charge {
  return {
    opens: true,
    balanceNeeded_fen: given.amount_fen,
    incompleteMax_fen: 0,
    tripMax_minutes: 0,
    entry: null,
    message: 'pass',
    ...given,
  };
}

function messageFor(fare_fen: number, concession: Concession | null): Granted {
  if (fare_fen === 0) return 'pass-free';
  return concession ? 'pass-concession' : 'pass';
}

function openTrip(purse: Purse): TripRecord | null {
  const trip = purse.trip && parseTrip(purse.trip);
  return trip?.kind === '03' ? trip : null;
}

/** The trip on the card is our own and nobody walked on it: an entry may simply be made again. */
function isOurUnusedTrip({ purse, last }: PlanInput): boolean {
  return last !== undefined && !last.passed && last.intent.trip === hexOrNull(purse.trip);
}

function balanceAfter({ intent }: Story): number {
  return intent.balance_before_fen - intent.amount_fen;
}

function hexOrNull(bytes: Buffer | null): string | null {
  return bytes && hexOf(bytes);
}
