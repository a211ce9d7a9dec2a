/** A handful of items of DF01 and DF04, free to read after the PIN (docs/protocol.md §10.6). */

import { regionName } from './codes.ts';
import type { Item } from './records.ts';
import { DF, type Directory } from './select.ts';
import { asciiOf, dateOf, digitsOf, textOf } from './text.ts';

type Kind = 'text' | 'ascii' | 'region' | 'date';

interface InsuranceItem extends Item {
  readonly code: InsuranceCode;
  readonly kind: Kind;
}

export type InsuranceCode =
  | 'household-address'
  | 'household-region'
  | 'home-address'
  | 'home-region'
  | 'phone'
  | 'employer'
  | 'insured-region'
  | 'insurance-kinds'
  | 'account-opened'
  | 'account-number'
  | 'medical-certificate'
  | 'health-record';

interface InsuranceFile {
  readonly df: Directory;
  readonly ef: Buffer;
  readonly items: readonly InsuranceItem[];
}

/** In the order in which they are read and shown. */
export const INSURANCE_FILES: readonly InsuranceFile[] = [
  file(DF.publicData, 'EF05', [
    item('household-address', 'text', { tag: 0x21, length: 0x50 }),
    item('household-region', 'region', { tag: 0x0e, length: 3 }),
  ]),
  file(DF.publicData, 'EF06', [
    item('home-address', 'text', { tag: 0x23, length: 0x50 }),
    item('home-region', 'region', { tag: 0x24, length: 3 }),
    item('phone', 'ascii', { tag: 0x28, length: 0x0f }),
  ]),
  file(DF.publicData, 'EF09', [item('employer', 'text', { tag: 0x2e, length: 0x46 })]),
  file(DF.medicalInsurance, 'EF05', [
    item('insured-region', 'region', { tag: 0x84, length: 3 }),
    item('insurance-kinds', 'ascii', { tag: 0x81, length: 8 }),
    item('account-opened', 'date', { tag: 0x80, length: 4 }),
    item('account-number', 'ascii', { tag: 0x8b, length: 0x1d }),
    item('medical-certificate', 'ascii', { tag: 0x8a, length: 0x0f }),
    item('health-record', 'ascii', { tag: 0x87, length: 0x11 }),
  ]),
];

/** As people write it; null where the card holds nothing, or nonsense. */
export function insuranceValue({ kind }: InsuranceItem, bytes: Buffer): string | null {
  switch (kind) {
    case 'text':
      return textOf(bytes).text || null;
    case 'ascii':
      return asciiOf(bytes);
    case 'date':
      return dateOf(bytes).date;
    case 'region': {
      const code = digitsOf(bytes);
      if (!code || /^0+$/.test(code)) return null;
      const name = regionName(code);
      return name ? `${name} ${code}` : code;
    }
  }
}

function file(df: Directory, ef: string, items: readonly InsuranceItem[]): InsuranceFile {
  return { df, ef: Buffer.from(ef, 'hex'), items };
}

function item(code: InsuranceCode, kind: Kind, place: Item): InsuranceItem {
  return { code, kind, ...place };
}
