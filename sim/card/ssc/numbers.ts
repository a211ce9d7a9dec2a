/** SYNTHETIC numbers with valid check digits, for people who do not exist. */

const CITIZEN_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CARD_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

/**
 * 18 characters (GB 11643). Region 000000 is no place, so the number can be nobody's.
 * @param birth YYYYMMDD
 * @param order 0 to 999; odd for a man
 */
export function citizenNumber(birth: string, order: number): string {
  const body = `000000${birth}${String(order).padStart(3, '0')}`;
  return body + '10X98765432'.charAt(weighted(body, CITIZEN_WEIGHTS) % 11);
}

/** 9 characters: `ZNB` and 5 digits, which no issuer uses together, and the check character. */
export function cardNumber(order: number): string {
  const body = `ZNB${String(order).padStart(5, '0')}`;
  const value = 11 - (weighted(body, CARD_WEIGHTS) % 11);
  return body + (value === 10 ? 'X' : value === 11 ? '0' : String(value));
}

/** Digits count as such, A as 10 … Z as 35. */
function weighted(text: string, weights: readonly number[]): number {
  return weights.reduce(
    (sum, weight, at) => sum + weight * Number.parseInt(text.charAt(at), 36),
    0,
  );
}
