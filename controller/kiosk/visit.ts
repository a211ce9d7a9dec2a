/**
 * What is known of the person before the kiosk. One object for one session; when it ends everything
 * in it is dropped, and what can be wiped is wiped.
 */

import { PinPad } from './pin-pad.ts';
import type { CardReport, Face, InsuranceItem } from './report.ts';
import type { Payment } from './slip/slip.ts';
import type { PayItem, Slip } from './view.ts';

/** An item without a name: names depend on the language. */
export type Priced = Pick<PayItem, 'id' | 'price_fen'>;

/** A payment that was begun: what is shown of it, and what is needed to know its card again. */
export interface PayVisit {
  readonly item: Priced;
  /** Application serial, hex; the torn card must be this one. */
  readonly serial: string;
  readonly again: boolean;
  /** A debit may have happened, and is not settled. */
  doubt: boolean;
  repeats: number;
  told: PayTold | null;
}

export interface PayTold {
  readonly item: Priced;
  readonly outcome: 'paid' | 'refused' | 'uncertain';
  /** By locale. */
  readonly texts: Readonly<Record<string, { readonly title: string; readonly advice: string }>>;
  readonly balance_fen: number | null;
  /** For the receipt; null where nothing was paid that a receipt could tell. */
  readonly receipt: Omit<Payment, 'item'> | null;
}

export interface PinVisit {
  /** Null until the card has told. */
  left: number | null;
  wrong: boolean;
  /** The holder agreed that the last try be used. */
  agreed: boolean;
  /** The card is asked at the moment: keys wait. */
  busy: boolean;
}

export class Visit {
  face: Face = 'contact';
  report: CardReport | null = null;
  insurance: readonly InsuranceItem[] | null = null;
  revealed = false;
  /** Why the card could not be read. */
  advice: 'unreadable' | 'several-cards' | 'contact-only' = 'unreadable';
  guide = '';
  /** The slip that is looked at before it is printed. */
  preview: { readonly what: Slip; readonly full: boolean } | null = null;
  pay: PayVisit | null = null;
  readonly pad = new PinPad();
  pin: PinVisit = freshPin();

  /** What came from the card itself; a payment under way keeps what it needs. */
  dropReport(): void {
    this.report = null;
    this.insurance = null;
    this.revealed = false;
    // A receipt tells of the payment, which is kept.
    if (this.preview?.what !== 'receipt') this.preview = null;
    this.wipePin();
  }

  end(): void {
    this.dropReport();
    this.pay = null;
    this.preview = null;
  }

  wipePin(): void {
    this.pad.wipe();
    this.pin = freshPin();
  }
}

function freshPin(): PinVisit {
  return { left: null, wrong: false, agreed: false, busy: false };
}
