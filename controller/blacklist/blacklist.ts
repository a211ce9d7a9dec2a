/** The question that the gate asks of the blacklist, whatever stores it. */

export const REASONS = ['lost', 'stolen', 'superseded', 'issuer-stop', 'fraud'] as const;
export type Reason = (typeof REASONS)[number];

export interface Listing {
  /** Application serial, 10 bytes. */
  readonly card: Buffer;
  readonly reason: Reason;
}

export type Answer =
  | { readonly kind: 'clear' }
  | { readonly kind: 'listed'; readonly reason: Reason }
  /** The store failed. Never to be read as `clear`. */
  | { readonly kind: 'unreadable'; readonly detail: string };

export interface Blacklist {
  /** @param card application serial, 10 bytes */
  check(card: Buffer): Answer;
}
