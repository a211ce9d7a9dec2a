/**
 * Stage `initialising`: 8050 offers the balance and the counter; nothing changes on the card. The
 * intent starts its way to the disk here, so that it is durable by the time of 8054.
 */

import { type Direction, failed, type Reply } from '../../../firmware-bridge/ports.ts';
import { exchange, type Response, SW_OK } from '../../card/apdu.ts';
import { bcdStamp, hexOf } from '../../card/bytes.ts';
import { getBalance, parseBalance } from '../../card/purse/get-balance.ts';
import {
  initPurchase,
  type PurchaseOffer,
  parsePurchaseOffer,
} from '../../card/purse/init-purchase.ts';
import { buildTrip } from '../../card/purse/trip-record.ts';
import { describeStatus, isBlocked } from '../../card/status-words.ts';
import type { Intent } from '../../ledger/records.ts';
import type { SamIdentity } from '../../sam/sam.ts';
import {
  type Charge,
  fault,
  NEXT,
  type Purse,
  purseOf,
  refuse,
  type StageEnd,
  type Tap,
  type TapConfig,
  type TapDeps,
} from './tap.ts';

/** 09: compound purchase, in 8070, MAC1, TAC and record alike. */
export const TXN_TYPE = 0x09;

export async function initialise(tap: Tap, deps: TapDeps): Promise<StageEnd> {
  const [charge] = tap.charges;
  if (!charge) throw new Error('initialising without a planned charge');
  const { config, clock, sam, ledger } = deps;

  const answer = await offerFor(tap, deps, charge.amount_fen);
  if (!answer.ok) return fault(answer.fault);
  const { sw, data } = answer.value;
  if (sw === 0x9401) return tooLittle(await balanceOf(tap, deps), charge);
  if (sw === 0x9403) return refuse('key-unsupported', `8050 ${describeStatus(sw)}`);
  if (isBlocked(sw)) return refuse('card-blocked', `8050 ${describeStatus(sw)}`);
  const offer = sw === SW_OK ? parsePurchaseOffer(data) : null;
  if (!offer) return refuse('card-damaged', `8050 ${describeStatus(sw)}, ${data.length} bytes`);
  if (offer.balance_fen > config.purse.balance_max_fen) {
    return refuse('card-damaged', `balance above ${config.purse.balance_max_fen} fen`);
  }
  if (offer.balance_fen < charge.balanceNeeded_fen) {
    return tooLittle(offer.balance_fen, charge);
  }

  const purse = purseOf(tap);
  const at = bcdStamp(clock.wall_ms(), config.site.utc_offset_minutes);
  const trip = tripFor(charge, { config, offer, at, terminal: sam.identity.terminal });
  const { identity } = sam;
  const { direction } = config.lane;
  const record = intentFor({ purse, charge, offer, at, trip, identity, direction });
  const intent = deps.span('intent', ledger.append(record));
  tap.payment = { charge, offer, at, trip, intent };
  return NEXT;
}

/** Key indexes in the configured order: SM4 first; a further one only after 9403. */
export async function offerFor(
  tap: Tap,
  deps: TapDeps,
  amount_fen: number,
): Promise<Reply<Response>> {
  const { purse, reader } = deps.config;
  let answer: Reply<Response> = failed('assertion', 'none', 'no key index is configured');
  for (const index of purse.key_indexes) {
    const command = initPurchase(
      Number.parseInt(index, 16),
      amount_fen,
      deps.sam.identity.terminal,
    );
    answer = await exchange(tap.card, command, reader.card_timeout_ms);
    if (!answer.ok || answer.value.sw !== 0x9403) break;
  }
  return answer;
}

function tooLittle(balance_fen: number | null, { balanceNeeded_fen }: Charge): StageEnd {
  if (balance_fen === null) return refuse('insufficient', '8050 9401');
  const amounts = { amount_fen: balanceNeeded_fen, balance_fen };
  return refuse('insufficient', `balance ${balance_fen} of ${balanceNeeded_fen} fen`, amounts);
}

/** After 9401 the passenger is waiting anyway: tell what is left on the card. */
async function balanceOf(tap: Tap, deps: TapDeps): Promise<number | null> {
  const answer = await exchange(tap.card, getBalance(), deps.config.reader.card_timeout_ms);
  return answer.ok ? parseBalance(answer.value.data) : null;
}

interface TripInput {
  readonly config: TapConfig;
  readonly offer: PurchaseOffer;
  readonly at: Buffer;
  readonly terminal: Buffer;
}

function tripFor(charge: Charge, { config, offer, at, terminal }: TripInput): Buffer {
  const { site, lane } = config;
  const industry = site.industry_codes[site.industry];
  if (industry === undefined) throw new Error(`no industry code for ${site.industry}`);
  return buildTrip({
    kind: charge.kind,
    terminal,
    industry,
    place: lane.place,
    amount_fen: charge.amount_fen,
    balanceAfter_fen: offer.balance_fen - charge.amount_fen,
    at: hexOf(at),
    city: site.city_code,
    acquirer: site.acquirer,
    incompleteMax_fen: charge.incompleteMax_fen,
    tripMax_minutes: charge.tripMax_minutes,
  });
}

interface IntentInput {
  readonly purse: Purse;
  readonly charge: Charge;
  readonly offer: PurchaseOffer;
  readonly at: Buffer;
  readonly trip: Buffer;
  readonly identity: SamIdentity;
  readonly direction: Direction;
}

function intentFor(input: IntentInput): Intent {
  const { purse, charge, offer, at, trip, identity, direction } = input;
  return {
    type: 'intent',
    card: purse.serial,
    issuer: hexOf(purse.info.issuer),
    card_kind: purse.management?.cardKind ?? null,
    counter: offer.counter,
    txn_type: '09',
    kind: charge.kind,
    amount_fen: charge.amount_fen,
    balance_before_fen: offer.balance_fen,
    at: hexOf(at),
    terminal: hexOf(identity.terminal),
    psam: hexOf(identity.serial),
    key_version: hexOf(Buffer.from([offer.keyVersion])),
    algorithm: hexOf(Buffer.from([offer.algorithm])),
    trip: hexOf(trip),
    entry: charge.entry,
    fare_rule: charge.rule,
    opens: charge.opens,
    direction,
  };
}
