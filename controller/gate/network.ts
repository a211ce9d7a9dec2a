/** Whose cards this lane takes: by the signed lists where an office sends them, else configured. */

import type { LaneConfig } from '../../config/schema.ts';
import type { WatchedList } from '../blacklist/blacklist.ts';

export interface Network {
  /** @param issuer first 4 bytes of the issuer id, upper-case hex */
  accepts(issuer: string): boolean;
  /** Cards of other cities need the interoperability flag. @param city 2 bytes, upper-case hex */
  isLocal(city: string): boolean;
  /** The signed lists that it asks, for those who watch over them. */
  readonly lists: Lists;
}

/** A signed list of codes; null: none was ever imported. */
interface Codes extends WatchedList {
  has(code: string): boolean | null;
}

interface Lists {
  readonly issuers: Codes;
  readonly cities: Codes;
}

const NO_LIST: Codes = {
  has: () => null,
  health: () => ({ kind: 'absent' }),
  onHealth: () => () => {},
};
const NO_LISTS: Lists = { issuers: NO_LIST, cities: NO_LIST };

export function createNetwork(
  { issuers, local_cities }: LaneConfig['site'],
  lists: Lists = NO_LISTS,
): Network {
  return {
    lists,
    accepts: (issuer) => lists.issuers.has(issuer) ?? isNamed(issuers, issuer),
    isLocal: (city) => lists.cities.has(city) ?? isNamed(local_cities, city),
  };
}

/** An empty list in the configuration stands for all. */
function isNamed(codes: readonly string[], code: string): boolean {
  return codes.length === 0 || codes.includes(code);
}
