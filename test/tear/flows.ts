/** What passengers do at a lane, and what must be true of money when their story is over. */

import * as assert from 'uvu/assert';
import { buildTrip } from '../../controller/card/purse/trip-record.ts';
import type { Story } from '../../controller/ledger/records.ts';
import { verifyLedger } from '../../controller/ledger/verify.ts';
import type { CardProfile } from '../../sim/card/personalise.ts';
import type { Bench, BenchOptions, Tapped } from '../kit/lane-bench.ts';

export interface Flow extends BenchOptions {
  readonly name: string;
  readonly card: Partial<CardProfile>;
  /** What one passage costs this card, in all. */
  readonly price_fen: number;
  /** Is money taken by the very debit that opens the gate? */
  readonly paidAtGate: boolean;
  /** What the passenger reads when nothing goes wrong. */
  readonly usual: string;
}

/** A trip that is still open: entered at `place`, a station of config/fares/small-metro.yaml. */
function openTrip(place: string, at = '20260101074500'): string {
  return buildTrip({
    kind: '03',
    terminal: Buffer.from('332099000077', 'hex'),
    industry: 1,
    place,
    amount_fen: 0,
    balanceAfter_fen: 5_000,
    at,
    city: '3320',
    acquirer: '0000000000003320',
    incompleteMax_fen: 500,
    tripMax_minutes: 180,
  }).toString('hex');
}

/** The bench's clock begins on 2026-01-01 at 08:00 local time. */
export const FLOWS: readonly Flow[] = [
  { name: 'flat ride 06', lane: 'flat', card: {}, price_fen: 200, paidAtGate: true, usual: 'pass' },
  {
    name: 'free ride 06',
    lane: 'flat',
    card: { cardType: '01' },
    price_fen: 0,
    paidAtGate: false,
    usual: 'pass-free',
  },
  {
    name: 'concession ride 06',
    lane: 'flat',
    card: { cardType: '02' },
    price_fen: 100,
    paidAtGate: true,
    usual: 'pass-concession',
  },
  {
    name: 'ride 06 of a foreign card',
    lane: 'flat',
    card: { issuer: '01132900FFFFFFFF', city: '2900' },
    price_fen: 200,
    paidAtGate: true,
    usual: 'pass',
  },
  { name: 'entry 03', lane: 'entry', card: {}, price_fen: 0, paidAtGate: false, usual: 'pass' },
  {
    name: 'exit 04',
    lane: 'exit',
    card: { trip: openTrip('00010001') },
    price_fen: 500,
    paidAtGate: true,
    usual: 'pass',
  },
  {
    name: 'exit without entry 08',
    lane: 'exit',
    settings: { lane: { missing_entry: 'supplement' } },
    card: {},
    price_fen: 500,
    paidAtGate: true,
    usual: 'pass',
  },
  {
    name: 'supplement 08, then entry 03',
    lane: 'entry',
    card: { trip: openTrip('00010005') },
    price_fen: 500,
    paidAtGate: false,
    usual: 'pass',
  },
];

export const CARDS: readonly { readonly name: string; readonly card: Partial<CardProfile> }[] = [
  { name: 'SM4', card: {} },
  { name: 'SM4 without 9F0C', card: { fci9f0c: false } },
  { name: '3DES', card: { algorithm: '3des' } },
];

export const MOMENTS = ['before', 'after', 'cut'] as const;
export const DEBIT = 0x54;
export const PROVE = 0x5a;
export const WINDOW_MS = 120_000;
/** For thousands of cases in virtual time: longer than a busy machine takes, shorter than ever. */
export const LONG_MS = 600_000;

/** Another passenger with a card that can pass here: at once, or something is stuck. */
export async function freshCardPasses(bench: Bench, flow: Flow): Promise<void> {
  const trip = flow.lane === 'exit' ? flow.card.trip : undefined;
  const tapped = await bench.tap(bench.card(trip === undefined ? {} : { trip }));
  assert.is(tapped.message, 'pass', 'a fresh card passes at its first attempt');
  await bench.pass(tapped);
}

/** Money rule 4: a paid grant rests on a MAC2 that the PSAM verified, in this tap or before. */
export function expectEarned(tapped: Tapped): void {
  if (tapped.kind !== 'granted' || tapped.message === 'pass-again') return;
  assert.ok(tapped.verified > 0, `${tapped.message} without a verified MAC2`);
}

/** Money rule 2 and 3: 8054 sent and not answered is doubt; anything before it is none. */
export function expectDoubt(torn: Tapped): void {
  const sent = torn.commands.at(-1) === DEBIT;
  assert.is(torn.kind, sent ? 'uncertain' : 'failed');
  assert.is(torn.fault?.effect, sent ? 'unknown' : 'none');
}

/** Debits that took money. */
export function paidDebits(bench: Bench, serial: string): number {
  return bench.debits.filter((one) => one.card === serial && one.amount_fen > 0).length;
}

/**
 * Cards and ledger agree story by story, and so to the fen; the journal itself is in order.
 * @param forged serial of a forgery: what it claims to have paid, the host finds false by its TAC
 */
export async function expectBooksAgree(bench: Bench, forged?: string): Promise<void> {
  await bench.later(1_000);
  assert.equal(bench.violations, [], 'a durable intent precedes every 8054');
  const stories = await bench.stories();
  const carriedOut = ({ ref }: Story) => bench.debits.some((debit) => debit.ref === ref);
  let ledger_fen = 0;
  for (const story of stories) {
    if (story.intent.card === forged) continue;
    const status = story.outcome?.status;
    const told = `story ${story.ref}: ${status} ${story.outcome?.reason}`;
    const sure = status === 'done' || status === 'recovered' || status === 'mac2-unverified';
    if (sure) assert.ok(carriedOut(story), `${told}, but the card did not pay`);
    if (status === 'not-debited') assert.not(carriedOut(story), `${told}, but the card paid`);
    // Grey or open: only the card knows; the host learns it from the next purchase.
    if (carriedOut(story)) ledger_fen += story.intent.amount_fen;
  }
  const cards_fen = bench.cards.reduce(
    (sum, { card, before_fen }) => sum + before_fen - card.balance_fen,
    0,
  );
  assert.is(ledger_fen, cards_fen, 'cards and ledger agree to the fen');
  const refs = bench.debits.map(({ ref }) => ref);
  assert.is(new Set(refs).size, refs.length, 'each debit has a story of its own');
  const report = await verifyLedger(bench.disk.memory, 'ledger');
  assert.equal(
    report.findings.filter(({ severity }) => severity === 'broken'),
    [],
  );
}

/** A failed expectation with the case that it belongs to. */
export function namedAfter(name: string, error: unknown): Error {
  const { message, actual, expects } = error as Error & { actual?: unknown; expects?: unknown };
  return new Error(`${name}: ${message} got ${actual}, expected ${expects}`);
}
