/**
 * Stage `authorising`: three things at once that need nothing but the 8050 answer. The SAM signs
 * (8070), the card takes the trip record into its cache (80DC), the intent reaches the disk. No
 * command that moves money has been sent yet, so whatever fails here costs the passenger nothing.
 */

import { exchange, SW_OK } from '../../card/apdu.ts';
import { cacheTrip } from '../../card/purse/trip-record.ts';
import { describeStatus } from '../../card/status-words.ts';
import { TXN_TYPE } from './initialise.ts';
import { closeStory } from './story.ts';
import {
  fault,
  NEXT,
  paymentOf,
  purseOf,
  refuse,
  type StageEnd,
  type Tap,
  type TapDeps,
} from './tap.ts';

export async function authorise(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const { info } = purseOf(tap);
  const payment = paymentOf(tap);
  const { offer, charge, at, trip } = payment;
  deps.samSession.ref = null;

  const signing = deps.sam.initPurchase({
    random: offer.random,
    counter: offer.counter,
    amount_fen: charge.amount_fen,
    txnType: TXN_TYPE,
    at,
    keyVersion: offer.keyVersion,
    algorithm: offer.algorithm,
    cardFactor: info.serial.subarray(2),
    issuerFactor: info.issuer,
  });
  const caching = exchange(tap.card, cacheTrip(trip), deps.config.reader.card_timeout_ms);
  const [intent, signed, cached] = await Promise.all([
    payment.intent,
    deps.span('8070', signing),
    deps.span('80DC', caching),
  ]);

  if (!intent.ok) return fault(intent.fault);
  payment.ref = intent.value;
  if (!signed.ok) {
    // A SAM that answers but has no key for this card is in order; the card is the stranger.
    const { code, detail } = signed.fault;
    const stranger = code === 'sam-refused';
    return giveUp(stranger ? refuse('key-unsupported', detail) : fault(signed.fault), detail);
  }
  deps.samSession.ref = intent.value;
  payment.authorisation = signed.value;
  if (!cached.ok) return giveUp(fault(cached.fault), cached.fault.detail);
  const { sw } = cached.value;
  if (sw === SW_OK) return NEXT;
  const reason = `80DC ${describeStatus(sw)}`;
  return giveUp(refuse('debit-refused', reason), reason);

  function giveUp(end: StageEnd, reason: string): StageEnd {
    void closeStory(deps, payment, { status: 'not-debited', reason });
    return end;
  }
}
