/**
 * What the kiosk's page shows and what a person may ask there; sent as JSON over a WebSocket. The
 * page decides nothing and keeps nothing: it shows the newest view. What is masked here is masked
 * before it leaves the controller.
 */

import type { CardWarning, IsoDate, PurseRecord, SscReport, Validity } from './report.ts';

export interface KioskView {
  /** Counts up; a page that was away shows the newest alone. */
  readonly seq: number;
  readonly site: { readonly name: string; readonly phone: string };
  readonly locale: string;
  readonly locales: readonly string[];
  /** 适老: bigger, slower, spoken. */
  readonly elder: boolean;
  readonly highContrast: boolean;
  readonly sound: boolean;
  readonly screen: Screen;
  /** Something went wrong that does not end the session; the text is in the current locale. */
  readonly notice: Notice | null;
  /** Seconds until everything is cleared; null while nobody needs a warning. */
  readonly clearsIn_s: number | null;
  /**
   * What is said now: `prompt` in words, `id` for its sound (`/speech/<id>`), another one each time
   * that something is said. Null for silence. A new `seq` alone says nothing.
   */
  readonly says: { readonly id: string; readonly prompt: string } | null;
  /** How fast it is said: 1 as it was made, less for who wants it slower. */
  readonly pace: number;
  readonly canPrint: boolean;
  /** The slip that is about to be printed; the page asks over its screen whether it shall be. */
  readonly preview: Preview | null;
}

export interface Preview {
  readonly what: Slip;
  /** The holder agreed to name and number in full; where false they are masked. */
  readonly full: boolean;
  /** There is something that could be shown in full. */
  readonly canFull: boolean;
  /** `data:` URL of an SVG. */
  readonly picture: string;
}

export type Screen =
  /** Present your card; guides can be read without one. */
  | { readonly kind: 'welcome'; readonly guides: readonly GuideLink[] }
  | { readonly kind: 'guide'; readonly guide: Guide; readonly guides: readonly GuideLink[] }
  /** Please leave the card where it is. */
  | { readonly kind: 'reading'; readonly face: 'contact' | 'contactless' }
  | { readonly kind: 'card'; readonly card: CardView; readonly service: Service }
  /** The card could not be read at all: taken away, mute, or upside down. */
  | { readonly kind: 'unreadable'; readonly advice: Advice }
  | {
      readonly kind: 'pin';
      readonly triesLeft: number;
      /** Digits typed so far; the digits themselves stay in the controller. */
      readonly typed: number;
      /** One try is left and waits for consent: until `confirm` no key is taken. */
      readonly lastTry: boolean;
      readonly wrong: boolean;
    }
  | {
      readonly kind: 'confirm-pay';
      readonly item: PayItem;
      readonly balance_fen: number | null;
      /** The same card has just paid the same thing: is it really meant a second time? */
      readonly again: boolean;
      /** No receipt can be printed at the moment. */
      readonly noReceipt: boolean;
    }
  | { readonly kind: 'paying'; readonly item: PayItem; readonly state: 'working' | 'tap-again' }
  | {
      readonly kind: 'paid';
      readonly item: PayItem;
      readonly outcome: 'paid' | 'refused' | 'uncertain';
      /** What the sign of a gate would say, in the current locale. */
      readonly title: string;
      readonly advice: string;
      readonly balance_fen: number | null;
      /** There is something that a slip can tell. */
      readonly receipt: boolean;
    }
  | { readonly kind: 'printing'; readonly what: Slip }
  | { readonly kind: 'printed'; readonly what: Slip }
  /** Paper and card: please take both. */
  | { readonly kind: 'take-card' }
  | { readonly kind: 'out-of-service'; readonly advice: Advice }
  | { readonly kind: 'service-code'; readonly typed: number; readonly wrong: boolean }
  | { readonly kind: 'maintenance'; readonly devices: readonly DeviceHealth[] };

export type Service = 'information' | 'balance' | 'validity' | 'insurance' | 'pay';
/** `information`: what the card says; `balance`: balance and trips; `receipt`: what was paid. */
export type Slip = 'information' | 'balance' | 'validity' | 'receipt';

/** A page of text of the site: how to get a card or replace one, the generations, whom to call. */
export interface GuideLink {
  readonly id: string;
  readonly title: string;
}

export interface Guide extends GuideLink {
  readonly sections: readonly {
    readonly heading: string;
    /** Plain lines; each a paragraph or a step. */
    readonly lines: readonly string[];
  }[];
}

export interface Advice {
  readonly title: string;
  readonly lines: readonly string[];
  /** The guide that tells more. */
  readonly guide?: GuideLink;
}

