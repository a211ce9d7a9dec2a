/** EF05, what the issuer says of the card: free to read on all of them (docs/protocol.md §10.2). */

import { CARD_ID_LENGTH, type CardId, parseCardId } from './card-id.ts';
import type { Item } from './records.ts';
import { asciiOf, type CardDate, dateOf } from './text.ts';

export const ISSUER_FILE = Buffer.from('EF05', 'hex');

export const ISSUER_ITEMS = {
  cardId: { tag: 0x01, length: CARD_ID_LENGTH },
  cardClass: { tag: 0x02, length: 1 },
  version: { tag: 0x03, length: 4 },
  issuedOn: { tag: 0x05, length: 4 },
  validUntil: { tag: 0x06, length: 4 },
  cardNumber: { tag: 0x07, length: 9 },
} as const satisfies Record<string, Item>;

export type CardClass = 'preschool' | 'student' | 'adult' | 'elderly';

export interface IssuerFile {
  readonly cardId: CardId | null;
  readonly cardClass: CardClass | null;
  /** As it stands, e.g. `3.00`; empty where none is written. */
  readonly version: string;
  readonly generation: 1 | 2 | 3 | null;
  readonly issuedOn: CardDate;
  readonly validUntil: CardDate;
  /** 9 characters. */
  readonly cardNumber: string | null;
}

/** @param records by tag; what is missing or damaged becomes null */
export function parseIssuerFile(records: ReadonlyMap<number, Buffer>): IssuerFile {
  const value = ({ tag }: Item) => records.get(tag) ?? Buffer.alloc(0);
  const version = records.get(ISSUER_ITEMS.version.tag);
  const text = version ? (asciiOf(version) ?? '') : '';
  return {
    cardId: parseCardId(value(ISSUER_ITEMS.cardId)),
    cardClass: classOf(value(ISSUER_ITEMS.cardClass)),
    version: text,
    generation: version ? generationOf(text) : null,
    issuedOn: dateOf(value(ISSUER_ITEMS.issuedOn)),
    validUntil: dateOf(value(ISSUER_ITEMS.validUntil)),
    cardNumber: asciiOf(value(ISSUER_ITEMS.cardNumber).subarray(0, 9)),
  };
}

/** The first character of the version decides; cards of the first generation may hold none. */
function generationOf(version: string): 1 | 2 | 3 | null {
  if (version === '' || version.startsWith('1.')) return 1;
  if (version.startsWith('2.')) return 2;
  return version.startsWith('3.') ? 3 : null;
}

function classOf(value: Buffer): CardClass | null {
  const names: Readonly<Record<string, CardClass>> = {
    '1': 'preschool',
    '2': 'student',
    '3': 'adult',
    '4': 'elderly',
  };
  return names[value.toString('latin1')] ?? null;
}
