/**
 * What one card says of itself, as read for its holder. Holds personal data: it lives in the memory
 * of one session, is never logged or stored, and everything of it is dropped when the card leaves.
 */

import type { InsuranceCode } from '../card/ssc/insurance-files.ts';

/** `YYYY-MM-DD`; null where the card holds none, or nonsense. */
export type IsoDate = string | null;

export type { InsuranceCode };
export type Face = 'contact' | 'contactless';

export interface CardReport {
  /**
   * The most telling application found. `medical-pooling`: a general-purpose medical card that is
   * no SSC; `unknown`: answers, but with nothing that we know.
   */
  readonly kind: 'ssc' | 'medical-pooling' | 'bank' | 'transit' | 'unknown';
  /** The kind rests on a rule of the configuration that no public text confirms. */
  readonly uncertain?: true;
  readonly face: Face;
  readonly ssc: SscReport | null;
  /** The transit purse on the same card. */
  readonly purse: PurseReport | null;
  /** A PBOC application on the same card. */
  readonly bank: BankReport | null;
  /** What is odd about the card but no reason to turn it away. */
  readonly warnings: readonly CardWarning[];
}

export type CardWarning =
  | 'card-number-check'
  | 'citizen-number-check'
  | 'card-id-structure'
  | 'serial-mismatch'
  | 'bad-date'
  | 'bad-text';

export interface SscReport {
  /** From EF05 tag 03; null when it cannot be told. */
  readonly generation: 1 | 2 | 3 | null;
  /** EF05 tag 03 as printed, e.g. `3.00`. */
  readonly version: string;
  readonly algorithm: 'des' | 'ssf33' | 'sm4';
  /** 32 hex digits (卡的识别码); empty where a locked card gives none. */
  readonly cardId: string;
  /** 9 characters (卡号). */
  readonly cardNumber: string | null;
  readonly cardClass: 'preschool' | 'student' | 'adult' | 'elderly' | null;
  /** GB/T 2260 code of the issuing city, and its name where known. */
  readonly region: { readonly code: string; readonly name: string | null };
  readonly issuedOn: IsoDate;
  readonly validUntil: IsoDate;
  /** By internal authentication; `unchecked` without keys. */
  readonly genuine: 'genuine' | 'counterfeit' | 'unchecked';
  readonly holder: Holder | null;
  /**
   * `locked`: the card wants an external authentication that we cannot give; `refused`: it refused
   * the one that we gave; `failed`: reading broke off.
   */
  readonly holderState: 'read' | 'locked' | 'refused' | 'failed';
  /** JPEG or BMP as stored; null where absent or not permitted. */
  readonly photo: { readonly type: 'jpeg' | 'bmp'; readonly bytes: Buffer } | null;
  readonly validity: Validity;
}

/** Names and numbers in full; whoever shows them masks them. */
export interface Holder {
  readonly name: string;
  /** 社会保障号码, 18 characters. */
  readonly citizenNumber: string;
  readonly sex: 'male' | 'female' | null;
  /** GB/T 3304 code and Chinese name, e.g. `01` 汉. */
  readonly ethnicGroup: { readonly code: string; readonly name: string | null } | null;
  readonly birthDate: IsoDate;
}

/** Is this card still good, and why. */
export interface Validity {
  readonly state: 'valid' | 'expired' | 'superseded' | 'locked' | 'lost' | 'unsure';
  /**
   * Why; one code for one text. `no-successor`: a generation-2 card without a generation-3 one is
   * fine; `list-unavailable`: nobody here can tell at the moment.
   */
  readonly reason:
    | 'generation-3'
    | 'no-successor'
    | 'successor-issued'
    | 'past-date'
    | 'card-locked'
    | 'reported-lost'
    | 'list-unavailable'
    | 'old-generation';
}

export interface PurseReport {
  /** Application serial, 20 digits. */
  readonly serial: string;
  readonly balance_fen: number | null;
  readonly startsOn: IsoDate;
  readonly endsOn: IsoDate;
  /** Newest first, at most ten (EF18 or EF1E). */
  readonly records: readonly PurseRecord[];
}

export interface PurseRecord {
  readonly kind: 'purchase' | 'load' | 'entry' | 'exit' | 'other';
  readonly amount_fen: number;
  /** Site's local time `YYYY-MM-DD HH:MM:SS`, or null when the card holds nonsense. */
  readonly at: string | null;
  /** 12 hex digits. */
  readonly terminal: string;
}

export interface BankReport {
  /**
   * First six and last four digits, the rest masked: the full number is never kept. Empty where the
   * card does not tell it without a purchase.
   */
  readonly maskedAccount: string;
  /** Name among the issuing banks of the configuration; null for others. */
  readonly bank: Readonly<Record<string, string>> | null;
  /** Application label (50), e.g. `PBOC DEBIT`. */
  readonly label: string | null;
  /** `YYYY-MM`. */
  readonly expires: string | null;
}

/** One row of the insurance files, read after the PIN. The reader of the page gives it a label. */
export interface InsuranceItem {
  readonly code: InsuranceCode;
  /** As people write it: text, a region's name with its code, `YYYY-MM-DD`. */
  readonly value: string;
}
