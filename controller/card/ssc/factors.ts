/** What the keys of a card are diversified by: 8 bytes for province, city and card (§10.4). */

/** @param region GB/T 2260, 6 digits */
export function provinceFactor(region: string): Buffer {
  return Buffer.from(`${region.slice(0, 2)}0000sh`, 'latin1');
}

/**
 * @param region GB/T 2260, 6 digits
 * @param shortProvinces provinces (2 digits) whose cities have one key for all their districts, as
 * Zhejiang has: four digits and `00sx`
 */
export function cityFactor(region: string, shortProvinces: readonly string[]): Buffer {
  const short = shortProvinces.includes(region.slice(0, 2));
  return Buffer.from(short ? `${region.slice(0, 4)}00sx` : `${region}sx`, 'latin1');
}

/** T6 to TD. @param historical 13 bytes */
export function cardFactor(historical: Buffer): Buffer {
  return historical.subarray(5, 13);
}
