/**
 * What may stand on a screen or a slip that others can see: enough for the holder to recognise the
 * card, too little for anybody else. Screen and slips use these alone.
 */

/** Full width, so that a masked name is as wide as a name. */
const STAR = '＊';

/** The first character, then one ＊ for each other, at most three: 张三丰 → 张＊＊. */
export function maskName(name: string): string {
  const [first = '', ...rest] = Array.from(name.trim());
  return first + STAR.repeat(Math.min(rest.length, 3));
}

/** First six, last four: 330203********1234. */
export function maskCitizenNumber(number: string): string {
  return maskMiddle(number, 6, 4);
}

/** 卡号, nine characters: the last four. */
export function maskCardNumber(number: string): string {
  return maskMiddle(number, 0, 4);
}

/** 卡的识别码, 32 hex digits: the city (six) and the last four. */
export function maskCardId(id: string): string {
  return maskMiddle(id, 6, 4);
}

/** Application serial of a purse, 20 digits: the last four. */
export function maskSerial(serial: string): string {
  return maskMiddle(serial, 0, 4);
}

/** The year alone: 1980-**-**. */
export function maskDate(date: string): string {
  return date.replace(/^(\d{4})-.*$/, '$1-**-**');
}

/** Of a text too short to hide four characters nothing is shown; eight stars stand for more. */
function maskMiddle(text: string, head: number, tail: number): string {
  const chars = Array.from(text.trim());
  const hidden = chars.length - head - tail;
  if (hidden < 4) return '*'.repeat(chars.length);
  const end = chars.slice(chars.length - tail);
  return [...chars.slice(0, head), '*'.repeat(Math.min(hidden, 8)), ...end].join('');
}
