/**
 * Stage `recovering`: the card has a story in the ledger that was never closed. 805A tells whether
 * that debit happened (docs/protocol.md §5.2); there is never a second debit before it is settled.
 */

import { exchange, type Response, SW_OK } from '../../card/apdu.ts';
import { hexOf } from '../../card/bytes.ts';
import type { DebitProof } from '../../card/purse/debit.ts';
import { parsePurchaseOffer } from '../../card/purse/init-purchase.ts';
import { parseProof, prove } from '../../card/purse/prove.ts';
import { hex4 } from '../../card/status-words.ts';
import type { Status, Story } from '../../ledger/records.ts';
import { ageOf } from '../rights.ts';
import { offerFor, TXN_TYPE } from './initialise.ts';
import { closeStory } from './story.ts';
import { fault, NEXT, purseOf, refuse, type StageEnd, type Tap, type TapDeps } from './tap.ts';

export async function recover(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const story = deps.ledger.openStory(purseOf(tap).serial);
  if (!story) throw new Error('recovering a card without an open story');
  const { proof_counter } = deps.config.purse;
  const counter = (story.intent.counter + (proof_counter === 'after' ? 1 : 0)) & 0xffff;
  const command = prove(TXN_TYPE, counter);
  const answer = await exchange(tap.card, command, deps.config.reader.card_timeout_ms);
  if (!answer.ok) return fault(answer.fault);
  const proof = proofIn(answer.value);
  return proof ? proved(proof, story, deps) : unproved(tap, deps, { story, sw: answer.value.sw });
}

function proofIn({ sw, data }: Response): DebitProof | null {
  return sw === SW_OK ? parseProof(data) : null;
}

/** The debit happened. Its MAC goes to the SAM if, and only if, the SAM still holds that session. */
async function proved(proof: DebitProof, story: Story, deps: TapDeps): Promise<StageEnd> {
  const { ref } = story;
  const { samSession, sam, ledger, config } = deps;
  const verdict =
    samSession.ref === ref
      ? await deps.span('8072', sam.creditPurchase(proof.mac2))
      : ({ ok: true, value: 'no-session' } as const);
  if (!verdict.ok) return fault(verdict.fault);
  const durable = await ledger.append({
    type: 'debited',
    ref,
    tac: hexOf(proof.tac),
    mac2: hexOf(proof.mac2),
    by: '805A',
  });
  if (!durable.ok) return fault(durable.fault);

  switch (verdict.value) {
    case 'wrong':
      closeStory(deps, story, { status: 'mac2-wrong', reason: '805A 9000, 8072 9302' });
      return refuse('mac2-wrong', '8072 refused the MAC of 805A');
    case 'verified':
      samSession.ref = null;
      closeStory(deps, story, { status: 'recovered', reason: '805A 9000, 8072 9000' });
      return settled(story, deps);
    case 'no-session':
      closeStory(deps, story, { status: 'mac2-unverified', reason: '805A 9000, no SAM session' });
      if (!inTime(story, deps) || story.intent.amount_fen === 0) return NEXT;
      if (config.purse.unverified_proof === 'open') return settled(story, deps);
      return refuse('paid-see-staff', '805A proved the debit, MAC2 could not be verified');
  }
}

/** Verified: the passenger has paid and not passed. Too late, and this tap is a new trip. */
function settled(story: Story, deps: TapDeps): StageEnd {
  if (!story.intent.opens || !inTime(story, deps)) return NEXT;
  const { balance_before_fen, amount_fen } = story.intent;
  const paid = { ref: story.ref, amount_fen, balance_fen: balance_before_fen - amount_fen };
  return { kind: 'grant', message: 'pass-recovered', paid };
}

function inTime(story: Story, deps: TapDeps): boolean {
  return ageOf(story, deps) <= deps.config.lane.recovery_window_s;
}

/**
 * No proof. A counter that still stands at n says for certain that nothing was debited; a counter
 * beyond it leaves the story to the host, with the TAC of 8054 if that ever arrived.
 */
async function unproved(
  tap: Tap,
  deps: TapDeps,
  { story, sw }: { story: Story; sw: number },
): Promise<StageEnd> {
  const answer = await offerFor(tap, deps, 0);
  if (!answer.ok) return fault(answer.fault);
  const offer = answer.value.sw === SW_OK ? parsePurchaseOffer(answer.value.data) : null;
  if (!offer) return refuse('card-damaged', `8050 ${hex4(answer.value.sw)} after 805A ${hex4(sw)}`);

  const { counter, amount_fen, balance_before_fen, trip } = story.intent;
  const untouched = offer.counter === counter && offer.balance_fen === balance_before_fen;
  const reason = `805A ${hex4(sw)}, counter ${offer.counter} after ${counter}`;
  closeStory(deps, story, { status: untouched ? 'not-debited' : lostStatus(story), reason });
  if (untouched) return NEXT;
  // The card wrote our trip record, so it paid, yet cannot prove it: no second debit.
  const { trip: onCard } = purseOf(tap);
  const paid = onCard !== null && hexOf(onCard) === trip && amount_fen > 0;
  return paid && inTime(story, deps) ? refuse('paid-see-staff', reason) : NEXT;
}

function lostStatus(story: Story): Status {
  return story.debited ? 'mac2-unverified' : 'grey';
}
