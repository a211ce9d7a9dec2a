/** The questions that the gate asks of the blacklist, whatever stores it. */

export const REASONS = ['lost', 'stolen', 'superseded', 'issuer-stop', 'fraud'] as const;
export type Reason = (typeof REASONS)[number];

export type Answer =
  | { readonly kind: 'clear' }
  | { readonly kind: 'listed'; readonly reason: Reason }
  /** The store failed. Never to be read as `clear`. */
  | { readonly kind: 'unreadable'; readonly detail: string };

export interface Blacklist {
  /**
   * At once from memory, or a little later from the store of a list too large for memory.
   * @param card application serial, 10 bytes
   */
  check(card: Buffer): Answer | Promise<Answer>;
}

/** Can the list be relied on? What a lane does about it is its configuration (`lists`). */
export type Health =
  | { readonly kind: 'good' }
  /** No list was ever imported. */
  | { readonly kind: 'absent' }
  /** Issued longer ago than `lists.max_age_hours`. */
  | { readonly kind: 'stale'; readonly detail: string }
  /** Damaged: it is being rebuilt from the kept file, or needs a new import. */
  | { readonly kind: 'unreadable'; readonly detail: string };

/** A list that knows its own health. */
export interface WatchedList {
  health(): Health;
  /** Called when the health changes. Returns the function that ends the subscription. */
  onHealth(listener: (health: Health) => void): () => void;
}

export interface WatchedBlacklist extends Blacklist, WatchedList {}

const ANSWERS: readonly Answer[] = [
  { kind: 'clear' },
  ...REASONS.map((reason) => ({ kind: 'listed', reason }) as const),
];

/** What the value byte of an entry means: 0 clear, 1 to 5 a reason; undefined: no value at all. */
export function answerOf(value: number): Answer | undefined {
  return ANSWERS[value];
}
