/**
 * Before an exit comes an entry. On a simulated exit lane the passengers have entered at another
 * station of the line: that gate is not simulated, what it left on the card is.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { bcdStamp, hexOf } from '../../controller/card/bytes.ts';
import { buildTrip } from '../../controller/card/purse/trip-record.ts';
import type { Ledger } from '../../controller/ledger/ledger.ts';
import type { PurseCard } from '../card/purse.ts';
import type { Target } from '../card/target.ts';

const RIDE_MS = 12 * 60_000;
const OTHER_TERMINAL = Buffer.from('332099000099', 'hex');
const RECORDS_MAX = 10;

export interface Ride {
  readonly config: LaneConfig;
  readonly ledger: Ledger;
  readonly wall_ms: number;
}

/** Gives each card an entry, unless it has one, or a torn tap here is still to be settled. */
export function rideHere(targets: readonly Target[], ride: Ride): void {
  if (ride.config.lane.kind !== 'exit') return;
  for (const card of targets) {
    if (!isPurse(card)) continue;
    const entered = card.lastTrip[0] === 0x03;
    if (!entered && !ride.ledger.openStory(card.serial)) enterElsewhere(card, ride);
  }
}

function enterElsewhere(card: PurseCard, { config, wall_ms }: Ride): void {
  const { site, lane, fare } = config;
  const others = fare.distance?.stations.filter(({ place }) => place !== lane.place) ?? [];
  const station = others[card.counter % others.length];
  if (!fare.distance || !station) throw new Error('an exit lane needs a second station');
  const entry = buildTrip({
    kind: '03',
    terminal: OTHER_TERMINAL,
    industry: site.industry_codes[site.industry] ?? 0,
    place: station.place,
    amount_fen: 0,
    balanceAfter_fen: card.balance_fen,
    at: hexOf(bcdStamp(wall_ms - RIDE_MS, site.utc_offset_minutes)),
    city: site.city_code,
    acquirer: site.acquirer,
    incompleteMax_fen: fare.distance.max_fen,
    tripMax_minutes: fare.distance.max_minutes,
  });
  const before = card.snapshot();
  const trips = [hexOf(entry), ...before.trips].slice(0, RECORDS_MAX);
  card.restore({ ...before, counter: before.counter + 1, trips, proof: null });
}

function isPurse(target: Target): target is PurseCard {
  return 'snapshot' in target;
}
