/**
 * Every command of every flow, torn before the card got it, after it, and in the middle of its
 * answer, with every way in which the passenger may come back. Exhaustive: `nth` counts up until
 * the tear no longer happens.
 *
 * One passage takes money at most once. The one exception is by design: whoever comes back after
 * `lane.recovery_window_s` begins a new trip, and a flat lane charges a new trip anew.
 */

import * as assert from 'uvu/assert';
import type { TearMoment } from '../../sim/chip/field.ts';
import { feature } from '../kit/feature.ts';
import { type Bench, createBench, type Tapped } from '../kit/lane-bench.ts';
import {
  CARDS,
  DEBIT,
  expectBooksAgree,
  expectDoubt,
  expectEarned,
  FLOWS,
  type Flow,
  freshCardPasses,
  LONG_MS,
  MOMENTS,
  namedAfter,
  paidDebits,
  WINDOW_MS,
} from './flows.ts';
import { Table } from './table.ts';

const RETURNS = [
  'in time',
  'late',
  'another card first',
  'restart',
  'crash',
  'power cut',
  'stays',
  'never',
] as const;
type Return = (typeof RETURNS)[number];

interface Case {
  readonly flow: Flow;
  readonly nth: number;
  readonly moment: TearMoment;
  readonly back: Return;
}

const tears = feature('a card torn at every command');
const table = new Table('every-command');

for (const flow of FLOWS) {
  for (const variant of CARDS) {
    const card = { ...variant.card, ...flow.card };
    const title = `GIVEN ${flow.name} with an ${variant.name} card`;
    tears.test(
      `${title} WHEN it is torn anywhere THEN the money is right and nobody is stuck`,
      async () => {
        for (const back of RETURNS) {
          for (const moment of MOMENTS)
            await everyCommand({ flow: { ...flow, card }, moment, back });
        }
      },
      LONG_MS,
    );
  }
}
tears.after(() => table.print());

async function everyCommand(given: Omit<Case, 'nth'>): Promise<void> {
  for (let nth = 1; ; nth++) {
    assert.ok(nth < 30, 'the flow has an end');
    const { flow, moment, back } = given;
    try {
      if (!(await oneCase({ ...given, nth }))) return;
    } catch (error) {
      throw namedAfter(`command ${nth} ${moment}, back: ${back} (${flow.name})`, error);
    }
  }
}

/** False when the tear lay behind the last command. */
async function oneCase({ flow, nth, moment, back }: Case): Promise<boolean> {
  const bench = await createBench(flow);
  const card = bench.card(flow.card);
  const stays = back === 'stays';
  const tear = { nth, moment, stays };
  const torn = await bench.tap(card, { tear, stays, powerCut: back === 'power cut' });
  if (!torn.torn) {
    assert.is(torn.kind, 'granted');
    return false;
  }
  if (back !== 'power cut') expectDoubt(torn);
  const carriedOut = torn.commands.at(-1) === DEBIT && moment !== 'before';
  const expected = expectedAt({ flow, nth, moment, back }, torn);

  const record = (outcome: string) =>
    table.add({ flow: flow.name, command: torn.sent[nth - 1], moment, back, outcome });
  await wait(bench, flow, back);
  if (back === 'never') record('');
  else {
    const returned = await bench.tap(card);
    assert.is(returned.message, expected);
    expectEarned(returned);
    if (returned.kind === 'granted') await passesOnce(bench, card, returned);
    else await staysRefused(bench, card, returned);
    const again = flow.lane === 'flat' && back === 'late' && carriedOut;
    record(returned.message);
    const debits = flow.price_fen === 0 ? 0 : again ? 2 : 1;
    assert.is(paidDebits(bench, card.serial), debits);
  }
  await freshCardPasses(bench, flow);
  await expectBooksAgree(bench);
  return true;
}

async function wait(bench: Bench, flow: Flow, back: Return): Promise<void> {
  switch (back) {
    case 'stays':
      return;
    case 'restart':
      return bench.restart();
    case 'crash':
    case 'power cut':
      return bench.crash();
    case 'late':
      return bench.later(WINDOW_MS + 2_000);
    case 'another card first':
      return freshCardPasses(bench, flow);
    case 'in time':
    case 'never':
      return bench.later(5_000);
  }
}

/** What the passenger reads on coming back; docs/protocol.md §5.2. */
function expectedAt({ flow, moment, back }: Case, torn: Tapped): string {
  const { usual } = flow;
  const carriedOut = torn.commands.at(-1) === DEBIT && moment !== 'before';
  // The supplement alone opens nothing: the entry behind it is made and verified as usual.
  const debits = torn.commands.filter((ins) => ins === DEBIT).length;
  if (!carriedOut || (flow.name.startsWith('supplement') && debits === 1)) return usual;
  switch (back) {
    case 'in time':
    case 'stays':
      return 'pass-recovered';
    case 'late':
      // The trip on the card is closed: staff helps, nothing is taken again.
      return flow.lane === 'exit' ? 'paid-see-staff' : usual;
    case 'never':
      return '';
    default:
      return flow.paidAtGate ? 'paid-see-staff' : usual;
  }
}

/** Through the gate once; the next tap is one too many. */
async function passesOnce(bench: Bench, card: Parameters<Bench['tap']>[0], granted: Tapped) {
  await bench.pass(granted);
  const next = await bench.tap(card);
  assert.is(next.message, 'passback');
}

/** Asking again changes nothing: no opening and no debit. */
async function staysRefused(bench: Bench, card: Parameters<Bench['tap']>[0], refused: Tapped) {
  assert.is(refused.kind, 'refused');
  for (let time = 0; time < 2; time++) {
    await bench.later(3_000);
    assert.is((await bench.tap(card)).message, refused.message);
  }
}

tears.run();
