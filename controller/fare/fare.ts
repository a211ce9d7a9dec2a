/**
 * What a ride costs. Pure functions over a checked fare table (config/load.ts): no clock, no card,
 * no I/O. Amounts are whole fen; `rule` is the short reason kept in the clearing record, such as
 * `flat/adult`, `km-12/student`, `overtime/elderly`. Rules: docs of the table in config/schema.ts.
 */

import type { FareTable } from '../../config/schema.ts';

export type Concession = FareTable['concessions'][number];
type Distance = NonNullable<FareTable['distance']>;

export interface Fare {
  readonly kind: 'fare';
  readonly fare_fen: number;
  readonly rule: string;
}

export interface Refusal {
  readonly kind: 'refuse';
  readonly outcome: 'overtime' | 'same-station' | 'unknown-station';
}

export interface Exit {
  readonly table: FareTable;
  /** Null for an adult; see `concessionOf`. */
  readonly concession: Concession | null;
  /** Place codes, 8 digits. */
  readonly entryPlace: string;
  readonly exitPlace: string;
  /** From entry to exit; below zero (clocks differ) counts as zero. */
  readonly minutes: number;
}

/**
 * The class that a card travels in, or null for the full fare.
 * @param cardType EF15 byte 28, two hex digits
 * @param foreign is the card of another city?
 */
export function concessionOf(
  table: FareTable,
  cardType: string,
  foreign: boolean,
): Concession | null {
  const type = cardType.toUpperCase();
  const found = table.concessions.find((each) => each.card_types.includes(type));
  return found && (found.foreign_cities || !foreign) ? found : null;
}

/** `percent` of an amount, rounded up to the next fen. */
export function discounted(amount_fen: number, percent: number): number {
  return Math.ceil((amount_fen * percent) / 100);
}

/** The fare of a flat lane. Throws when the table has none: the loader refuses such a lane. */
export function flatFare(table: FareTable, concession: Concession | null): Fare {
  if (table.flat_fen === undefined) throw new Error(`fare table "${table.name}" has no flat_fen`);
  return priced(table.flat_fen, 'flat', concession);
}

/** The full fare between two stations, or null when one of them is not in the table. */
export function distanceFare(
  table: FareTable,
  from: string,
  to: string,
): { readonly fare_fen: number; readonly rule: string } | null {
  const { stations, bands } = distanceOf(table);
  const start = stations.find((each) => each.place === from);
  const end = stations.find((each) => each.place === to);
  if (!start || !end) return null;
  // whole metres: 12.3 - 8.3 is a little more than 4
  const length_m = Math.abs(metres(start.km) - metres(end.km));
  const index = bands.findIndex((each) => length_m <= metres(each.up_to_km ?? Infinity));
  const band = bands[index];
  if (!band) throw new Error(`fare table "${table.name}" has no last band`);
  const below = bands[index - 1]?.up_to_km;
  const rule = `km-${band.up_to_km ?? (below === undefined ? 'any' : `over-${below}`)}`;
  return { fare_fen: band.fare_fen, rule };
}

/** The least that a trip can cost: what a card must hold to enter. */
export function lowestFare(table: FareTable, concession: Concession | null): number {
  const { bands } = distanceOf(table);
  return priced(Math.min(...bands.map((each) => each.fare_fen)), '', concession).fare_fen;
}

/** The fare taken at the exit, or why the passenger must see the desk. */
export function exitFare(exit: Exit): Fare | Refusal {
  const { table, concession, entryPlace, exitPlace } = exit;
  const { max_minutes, same_station, same_station_minutes } = distanceOf(table);
  const minutes = Math.max(0, exit.minutes);
  const ride = distanceFare(table, entryPlace, exitPlace);
  if (!ride) return { kind: 'refuse', outcome: 'unknown-station' };
  if (!(minutes <= max_minutes)) return overtimeFare(table, ride.fare_fen, concession);
  if (entryPlace !== exitPlace) return priced(ride.fare_fen, ride.rule, concession);
  if (same_station === 'desk') return { kind: 'refuse', outcome: 'same-station' };
  const free = same_station === 'free' && minutes <= same_station_minutes;
  return priced(free ? 0 : ride.fare_fen, free ? 'same-station-free' : 'same-station', concession);
}

/**
 * What a trip costs of which one end is unknown.
 * @param stored_fen the entry's maximum as the trip record holds it (offset 42), already reduced
 *   for its class; null when there is no entry. It never counts for more than this table's own
 *   maximum, because a card may say anything.
 */
export function supplementFare(
  table: FareTable,
  concession: Concession | null,
  stored_fen: number | null,
): Fare {
  const { max_fen } = distanceOf(table);
  if (stored_fen === null) return priced(max_fen, 'supplement', concession);
  const fare_fen = Math.min(stored_fen, max_fen);
  return { kind: 'fare', fare_fen, rule: `supplement/${classOf(concession)}` };
}

/** What an entry writes into the trip record: EF1E offsets 42 and 46. */
export function maxIncomplete(
  table: FareTable,
  concession: Concession | null,
): { readonly amount_fen: number; readonly minutes: number } {
  const { max_fen, max_minutes } = distanceOf(table);
  return { amount_fen: priced(max_fen, '', concession).fare_fen, minutes: max_minutes };
}

/** The surcharge is a penalty: no class pays less of it. */
function overtimeFare(
  table: FareTable,
  ride_fen: number,
  concession: Concession | null,
): Fare | Refusal {
  const { overtime, overtime_surcharge_fen, max_fen } = distanceOf(table);
  switch (overtime) {
    case 'desk':
      return { kind: 'refuse', outcome: 'overtime' };
    case 'max':
      return priced(max_fen, 'overtime', concession);
    case 'surcharge': {
      const ride = priced(ride_fen, 'overtime', concession);
      return { ...ride, fare_fen: ride.fare_fen + overtime_surcharge_fen };
    }
  }
}

function priced(full_fen: number, rule: string, concession: Concession | null): Fare {
  const fare_fen = discounted(full_fen, concession?.pays_percent ?? 100);
  return { kind: 'fare', fare_fen, rule: `${rule}/${classOf(concession)}` };
}

function classOf(concession: Concession | null): string {
  return concession?.name ?? 'adult';
}

function distanceOf(table: FareTable): Distance {
  if (!table.distance) throw new Error(`fare table "${table.name}" has no distance fares`);
  return table.distance;
}

function metres(km: number): number {
  return Math.round(km * 1_000);
}
