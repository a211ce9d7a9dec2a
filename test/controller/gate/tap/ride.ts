/** The rides that the scenes are made of, and what a lane may be told to do otherwise. */

import type { LaneConfig } from '../../../../config/schema.ts';
import { cache, debit, MAC2, offer, readTrip, select, sign, TAC, trip, verify } from './wire.ts';

/** One paid ride on a flat lane: what card, SAM and ledger see of it. */
export const FLAT = trip({ kind: '06', amount: 200, balance: 4_800 });
export const RIDE = {
  card: [...select(), ...readTrip(), ...offer({ amount: 200 }), ...cache(FLAT), ...debit()],
  sam: [...sign({ amount: 200 }), ...verify()],
  records: [
    ...['intent 06 200 of 5000 n7 flat/adult', 'authorised 1 000001E7'],
    ...[`debited 1 8054 ${TAC} ${MAC2}`, 'outcome 1 done'],
  ],
};
/** The same, torn: 8054 was sent and not answered. */
export const TORN = {
  card: [...RIDE.card.slice(0, -1), '<= ! card-gone unknown'],
  sam: sign({ amount: 200 }),
  records: RIDE.records.slice(0, 2),
};
export const UNTOUCHED = [...select(), ...readTrip()];

export function site(changes: Partial<LaneConfig['site']>) {
  return (config: LaneConfig): LaneConfig => ({ ...config, site: { ...config.site, ...changes } });
}

export function distance(changes: Partial<NonNullable<LaneConfig['fare']['distance']>>) {
  return (config: LaneConfig): LaneConfig => {
    if (!config.fare.distance) throw new Error('no distance fares');
    return {
      ...config,
      fare: { ...config.fare, distance: { ...config.fare.distance, ...changes } },
    };
  };
}

export function lane(changes: Partial<LaneConfig['lane']>) {
  return (config: LaneConfig): LaneConfig => ({ ...config, lane: { ...config.lane, ...changes } });
}

export const entered = (place: string, at = '20260101074500') =>
  trip({ kind: '03', place, at, max: 500 });
export const OUT = '00010008';
