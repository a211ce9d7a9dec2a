/** Whole cards: a Social Security Card with purse and bank account, and its lesser relatives. */

import { type KeySet, SIM_KEYS } from '../../keys.ts';
import { type CardSnapshot, type Random, RECORDS_MAX } from '../memory.ts';
import type { CardProfile } from '../personalise.ts';
import { PURSE_AID } from '../personalise.ts';
import { createPurseCard, type PurseCard } from '../purse.ts';
import { type BankProfile, type BankSnapshot, createBankApplication } from './bank.ts';
import { createSscApplication } from './card.ts';
import { type Application, type Chip, createChip } from './combined.ts';
import type { SscSnapshot } from './memory.ts';
import type { SscProfile } from './personalise.ts';

export interface IssueProfile {
  /** Of the card on the tray, never a person's. */
  readonly name: string;
  readonly faces: readonly ('contact' | 'contactless')[];
  /** 4 or 7 bytes, hex. */
  readonly uid: string;
  readonly ssc?: SscProfile;
  /** Replaces the generator of the SSC's random numbers, as published traces need. */
  readonly random?: Random;
  readonly purse?: CardProfile;
  /** Rides already made with the purse; the newest ten are in its files. */
  readonly rides?: readonly Ride[];
  readonly bank?: BankProfile;
  /** More applications behind these. */
  readonly others?: readonly Application[];
  /** Historical bytes of a card without SSC; default none. */
  readonly history?: Buffer;
}

/** Of another gate than the simulated one. */
const RIDE_TERMINAL = '332099000077';

/** The newest first. */
export interface Ride {
  /** YYYYMMDDHHMMSS */
  readonly at: string;
  readonly amount_fen: number;
}

/** What survives the loss of power, by application. JSON-able. */
export interface IssuedSnapshot {
  readonly ssc: SscSnapshot | null;
  readonly purse: CardSnapshot | null;
  readonly bank: BankSnapshot | null;
}

export interface IssuedCard extends Chip {
  /** 16 bytes; null on a card without SSC. */
  readonly cardId: Buffer | null;
  /** The purse on the card, to see its balance from outside. Talk to the faces, not to it. */
  readonly purse: PurseCard | null;
  snapshot(): IssuedSnapshot;
  /** Also takes the power away. */
  restore(snapshot: IssuedSnapshot): void;
}

export function issueCard(profile: IssueProfile, keys: KeySet = SIM_KEYS): IssuedCard {
  const ssc = profile.ssc ? createSscApplication(profile.ssc, profile.random) : null;
  const purse = profile.purse ? createPurseCard(profile.purse, keys) : null;
  if (purse) purse.restore(ridden(purse.snapshot(), profile.rides ?? []));
  const bank = profile.bank ? createBankApplication(profile.bank) : null;
  const wallet = purse ? [{ ...pursePart(purse), names: [PURSE_AID], label: 'MOT_T_EP' }] : [];
  const applications = [...(ssc ? [ssc] : []), ...wallet, ...(bank ? [bank] : [])];
  const history = ssc?.history ?? profile.history ?? Buffer.alloc(0);
  const chip = createChip({ ...profile, history }, [...applications, ...(profile.others ?? [])]);
  return {
    ...chip,
    cardId: ssc?.cardId ?? null,
    purse,
    snapshot: () => ({
      ssc: ssc?.snapshot() ?? null,
      purse: purse?.snapshot() ?? null,
      bank: bank?.snapshot() ?? null,
    }),
    restore(snapshot) {
      chip.contact?.powerDown();
      chip.contactless?.powerDown();
      if (snapshot.ssc) ssc?.restore(snapshot.ssc);
      if (snapshot.purse) purse?.restore(snapshot.purse);
      if (snapshot.bank) bank?.restore(snapshot.bank);
    },
  };
}

function pursePart({ exchange, powerDown }: PurseCard) {
  return { exchange, powerDown };
}

/** Files of the purse after those rides: each one a purchase of type 09 and a trip of kind 06. */
function ridden(fresh: CardSnapshot, rides: readonly Ride[]): CardSnapshot {
  const newest = rides.slice(0, RECORDS_MAX);
  const log = newest.map(({ at, amount_fen }, index) => {
    const counter = hex(rides.length - index, 2);
    return `${counter}000000${hex(amount_fen, 4)}09${RIDE_TERMINAL}${at}`;
  });
  const trips = newest.map(({ at, amount_fen }, index) => {
    const left_fen = fresh.balance_fen + spent_fen(newest.slice(0, index));
    const money = `${hex(amount_fen, 4)}${hex(left_fen, 4)}`;
    return `060000${RIDE_TERMINAL}0101010003000000${money}${at}`.padEnd(96, '0');
  });
  if (rides.length === 0) return fresh;
  return { ...fresh, counter: rides.length, log, trips };
}

function spent_fen(rides: readonly Ride[]): number {
  return rides.reduce((sum, { amount_fen }) => sum + amount_fen, 0);
}

function hex(value: number, bytes: number): string {
  return value
    .toString(16)
    .toUpperCase()
    .padStart(bytes * 2, '0');
}
