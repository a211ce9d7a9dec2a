/** Is this card still good, and why: a rule over what is known, without asking anybody. */

import type { Answer } from '../../blacklist/blacklist.ts';
import type { IsoDate, SscReport, Validity } from '../report.ts';

export interface ValidityFacts {
  readonly generation: SscReport['generation'];
  readonly validUntil: IsoDate;
  /** Card or application refuse with 6A81, 6985 or 9303. */
  readonly locked: boolean;
  /** What the list of dead cards says; `absent`: nobody keeps one here, or it is too old. */
  readonly listed: Answer | { readonly kind: 'absent' };
  /** `YYYY-MM-DD` at the site. */
  readonly today: string;
}

/** The first rule that fits decides; its order goes from the surest to the mildest. */
export function validityOf({
  generation,
  validUntil,
  locked,
  listed,
  today,
}: ValidityFacts): Validity {
  if (listed.kind === 'listed') {
    return listed.reason === 'superseded'
      ? { state: 'superseded', reason: 'successor-issued' }
      : { state: 'lost', reason: 'reported-lost' };
  }
  if (locked) return { state: 'locked', reason: 'card-locked' };
  if (validUntil !== null && validUntil < today) return { state: 'expired', reason: 'past-date' };
  // The list may hold this very card.
  if (listed.kind === 'unreadable') return UNSURE;
  switch (generation) {
    case 3:
      // Nothing supersedes it; without a list only a report of loss could be missing.
      return { state: 'valid', reason: 'generation-3' };
    case 2:
      return listed.kind === 'clear' ? { state: 'valid', reason: 'no-successor' } : UNSURE;
    case 1:
      // No text says when the last of them ends: the bank will.
      return { state: 'unsure', reason: 'old-generation' };
    case null:
      return UNSURE;
  }
}

const UNSURE: Validity = { state: 'unsure', reason: 'list-unavailable' };