export interface Notice {
  readonly code:
    | 'printer-broken'
    | 'paper-out'
    | 'not-printed'
    | 'reader-trouble'
    | 'several-cards'
    | 'pin-locked'
    | 'pin-not-read'
    | 'insurance-not-read'
    | 'pay-not-now';
  readonly text: string;
}

/** Rows are masked unless `revealed`. */
export interface CardView {
  readonly kind: 'ssc' | 'medical-pooling' | 'bank' | 'transit' | 'unknown';
  readonly face: 'contact' | 'contactless';
  readonly generation: 1 | 2 | 3 | null;
  readonly revealed: boolean;
  /** Where there is something to reveal. */
  readonly canReveal: boolean;
  readonly services: readonly Service[];
  readonly holder: HolderView | null;
  readonly holderState: SscReport['holderState'] | null;
  readonly card: {
    readonly number: string | null;
    readonly id: string | null;
    readonly cardClass: SscReport['cardClass'];
    readonly region: string;
    readonly issuedOn: IsoDate;
    readonly validUntil: IsoDate;
    readonly version: string;
    readonly genuine: SscReport['genuine'];
  } | null;
  /** `data:` URL of the photo; only while revealed. */
  readonly photo: string | null;
  readonly validity: (Validity & { readonly advice: Advice }) | null;
  readonly purse: {
    readonly serial: string;
    readonly balance_fen: number | null;
    readonly startsOn: IsoDate;
    readonly endsOn: IsoDate;
    readonly records: readonly PurseRecord[];
  } | null;
  readonly bank: {
    readonly account: string;
    readonly name: string | null;
    readonly label: string | null;
    readonly expires: string | null;
  } | null;
  /** After the PIN: rows of the insurance files, label and value in the current locale. */
  readonly insurance: readonly { readonly label: string; readonly value: string }[] | null;
  readonly items: readonly PayItem[];
  readonly warnings: readonly CardWarning[];
  /** For a card that is no SSC, or needs a word: what to do. */
  readonly advice: Advice | null;
}

export interface HolderView {
  readonly name: string;
  readonly citizenNumber: string;
  readonly sex: 'male' | 'female' | null;
  readonly ethnicGroup: string | null;
  readonly birthDate: string | null;
}

/** Something with a fixed price. */
export interface PayItem {
  readonly id: string;
  readonly name: string;
  readonly price_fen: number;
}

export interface DeviceHealth {
  readonly name: string;
  readonly kind:
    | 'contact-reader'
    | 'contactless-reader'
    | 'printer'
    | 'sam'
    | 'hsm'
    | 'voice'
    | 'books';
  readonly state: 'connecting' | 'ready' | 'suspect' | 'recovering' | 'lost' | 'absent';
  /** Last fault and its cure, or paper near its end; English, for staff. */
  readonly detail: string;
  readonly counters: Readonly<Record<string, number>>;
}

export type KioskCommand =
  | { readonly type: 'language'; readonly locale: string }
  | { readonly type: 'elder'; readonly on: boolean }
  | { readonly type: 'contrast'; readonly high: boolean }
  | { readonly type: 'sound'; readonly on: boolean }
  | { readonly type: 'guide'; readonly id: string }
  | { readonly type: 'service'; readonly service: Service }
  /** Full name and number on the screen, or masked again. */
  | { readonly type: 'reveal'; readonly on: boolean }
  /** Shows the slip before it is printed. `full`: the holder agreed to name and number in full. */
  | { readonly type: 'preview'; readonly what: Slip; readonly full: boolean }
  | { readonly type: 'print'; readonly what: Slip; readonly full: boolean }
  | { readonly type: 'pay'; readonly item: string }
  /** One key of the PIN pad or of the service code. */
  | { readonly type: 'key'; readonly key: Key }
  /** Yes to what the screen asks: pay, use the last try. */
  | { readonly type: 'confirm' }
  /** One step back, from wherever. */
  | { readonly type: 'back' }
  /** Ends the session; everything of the person goes. */
  | { readonly type: 'finish' }
  /** Still here: the idle time begins anew. Any other command does so too. */
  | { readonly type: 'stay' }
  /** Asks for the service code. */
  | { readonly type: 'staff' };

export type Key = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | 'clear' | 'enter';

/** What the page's server needs of the kiosk. */
export interface KioskDesk {
  view(): KioskView;
  /** A command that the present screen does not know is ignored and counted. */
  command(command: KioskCommand): void;
  /** Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  /** WAV of a prompt by its id; null when there is none. */
  speech(id: string): Promise<Buffer | null>;
}
