/** The card is torn once more while its first tear is settled: every command, every moment. */

import * as assert from 'uvu/assert';
import type { TearMoment } from '../../sim/chip/field.ts';
import { feature } from '../kit/feature.ts';
import { type Bench, createBench, type Tapped } from '../kit/lane-bench.ts';
import {
  DEBIT,
  expectBooksAgree,
  expectEarned,
  FLOWS,
  type Flow,
  freshCardPasses,
  LONG_MS,
  MOMENTS,
  namedAfter,
  PROVE,
  paidDebits,
  WINDOW_MS,
} from './flows.ts';
import { Table } from './table.ts';

const BETWEEN = ['nothing', 'late', 'another card', 'restart', 'crash'] as const;
type Between = (typeof BETWEEN)[number];

interface Case {
  readonly flow: Flow;
  readonly first: TearMoment;
  readonly second: TearMoment;
  readonly nth: number;
  readonly between: Between;
}

const tears = feature('a card torn again while it recovers');
const table = new Table('second-tear');

for (const flow of FLOWS) {
  tears.test(
    `GIVEN ${flow.name}, torn at 8054 WHEN the next tap is torn as well THEN one debit at most`,
    async () => {
      for (const between of BETWEEN)
        for (const first of MOMENTS)
          for (const second of MOMENTS) await everyCommand({ flow, first, second, between });
    },
    LONG_MS,
  );
}
tears.after(() => table.print());

async function everyCommand(given: Omit<Case, 'nth'>): Promise<void> {
  for (let nth = 1; ; nth++) {
    assert.ok(nth < 30, 'the flow has an end');
    const { first, second, between } = given;
    try {
      if (!(await oneCase({ ...given, nth }))) return;
    } catch (error) {
      throw namedAfter(`8054 ${first}, command ${nth} ${second}, between: ${between}`, error);
    }
  }
}

async function oneCase({ flow, first, second, nth, between }: Case): Promise<boolean> {
  const bench = await createBench(flow);
  const card = bench.card(flow.card);
  const torn = await bench.tap(card, { tear: { ins: DEBIT, moment: first } });
  assert.is(torn.kind, 'uncertain');
  await bench.later(5_000);
  const again = await bench.tap(card, { tear: { nth, moment: second } });
  if (!again.torn) {
    assert.is(again.kind, 'granted');
    return false;
  }
  expectDoubtWhileRecovering(again);
  await happens(bench, flow, between);

  const returned = await bench.tap(card);
  expectEarned(returned);
  if (returned.kind === 'granted') await bench.pass(returned);
  else assert.is(returned.message, 'paid-see-staff');
  if (between === 'nothing') assert.is(returned.kind, 'granted');
  if (!flow.paidAtGate) assert.is(returned.kind, 'granted');
  const command = again.sent[nth - 1];
  const flowName = `${flow.name}, 8054 torn ${first}`;
  table.add({ flow: flowName, command, moment: second, back: between, outcome: returned.message });
  await bench.later(5_000);
  const after = await bench.tap(card);
  assert.is(after.message, returned.kind === 'granted' ? 'passback' : 'paid-see-staff');
  // Whoever comes back late begins a new trip, and a flat lane charges a new trip anew.
  const trips = between === 'late' && flow.lane === 'flat' ? 2 : 1;
  const paid = paidDebits(bench, card.serial);
  assert.ok(flow.price_fen > 0 ? paid >= 1 && paid <= trips : paid === 0, `${paid} debits`);
  await freshCardPasses(bench, flow);
  await expectBooksAgree(bench);
  return true;
}

/** From 805A until the first tear is settled, the first debit is still in doubt. */
function expectDoubtWhileRecovering({ kind, commands, verified }: Tapped): void {
  const last = commands.at(-1);
  const asked = last === 0x50 && commands.at(-2) === PROVE && verified === 0;
  const settling = last === PROVE || asked;
  const expected = settling || last === DEBIT ? 'uncertain' : 'failed';
  assert.is(kind, expected);
}

async function happens(bench: Bench, flow: Flow, between: Between): Promise<void> {
  if (between === 'nothing') await bench.later(5_000);
  if (between === 'late') await bench.later(WINDOW_MS + 2_000);
  if (between === 'another card') await freshCardPasses(bench, flow);
  if (between === 'restart') await bench.restart();
  if (between === 'crash') await bench.crash();
}

tears.run();
