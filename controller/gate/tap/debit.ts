/**
 * Stage `debiting`: 8054, the one command that moves money. From here on a fault is `unknown`
 * unless the link itself says that not one byte left.
 */

import { failed } from '../../../firmware-bridge/ports.ts';
import { exchange, SW_OK } from '../../card/apdu.ts';
import { hexOf } from '../../card/bytes.ts';
import { debit as debitCommand, parseDebitProof } from '../../card/purse/debit.ts';
import { describeStatus, refusesDebit } from '../../card/status-words.ts';
import { closeStory } from './story.ts';
import { fault, NEXT, paymentOf, refuse, type StageEnd, type Tap, type TapDeps } from './tap.ts';

export async function debit(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const payment = paymentOf(tap);
  const { authorisation, ref, at } = payment;
  if (!authorisation || ref === undefined) throw new Error('debiting before intent and 8070');
  const { termSeq, mac1 } = authorisation;

  // Beside the card's work, not before it: it makes a torn tap's TAC checkable, but 8054 waits
  // for the intent alone.
  void deps.ledger.append({ type: 'authorised', ref, term_seq: hexOf(termSeq), mac1: hexOf(mac1) });
  const command = debitCommand(termSeq, at, mac1);
  const answer = await exchange(tap.card, command, deps.config.reader.card_timeout_ms);

  if (!answer.ok) {
    if (answer.fault.effect === 'none') {
      void closeStory(deps, payment, { status: 'not-debited', reason: '8054 was never sent' });
    }
    return fault(answer.fault);
  }
  const { sw, data, before } = answer.value;
  if (sw === SW_OK) {
    const proof = parseDebitProof(data);
    if (!proof) return doubtful(`8054 answered 9000 with ${data.length} bytes instead of 8`);
    payment.proof = proof;
    return NEXT;
  }
  const reason = `8054 ${describeStatus(sw)}`;
  // A refusal of the second command, after 61xx or 6Cxx, says nothing of what the first one did.
  if (before !== undefined || !refusesDebit(sw)) return doubtful(reason);
  void closeStory(deps, payment, { status: 'not-debited', reason });
  return refuse(sw === 0x9401 ? 'insufficient' : 'debit-refused', reason);
}

function doubtful(detail: string): StageEnd {
  return fault(failed('card-garbled', 'unknown', detail).fault);
}
