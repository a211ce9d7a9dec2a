/** Closing a story in the ledger from within a stage. */

import type { Status } from '../../ledger/records.ts';
import type { Payment, TapDeps } from './tap.ts';

/**
 * Writes the outcome without waiting for it: what money needs to be durable (intent, debited) is
 * awaited where it matters, and a disk that fails here makes the next append fail, which closes
 * the lane.
 */
export function closeStory(
  deps: TapDeps,
  payment: Pick<Payment, 'ref'>,
  end: { readonly status: Status; readonly reason: string },
): void {
  if (payment.ref === undefined) throw new Error('a story without an intent cannot be closed');
  void deps.ledger.append({ type: 'outcome', ref: payment.ref, ...end });
}
