/**
 * What an earlier tap of a card means for this one: a paid passage that was never used, or a card
 * handed back for a second person. Pure rules over the ledger's last story of that card.
 */

import type { Direction } from '../../firmware-bridge/ports.ts';
import { wallOfStamp } from '../card/bytes.ts';
import type { Story } from '../ledger/records.ts';
import type { Granted, Refused } from './outcome.ts';

interface Now {
  readonly config: {
    readonly site: { readonly utc_offset_minutes: number };
  };
  readonly clock: { wall_ms(): number };
}

/** Seconds since the story's stamp; negative when the clock was set back since. */
export function ageOf(story: Story, { config, clock }: Now): number {
  const then_ms = wallOfStamp(story.intent.at, config.site.utc_offset_minutes);
  return (clock.wall_ms() - then_ms) / 1_000;
}

export type Right =
  | { readonly kind: 'open-again'; readonly message: Granted }
  | { readonly kind: 'refuse'; readonly message: Refused; readonly detail: string }
  | { readonly kind: 'new-trip' };

export interface RightLimits {
  readonly reentry_s: number;
  readonly passback_s: number;
  /** In which the card would pass now. */
  readonly direction: Direction;
}

const DAY_S = 86_400;
/** A card whose MAC2 was wrong stays out for a day. */
const QUARANTINE_S = DAY_S;
/** The longest `lane.recovery_window_s`: no second debit before, even where passback is off. */
const STAFF_S = 120;

/** @param age_s of `last`; may be negative, see `ageOf` */
export function rightFrom(last: Story | undefined, age_s: number, limits: RightLimits): Right {
  if (!last) return { kind: 'new-trip' };
  const { intent, outcome, passed } = last;
  const status = outcome?.status;
  // A clock that was far ahead and is right again must not keep a card out until it has caught up.
  if (age_s < -DAY_S && (status === 'mac2-wrong' || status === 'mac2-unverified')) {
    return { kind: 'new-trip' };
  }
  if (status === 'mac2-wrong' && age_s <= QUARANTINE_S) {
    return { kind: 'refuse', message: 'mac2-wrong', detail: 'quarantined after a wrong MAC2' };
  }
  const unverified = status === 'mac2-unverified';
  if (!intent.opens || !(status === 'done' || status === 'recovered' || unverified)) {
    return { kind: 'new-trip' };
  }
  const withStaff = age_s <= Math.max(limits.passback_s, STAFF_S);
  if (unverified && !passed && withStaff && intent.amount_fen > 0) {
    return { kind: 'refuse', message: 'paid-see-staff', detail: 'debit proved, MAC2 unverified' };
  }
  const { direction = limits.direction } = intent;
  const otherWay = direction !== limits.direction;
  if (!unverified && !passed && !otherWay && age_s <= limits.reentry_s) {
    return { kind: 'open-again', message: 'pass-again' };
  }
  // Who stands at the other end has passed, or paid there: the right opens no other way.
  const used = passed || (otherWay && !unverified);
  // A clock set back must not keep a card out until it has caught up.
  if (used && limits.passback_s > 0 && Math.abs(age_s) <= limits.passback_s) {
    const verb = passed ? 'passed' : 'paid at the other end';
    return { kind: 'refuse', message: 'passback', detail: `${verb} ${Math.round(age_s)} s ago` };
  }
  return { kind: 'new-trip' };
}
