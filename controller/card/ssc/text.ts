/** How a Social Security Card writes text, digits and dates, and what it pads them with. */

import { hexOf } from '../bytes.ts';

const decoder = new TextDecoder('gb18030');
const REPLACEMENT = '\uFFFD';

export interface CardText {
  readonly text: string;
  /** Bytes that are no GB18030 stand as U+FFFD in the text. */
  readonly broken: boolean;
}

/**
 * GBK or GB18030 text: ends at the first 00, and 00, FF and blanks behind it are padding. Empty
 * where a field was never written.
 */
export function textOf(bytes: Buffer): CardText {
  const text = decoder.decode(trimmed(bytes)).trim();
  return { text, broken: text.includes(REPLACEMENT) };
}

/** Letters, digits and the like; null where nothing, or something else, is written. */
export function asciiOf(bytes: Buffer): string | null {
  const text = trimmed(bytes).toString('latin1').trim();
  return /^[\x21-\x7e]+$/.test(text) ? text : null;
}

/**
 * The bytes before the padding: 00, FF, and by default blanks. 00 never occurs inside GB18030 text,
 * FF is no byte of it at all, 20 only as itself.
 */
export function trimmed(bytes: Buffer, keep?: 'blanks'): Buffer {
  const zero = bytes.indexOf(0x00);
  let end = zero < 0 ? bytes.length : zero;
  const pads = (byte: number | undefined) => byte === 0xff || (byte === 0x20 && keep !== 'blanks');
  while (end > 0 && pads(bytes[end - 1])) end -= 1;
  return bytes.subarray(0, end);
}

/** BCD digits before the F nibbles that pad them; null where there are none, or other nibbles. */
export function digitsOf(bytes: Buffer): string | null {
  const digits = hexOf(bytes).replace(/F+$/, '');
  return /^\d+$/.test(digits) ? digits : null;
}

export interface CardDate {
  /** `YYYY-MM-DD`, or null. */
  readonly date: string | null;
  /** Something is written that is no day of the calendar. */
  readonly bad: boolean;
}

const NO_DATE: CardDate = { date: null, bad: false };

/**
 * `YYYYMMDD` in BCD. All 0 or all F means none, and so does all blank. Real cards also hold ASCII
 * digits of the year, or nonsense: that is told, and no reason to stop.
 */
export function dateOf(bytes: Buffer): CardDate {
  const hex = hexOf(bytes);
  if (/^(0*|F*|(20)*)$/.test(hex)) return NO_DATE;
  const date = hex.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
  return isDay(date) ? { date, bad: false } : { date: null, bad: true };
}

/** A day of the calendar between 1900 and 2199, as `YYYY-MM-DD`. */
export function isDay(date: string): boolean {
  if (!/^(19|20|21)\d{2}-\d{2}-\d{2}$/.test(date)) return false;
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}
