/** What the page around the simulated kiosk shows, and what a person may do there. */

export const FAULTS = [
  'paper-out',
  'paper-low',
  'cover-open',
  'cutter-jammed',
  'printer-off',
  'slot-unplugged',
  'pad-unplugged',
  'hsm-off',
] as const;
export type Fault = (typeof FAULTS)[number];

export type Place = 'tray' | 'slot' | 'pad';

/** By locale, e.g. `zh-CN` and `en`. */
type LocalText = Readonly<Record<string, string>>;

export interface TrayPerson {
  readonly id: string;
  readonly name: LocalText;
  readonly note: LocalText;
  readonly place: Place;
  /** Where the card can be put. */
  readonly faces: { readonly slot: boolean; readonly pad: boolean };
  /** Of its purse; null where it has none. */
  readonly balance_fen: number | null;
}

export interface StageState {
  readonly site: string;
  /** Address of the kiosk's own page. */
  readonly kiosk: string;
  readonly honesty: readonly LocalText[];
  readonly people: readonly TrayPerson[];
  readonly faults: readonly Fault[];
  /** The next debit is torn: the card leaves the pad in the middle of it. */
  readonly tears: boolean;
  /** Counts up as paper comes out; `/paper.svg` shows it. */
  readonly paper: number;
}

export type StageCommand =
  | { readonly type: 'put'; readonly person: string; readonly place: Place }
  | { readonly type: 'fault'; readonly fault: Fault; readonly on: boolean }
  | { readonly type: 'tear'; readonly on: boolean }
  /** Tears the paper off: nothing is left of it. */
  | { readonly type: 'tidy' };
