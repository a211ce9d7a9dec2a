/** The working record of one card presentation, and what its stages may use. */

import type { LaneConfig } from '../../../config/schema.ts';
import type { Card, Clock, Fault, Reply } from '../../../firmware-bridge/ports.ts';
import type { Blacklist } from '../../blacklist/blacklist.ts';
import type { DebitProof } from '../../card/purse/debit.ts';
import type { PurchaseOffer } from '../../card/purse/init-purchase.ts';
import type { PublicInfo } from '../../card/purse/public-info.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { TripKind } from '../../ledger/records.ts';
import type { Authorisation, PurchaseSam } from '../../sam/sam.ts';
import type { Amounts } from '../feedback.ts';
import type { Network } from '../network.ts';
import type { Granted, Refused } from '../outcome.ts';

/** One debit of the plan, decided before the card is asked to pay. */
export interface Charge {
  readonly kind: TripKind;
  readonly amount_fen: number;
  /** Short id for the clearing record. */
  readonly rule: string;
  /** Does this debit open the gate, or is it a supplement with another charge behind it? */
  readonly opens: boolean;
  /** The card's balance must reach this; above `amount_fen` for an entry, which costs nothing. */
  readonly balanceNeeded_fen: number;
  /** Written into the trip record: what an incomplete trip costs, and how long it may last. */
  readonly incompleteMax_fen: number;
  readonly tripMax_minutes: number;
  /** EF1E as read when this charge closes an earlier entry, as hex. */
  readonly entry: string | null;
  readonly message: Granted;
}

export interface Tap {
  readonly id: number;
  readonly card: Card;
  /** Filled by `selecting`. */
  purse?: Purse;
  /** Filled by `planning`; the first is the one under way. */
  charges: Charge[];
  /** Filled by `initialising`, anew for each charge. */
  payment?: Payment;
  /** A supplement was taken; from then on nobody may say that nothing was. */
  charged?: boolean;
}

export interface Purse {
  readonly info: PublicInfo;
  /** Application serial as hex: the card's name in ledger and blacklist. */
  readonly serial: string;
  /** Read for cards of another city alone. */
  readonly management: { readonly interoperable: boolean; readonly cardKind: string } | null;
  readonly foreign: boolean;
  /** EF1E record 1: 48 bytes, or null where the file is empty. */
  readonly trip: Buffer | null;
}

export interface Payment {
  readonly charge: Charge;
  readonly offer: PurchaseOffer;
  /** BCD date ‖ time: one stamp for trip record, 8070, 8054 and ledger. */
  readonly at: Buffer;
  readonly trip: Buffer;
  /** The intent on its way to the disk; its value is the seq that names the story. */
  readonly intent: Promise<Reply<number>>;
  ref?: number;
  authorisation?: Authorisation;
  proof?: DebitProof;
}

/** How a stage ended; `runner.ts` turns it into the machine's event. */
export type StageEnd =
  | { readonly kind: 'next' }
  | { readonly kind: 'torn' }
  | { readonly kind: 'again' }
  | { readonly kind: 'grant'; readonly message: Granted; readonly paid: Paid }
  | {
      readonly kind: 'refuse';
      readonly message: Refused;
      readonly detail: string;
      /** Where the sign can say what was asked and what is left. */
      readonly amounts?: Amounts;
    }
  | { readonly kind: 'fault'; readonly fault: Fault };

export interface Paid extends Amounts {
  /** The story that gave the right to pass. */
  readonly ref: number;
}

/** What a tap needs of the ledger. */
export type TapLedger = Pick<Ledger, 'append' | 'openStory' | 'lastClosed'>;

/** What a tap needs to know of the place where it is made: a lane, or the till of a kiosk. */
export type TapConfig = Pick<LaneConfig, 'site' | 'purse' | 'fare'> & {
  readonly lane: Omit<
    LaneConfig['lane'],
    'id' | 'kind' | 'passage_timeout_ms' | 'result_shown_ms'
  > & {
    /** `till`: one price, from a card whose holder is not on a trip. */
    readonly kind: LaneConfig['lane']['kind'] | 'till';
  };
  readonly reader: Pick<LaneConfig['reader'], 'card_timeout_ms'>;
};

export interface TapDeps {
  readonly config: TapConfig;
  readonly clock: Clock;
  readonly sam: PurchaseSam;
  readonly ledger: TapLedger;
  readonly blacklist: Blacklist;
  readonly network: Network;
  /** Measures a part of a stage that runs beside others. */
  span<T>(name: string, work: Promise<T>): Promise<T>;
  /** Which story the SAM's one session belongs to; a MAC2 of another must not be shown to it. */
  samSession: { ref: number | null };
}

export type StageWork = (tap: Tap, deps: TapDeps) => Promise<StageEnd>;

export function purseOf(tap: Tap): Purse {
  if (!tap.purse) throw new Error('the purse is used before it was selected');
  return tap.purse;
}

export function paymentOf(tap: Tap): Payment {
  if (!tap.payment) throw new Error('the payment is used before it was initialised');
  return tap.payment;
}

export const NEXT: StageEnd = { kind: 'next' };

export function refuse(message: Refused, detail: string, amounts?: Amounts): StageEnd {
  return amounts
    ? { kind: 'refuse', message, detail, amounts }
    : { kind: 'refuse', message, detail };
}

export function fault(from: Fault): StageEnd {
  return { kind: 'fault', fault: from };
}
