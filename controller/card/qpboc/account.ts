/**
 * Account number and expiry out of tags 57 and 5A, 5F24: masked and matched with the bank here, at
 * once, so that the full number goes no further than this file.
 */

import { hexOf } from '../bytes.ts';
import { findTag, parseTlv } from '../tlv.ts';

export interface Bank {
  /** By locale. */
  readonly name: Readonly<Record<string, string>>;
  /** First digits of its accounts. */
  readonly bins: readonly string[];
}

export interface Account {
  /** First six and last four digits, stars between. */
  readonly masked: string;
  readonly bank: Bank['name'] | null;
  /** `YYYY-MM`. */
  readonly expires: string | null;
}

/** Tag 57: account, D, expiry YYMM, service code and more. */
export function accountInTrack2(track2: Buffer, banks: readonly Bank[]): Account | null {
  const found = /^(\d{12,19})D(\d{4})/.exec(hexOf(track2));
  return found?.[1] ? accountOf(found[1], found[2], banks) : null;
}

/** A record: template 70 with 57, or with 5A and 5F24. */
export function accountInRecord(record: Buffer, banks: readonly Bank[]): Account | null {
  const parsed = parseTlv(record);
  if (!parsed.ok) return null;
  const track2 = findTag(parsed.nodes, '57')?.value;
  const inTrack = track2 ? accountInTrack2(track2, banks) : null;
  if (inTrack) return inTrack;
  const pan = findTag(parsed.nodes, '5A')?.value;
  const digits = pan && /^(\d{12,19})F*$/.exec(hexOf(pan))?.[1];
  const expiry = findTag(parsed.nodes, '5F24')?.value;
  return digits ? accountOf(digits, expiry && hexOf(expiry), banks) : null;
}

function accountOf(digits: string, expiry: string | undefined, banks: readonly Bank[]): Account {
  // The longest prefix decides: banks share short ones.
  const fits = banks
    .flatMap(({ name, bins }) => bins.map((bin) => ({ name, bin })))
    .filter(({ bin }) => digits.startsWith(bin))
    .sort((a, b) => b.bin.length - a.bin.length);
  const [, year, month] = /^(\d\d)(0[1-9]|1[0-2])/.exec(expiry ?? '') ?? [];
  return {
    masked: `${digits.slice(0, 6)}${'*'.repeat(digits.length - 10)}${digits.slice(-4)}`,
    bank: fits[0]?.name ?? null,
    expires: year && month ? `20${year}-${month}` : null,
  };
}
