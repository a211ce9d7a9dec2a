/** A Social Security Card at a gate: its purse pays as a transit card does, torn or not. */

import * as assert from 'uvu/assert';
import { createPeople } from '../../../../sim/card/people.ts';
import type { PurseCard } from '../../../../sim/card/purse.ts';
import { feature } from '../../../kit/feature.ts';
import { type Bench, createBench } from '../../../kit/lane-bench.ts';
import { bytes } from '../hand.ts';
import { SELECT_EF05, SELECT_SSSE } from './hand.ts';

const gate = feature('sim card ssc at the gate');
const FARE_FEN = 200;
const DEBIT = 0x54;

/** The whole chip where the bench wants a purse; the books look at the purse on it. */
function atGate(bench: Bench, id: string): PurseCard {
  const person = createPeople('20260101').find((one) => one.id === id);
  const purse = person?.card?.purse;
  if (!purse || !person.contactless) throw new Error(`${id} has no purse for a gate`);
  const card: PurseCard = Object.assign(Object.create(purse), person.contactless);
  bench.cards.push({ card, before_fen: card.balance_fen });
  return card;
}

gate.test('GIVEN adult-3 at a flat lane THEN one fare less, and the gate opens', async () => {
  const bench = await createBench({ lane: 'flat' });
  const card = atGate(bench, 'adult-3');
  const tap = await bench.tap(card);
  assert.is(tap.kind, 'granted');
  assert.is(card.balance_fen, 4_250 - FARE_FEN);
  assert.equal(bench.violations, []);
});

gate.test(
  'GIVEN locked-3 and fine-2 THEN no money moves: a blocked purse, or none at all',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = atGate(bench, 'locked-3');
    assert.is((await bench.tap(card)).kind, 'refused');
    assert.is(card.balance_fen, 4_250);
    assert.throws(() => atGate(bench, 'fine-2'), /no purse for a gate/);
  },
);

for (const moment of ['before', 'after', 'cut'] as const) {
  gate.test(
    `GIVEN a tear ${moment} the debit, and a kiosk in between, THEN one debit in all`,
    async () => {
      const bench = await createBench({ lane: 'flat' });
      const card = atGate(bench, 'adult-3');
      const torn = await bench.tap(card, { tear: { ins: DEBIT, moment } });
      assert.ok(torn.torn);
      assert.is.not(torn.kind, 'granted');
      for (const command of [SELECT_SSSE, SELECT_EF05, '00B2010012']) {
        card.exchange(bytes(command));
      }
      card.powerDown();
      assert.is((await bench.tap(card)).kind, 'granted');
      assert.is(card.balance_fen, 4_250 - FARE_FEN);
      assert.is(bench.debits.length, 1);
      assert.equal(bench.violations, []);
    },
  );
}

gate.run();
