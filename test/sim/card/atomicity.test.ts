import * as assert from 'uvu/assert';
import type { CardSnapshot } from '../../../sim/card/memory.ts';
import { feature } from '../../kit/feature.ts';
import { AT, cardOf, ENTRY, SELECT_PURSE, send } from './hand.ts';
import { runSteps, STEPS, tapOf } from './tap.ts';

const atomicity = feature('sim card: tearing');

/** What 8054 may change; draws of the random generator are no money. */
function money({ draws: _, ...rest }: CardSnapshot): Omit<CardSnapshot, 'draws'> {
  return rest;
}

for (const [index, { name }] of STEPS.entries()) {
  for (const moment of ['before', 'after'] as const) {
    atomicity.test(`GIVEN power lost ${moment} ${name} THEN all or nothing`, async () => {
      const card = cardOf();
      const before = money(card.snapshot());
      const tap = tapOf(card);
      for (const step of STEPS.slice(0, moment === 'after' ? index + 1 : index)) {
        await step.run(tap);
      }
      card.powerDown();
      const debited = tap.debited !== '';
      const now = money(card.snapshot());
      if (debited) {
        assert.is(now.balance_fen, before.balance_fen - 200);
        assert.is(now.counter, before.counter + 1);
        assert.equal(now.trips, [ENTRY, ...before.trips]);
        assert.is(now.log.length, 1);
        assert.is(now.proof?.counter, 1);
      } else assert.equal(now, before);
      send(card, SELECT_PURSE);
      const proof = send(card, '805A000902000108');
      const mac2ThenTac = tap.debited.slice(8, 16) + tap.debited.slice(0, 8);
      assert.is(proof, debited ? `${mac2ThenTac}9000` : '9406');
    });
  }
}

atomicity.test('GIVEN 80DC and a tear THEN the next debit does not write its record', async () => {
  const card = cardOf();
  await runSteps(tapOf(card), '80DC');
  card.powerDown();
  const tap = tapOf(card);
  await runSteps(tap, '8050');
  assert.match(await runSteps(tap, '8054', '8054'), /9000$/);
  assert.is(card.lastTrip.toString('hex'), '00'.repeat(48));
});

atomicity.test('GIVEN 8050, a tear, and the right MAC1 afterwards THEN nothing', async () => {
  const card = cardOf();
  await runSteps(tapOf(card), '80DC');
  card.powerDown();
  assert.is(send(card, `805401000F 00000001 ${AT} 11223344 08`), '6985');
  send(card, SELECT_PURSE);
  assert.is(send(card, `805401000F 00000001 ${AT} 11223344 08`), '6901');
});

atomicity.test('GIVEN a snapshot through JSON WHEN restored THEN the very same card', async () => {
  const card = cardOf();
  await runSteps(tapOf(card), '8054');
  const copy = cardOf();
  copy.restore(JSON.parse(JSON.stringify(card.snapshot())));
  assert.equal(copy.snapshot(), card.snapshot());
  send(copy, SELECT_PURSE);
  assert.is(send(copy, '805A000902000108'), send(card, '805A000902000108'));
});

atomicity.run();
