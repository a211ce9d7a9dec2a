/**
 * Stage `confirming`: the SAM verifies MAC2 (8072) while TAC and MAC2 reach the disk. The gate
 * opens only when both are done: a purse that answers 9000 with a made-up MAC2 opens nothing.
 */

import { failed } from '../../../firmware-bridge/ports.ts';
import { hexOf } from '../../card/bytes.ts';
import { closeStory } from './story.ts';
import { fault, paymentOf, refuse, type StageEnd, type Tap, type TapDeps } from './tap.ts';

export async function confirm(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const payment = paymentOf(tap);
  const { proof, ref, charge, offer } = payment;
  if (!proof || ref === undefined) throw new Error('confirming before the debit');

  const [verdict, durable] = await Promise.all([
    deps.span('8072', deps.sam.creditPurchase(proof.mac2)),
    deps.span(
      'outcome',
      deps.ledger.append({
        type: 'debited',
        ref,
        tac: hexOf(proof.tac),
        mac2: hexOf(proof.mac2),
        by: '8054',
      }),
    ),
  ]);
  // A mute SAM is powered up anew before the next tap. What one without a session answers to 8072
  // is not sure (docs/protocol.md §4), and a `wrong` would brand an honest card.
  if (!verdict.ok && verdict.fault.code !== 'sam-refused') deps.samSession.ref = null;
  if (!durable.ok) return fault(durable.fault);
  if (!verdict.ok) return fault(verdict.fault);
  switch (verdict.value) {
    case 'no-session':
      return fault(failed('sam-refused', 'unknown', 'the SAM lost the session before 8072').fault);
    case 'wrong':
      void closeStory(deps, payment, { status: 'mac2-wrong', reason: '8072 9302' });
      return refuse('mac2-wrong', '8072 refused MAC2');
    case 'verified':
      break;
  }
  deps.samSession.ref = null;
  void closeStory(deps, payment, { status: 'done', reason: '9000' });
  tap.charges = tap.charges.slice(1);
  tap.charged = true;
  if (tap.charges.length > 0) return { kind: 'again' };
  const balance_fen = offer.balance_fen - charge.amount_fen;
  const paid = { ref, amount_fen: charge.amount_fen, balance_fen };
  return { kind: 'grant', message: charge.message, paid };
}
