/** Closing a story in the ledger from within a stage. */

import type { Reply } from '../../../firmware-bridge/ports.ts';
import type { Status } from '../../ledger/records.ts';
import type { Payment, TapDeps, TapLedger } from './tap.ts';

/** The outcome last sent to each ledger; as appends keep their order, it stands for all before. */
const closing = new WeakMap<TapLedger, Promise<Reply<number>>>();

/** The longest `reason` that a ledger record takes (ledger/shape.ts). */
const REASON_MAX = 200;

/**
 * Writes the outcome. A tap that opens the gate need not wait for it: what its money needs to be
 * durable (intent, debited) is awaited where it matters, and a disk that fails here makes the next
 * tap fail, which closes the lane.
 */
export function closeStory(
  { ledger }: TapDeps,
  { ref }: Pick<Payment, 'ref'>,
  end: { readonly status: Status; readonly reason: string },
): Promise<Reply<number>> {
  if (ref === undefined) throw new Error('a story without an intent cannot be closed');
  // A device may tell its fault in any number of words, and none of them may keep a story open.
  const reason = end.reason.slice(0, REASON_MAX);
  const written = ledger.append({ type: 'outcome', ref, status: end.status, reason });
  closing.set(ledger, written);
  return written;
}

/**
 * Waits for the outcome of the tap before. The ledger answers from durable records alone: a card
 * that comes back at once would meet its own story as if it were still open. Whether the write
 * failed is the ledger's to say: until it has recovered the next intent fails as well.
 */
export async function settleBefore(ledger: TapLedger): Promise<void> {
  await closing.get(ledger);
}
