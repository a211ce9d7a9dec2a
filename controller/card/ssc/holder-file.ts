/** EF06, the holder: free on generations 1 and 2, behind RKSSSE on 3 (docs/protocol.md §10.2). */

import { hexOf } from '../bytes.ts';
import { isCitizenNumber } from './check-digits.ts';
import { ETHNIC_GROUPS, sexOf } from './codes.ts';
import type { Item } from './records.ts';
import { asciiOf, type CardDate, type CardText, dateOf, isDay, textOf, trimmed } from './text.ts';

export const HOLDER_FILE = Buffer.from('EF06', 'hex');

/** Tags 08 to 0D and the extension of the name, in the order in which they are read. */
export const HOLDER_ITEMS = {
  citizenNumber: { tag: 0x08, length: 18 },
  name: { tag: 0x09, length: 30 },
  nameExtension: { tag: 0x4e, length: 20 },
  sex: { tag: 0x0a, length: 1 },
  ethnicGroup: { tag: 0x0b, length: 1 },
  birthplace: { tag: 0x0c, length: 3 },
  birthDate: { tag: 0x0d, length: 4 },
} as const satisfies Record<string, Item>;

export interface HolderFile {
  readonly name: CardText;
  /** Upper case; null where none is written. */
  readonly citizenNumber: string | null;
  readonly sex: 'male' | 'female' | null;
  readonly ethnicGroup: { readonly code: string; readonly name: string | null } | null;
  readonly birthDate: CardDate;
}

/**
 * Sex and birth date are often not written; then they come out of a citizen number whose check
 * digit is right.
 */
export function parseHolderFile(records: ReadonlyMap<number, Buffer>): HolderFile {
  const value = ({ tag }: Item) => records.get(tag) ?? Buffer.alloc(0);
  const number = asciiOf(value(HOLDER_ITEMS.citizenNumber))?.toUpperCase() ?? null;
  const told = number !== null && isCitizenNumber(number) ? number : null;
  const birthDate = dateOf(value(HOLDER_ITEMS.birthDate));
  return {
    name: nameOf(value(HOLDER_ITEMS.name), value(HOLDER_ITEMS.nameExtension)),
    citizenNumber: number,
    sex: sexOf(value(HOLDER_ITEMS.sex)) ?? (told ? sexIn(told) : null),
    ethnicGroup: ethnicGroupOf(value(HOLDER_ITEMS.ethnicGroup)),
    birthDate: birthDate.date || !told ? birthDate : { ...birthDate, date: birthIn(told) },
  };
}

/**
 * Joined as bytes, for the cut may go through a character. A name that goes on was full: a blank at
 * its end is then part of it.
 */
function nameOf(name: Buffer, extension: Buffer): CardText {
  const rest = trimmed(extension);
  return textOf(rest.length > 0 ? Buffer.concat([trimmed(name, 'blanks'), rest]) : name);
}

function ethnicGroupOf(value: Buffer): HolderFile['ethnicGroup'] {
  const code = hexOf(value);
  if (!/^\d\d$/.test(code) || code === '00') return null;
  return { code, name: ETHNIC_GROUPS.get(code) ?? null };
}

/** The 17th digit: odd for men. */
function sexIn(citizenNumber: string): 'male' | 'female' {
  return Number(citizenNumber[16]) % 2 === 1 ? 'male' : 'female';
}

function birthIn(citizenNumber: string): string | null {
  const date = citizenNumber.replace(/^.{6}(.{4})(..)(..).*$/, '$1-$2-$3');
  return isDay(date) ? date : null;
}
