/**
 * Stage `recovering`: the card has a story in the ledger that was never closed. 805A tells whether
 * that debit happened (docs/protocol.md §5.2); there is never a second debit before it is settled.
 * Nothing here is in a hurry: every outcome is durable before the tap goes on.
 */

import { ok, type Reply } from '../../../firmware-bridge/ports.ts';
import { exchange, SW_OK } from '../../card/apdu.ts';
import { hexOf } from '../../card/bytes.ts';
import type { DebitProof } from '../../card/purse/debit.ts';
import { parsePurchaseOffer } from '../../card/purse/init-purchase.ts';
import { parseProof, prove } from '../../card/purse/prove.ts';
import { hex4 } from '../../card/status-words.ts';
import type { Status, Story } from '../../ledger/records.ts';
import type { Mac2Verdict } from '../../sam/sam.ts';
import { ageOf } from '../rights.ts';
import { offerFor, TXN_TYPE } from './initialise.ts';
import { closeStory } from './story.ts';
import { fault, NEXT, purseOf, refuse, type StageEnd, type Tap, type TapDeps } from './tap.ts';

export async function recover(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const { serial, trip } = purseOf(tap);
  const story = deps.ledger.openStory(serial);
  if (!story) throw new Error('recovering a card without an open story');
  const { proof_counter } = deps.config.purse;
  const counter = (story.intent.counter + (proof_counter === 'after' ? 1 : 0)) & 0xffff;
  const command = prove(TXN_TYPE, counter);
  const answer = await exchange(tap.card, command, deps.config.reader.card_timeout_ms);
  if (!answer.ok) return fault(answer.fault);
  const { sw, data } = answer.value;
  const proof = sw === SW_OK ? parseProof(data) : null;
  // 805A speaks of the card's latest debit. Where EF1E shows that this was another one, made
  // elsewhere under the same counter, the proof is none of ours, nor is its MAC for our SAM.
  const ours = proof && (trip === null || isTripOf(story, trip));
  return ours ? proved(proof, story, deps) : unproved(tap, deps, { story, sw });
}

/** The debit happened. Its MAC goes to the SAM if, and only if, that session is still alive. */
async function proved(proof: DebitProof, story: Story, deps: TapDeps): Promise<StageEnd> {
  const { ref } = story;
  const { samSession, ledger, config } = deps;
  const verdict = await verdictOn(proof, story, deps);
  if (!verdict.ok) return fault(verdict.fault);
  const durable = await ledger.append({
    type: 'debited',
    ref,
    tac: hexOf(proof.tac),
    mac2: hexOf(proof.mac2),
    by: '805A',
  });
  if (!durable.ok) return fault(durable.fault);

  const close = (status: Status, reason: string, end: StageEnd) =>
    closed({ story, status, reason: `805A 9000, ${reason}` }, deps, end);
  switch (verdict.value) {
    case 'wrong':
      return close('mac2-wrong', '8072 9302', refuse('mac2-wrong', '8072 refused MAC of 805A'));
    case 'verified':
      samSession.ref = null;
      return close('recovered', '8072 9000', settled(story, deps));
    case 'no-session': {
      // A zero fare taps anew; behind a supplement comes an entry with a MAC2 of its own.
      const told = config.purse.unverified_proof === 'open' ? settled(story, deps) : SEE_STAFF;
      const end = isPaidPassage(story, deps) ? told : NEXT;
      return close('mac2-unverified', 'no SAM session', end);
    }
  }
}

async function verdictOn(
  { mac2 }: DebitProof,
  { ref }: Story,
  { samSession, sam, span }: TapDeps,
): Promise<Reply<Mac2Verdict>> {
  if (samSession.ref !== ref) return ok('no-session');
  const verdict = await span('8072', sam.creditPurchase(mac2));
  if (!verdict.ok) samSession.ref = null;
  // A SAM that will not judge would refuse for ever, and keep the card in doubt for ever.
  const unwilling = !verdict.ok && verdict.fault.code === 'sam-refused';
  return unwilling ? ok('no-session') : verdict;
}

const SEE_STAFF = refuse('paid-see-staff', 'the debit is proved, MAC2 could not be verified');

/**
 * Verified: the passenger has paid and not passed. Too late, and this tap is a new trip; at the
 * other end of the lane the plan decides, as for any right of that end.
 */
function settled(story: Story, deps: TapDeps): StageEnd {
  const { direction: here } = deps.config.lane;
  const { balance_before_fen, amount_fen, direction = here, opens } = story.intent;
  if (!opens || !inTime(story, deps) || direction !== here) return NEXT;
  const paid = { ref: story.ref, amount_fen, balance_fen: balance_before_fen - amount_fen };
  return { kind: 'grant', message: 'pass-recovered', paid };
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

  const { counter, balance_before_fen } = story.intent;
  const reason = `805A ${hex4(sw)}, counter ${offer.counter} after ${counter}`;
  const untouched = offer.counter === counter && offer.balance_fen === balance_before_fen;
  if (untouched) return closed({ story, status: 'not-debited', reason }, deps, NEXT);
  // The card wrote our trip record, so it paid, yet cannot prove it: no second debit. The story
  // stays open, so that the next tap within the window finds the same answer.
  const { trip } = purseOf(tap);
  const paid = trip !== null && isTripOf(story, trip);
  if (paid && isPaidPassage(story, deps)) return refuse('paid-see-staff', reason);
  const status = story.debited ? 'mac2-unverified' : 'grey';
  return closed({ story, status, reason }, deps, NEXT);
}

interface Closing {
  readonly story: Story;
  readonly status: Status;
  readonly reason: string;
}

async function closed(
  { story, status, reason }: Closing,
  deps: TapDeps,
  end: StageEnd,
): Promise<StageEnd> {
  const written = await closeStory(deps, story, { status, reason });
  return written.ok ? end : fault(written.fault);
}

/** Would a new tap take money for the passage that this story was to pay? */
function isPaidPassage(story: Story, deps: TapDeps): boolean {
  const { amount_fen, opens } = story.intent;
  return amount_fen > 0 && opens && inTime(story, deps);
}

/** A clock set back since then makes nobody late. */
function inTime(story: Story, deps: TapDeps): boolean {
  return ageOf(story, deps) <= deps.config.lane.recovery_window_s;
}

/** Kind and terminal (bytes 0–8) and time (25–31) name one debit; 8054 writes them or nothing. */
function isTripOf({ intent }: Story, onCard: Buffer): boolean {
  const sent = Buffer.from(intent.trip, 'hex');
  const same = (from: number, to: number) =>
    sent.subarray(from, to).equals(onCard.subarray(from, to));
  return same(0, 9) && same(25, 32);
}
