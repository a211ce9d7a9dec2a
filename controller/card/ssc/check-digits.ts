/** Check digits of card number and citizen number. They warn: real cards exist that fail them. */

const CARD_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];
const CITIZEN_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CITIZEN_CHECKS = '10X98765432';

/**
 * Check character of 卡号 (as organisation codes, GB 11714).
 * @param first the first 8 of its 9 characters; null when they are no digits and capitals
 */
export function cardNumberCheck(first: string): string | null {
  if (!/^[0-9A-Z]{8}$/.test(first)) return null;
  const check = 11 - (weighted(first, CARD_WEIGHTS) % 11);
  return check === 10 ? 'X' : String(check % 11);
}

export function isCardNumber(number: string): boolean {
  return number.length === 9 && number[8] === cardNumberCheck(number.slice(0, 8));
}

/** @param first the first 17 digits of a citizen number (GB 11643) */
export function citizenNumberCheck(first: string): string | null {
  if (!/^\d{17}$/.test(first)) return null;
  return CITIZEN_CHECKS[weighted(first, CITIZEN_WEIGHTS) % 11] ?? null;
}

/** Upper case; 18 characters. */
export function isCitizenNumber(number: string): boolean {
  return number.length === 18 && number[17] === citizenNumberCheck(number.slice(0, 17));
}

function weighted(text: string, weights: readonly number[]): number {
  return weights.reduce(
    (sum, weight, at) => sum + weight * Number.parseInt(text[at] ?? '0', 36),
    0,
  );
}
