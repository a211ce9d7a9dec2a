/** One card, two people: who may pass twice, who may not, and who must never be stopped. */

import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { createBench } from '../kit/lane-bench.ts';
import {
  DEBIT,
  expectBooksAgree,
  FLOWS,
  MOMENTS,
  namedAfter,
  paidDebits,
  WINDOW_MS,
} from './flows.ts';

const passback = feature('passback');
const MINUTE_MS = 60_000;

for (const flow of FLOWS) {
  passback.test(`GIVEN ${flow.name}, passed WHEN tapped at once again THEN passback`, async () => {
    const bench = await createBench(flow);
    const card = bench.card(flow.card);
    await bench.pass(await bench.tap(card));
    const debits = bench.debits.length;
    for (const wait_ms of [0, 1_000, 4 * MINUTE_MS]) {
      await bench.later(wait_ms);
      assert.is((await bench.tap(card)).message, 'passback');
    }
    assert.is(bench.debits.length, debits);
    await expectBooksAgree(bench);
  });

  passback.test(
    `GIVEN ${flow.name}, paid WHEN nobody passed THEN it opens again, unpaid`,
    async () => {
      const bench = await createBench(flow);
      const card = bench.card(flow.card);
      assert.is((await bench.tap(card)).kind, 'granted');
      const debits = bench.debits.length;
      // At once: the outcome is not even on the disk.
      for (const wait_ms of [0, 1_000, 100_000]) {
        await bench.later(wait_ms);
        const again = await bench.tap(card);
        assert.is(again.message, 'pass-again');
        assert.is(again.paid?.amount_fen, 0);
      }
      await bench.pass(await bench.tap(card));
      assert.is((await bench.tap(card)).message, 'passback');
      assert.is(bench.debits.length, debits);
      await expectBooksAgree(bench);
    },
  );

  passback.test(
    `GIVEN ${flow.name}, torn WHEN it returns THEN passback never stops it`,
    async () => {
      for (const moment of MOMENTS) {
        try {
          const bench = await createBench(flow);
          const card = bench.card(flow.card);
          await bench.tap(card, { tear: { ins: DEBIT, moment } });
          const returned = await bench.tap(card);
          assert.is(returned.kind, 'granted');
          // Nobody passed on it yet: the same right once more.
          assert.is((await bench.tap(card)).message, 'pass-again');
          await bench.pass(returned);
          assert.is((await bench.tap(card)).message, 'passback');
          await expectBooksAgree(bench);
        } catch (error) {
          throw namedAfter(`8054 ${moment}`, error);
        }
      }
    },
  );
}

passback.test('GIVEN a passed card WHEN the passback time is over THEN a new trip', async () => {
  const bench = await createBench({ lane: 'flat' });
  const card = bench.card();
  await bench.pass(await bench.tap(card));
  await bench.later(5 * MINUTE_MS + 1_000);
  const second = await bench.tap(card);
  assert.is(second.message, 'pass');
  await bench.pass(second);
  assert.is(paidDebits(bench, card.serial), 2);
  // Torn on its third trip, right after the second one's passback time.
  await bench.later(5 * MINUTE_MS + 1_000);
  await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
  assert.is((await bench.tap(card)).message, 'pass-recovered');
  assert.is(paidDebits(bench, card.serial), 3);
  await expectBooksAgree(bench);
});

passback.test(
  'GIVEN paid and not passed WHEN the re-entry time is over THEN a new trip',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.tap(card);
    await bench.later(WINDOW_MS + 1_000);
    assert.is((await bench.tap(card)).message, 'pass');
    assert.is(paidDebits(bench, card.serial), 2);
    await expectBooksAgree(bench);
  },
);

passback.test(
  'GIVEN a concession with its own time WHEN tapped again THEN that time counts',
  async () => {
    const elderly = {
      name: 'elderly',
      card_types: ['01'],
      pays_percent: 0,
      passback_minutes: 30,
      foreign_cities: false,
    };
    const student = { ...elderly, name: 'student', card_types: ['02'], passback_minutes: 0 };
    const bench = await createBench({
      lane: 'flat',
      settings: { concessions: [elderly, student] },
    });
    const [old, young] = [bench.card({ cardType: '01' }), bench.card({ cardType: '02' })];
    await bench.pass(await bench.tap(old));
    await bench.pass(await bench.tap(young));
    await bench.later(10_000);
    assert.is((await bench.tap(young)).message, 'pass-free', 'no passback for this class');
    await bench.later(29 * MINUTE_MS);
    assert.is((await bench.tap(old)).message, 'passback');
    await bench.later(MINUTE_MS);
    assert.is((await bench.tap(old)).message, 'pass-free');
    await expectBooksAgree(bench);
  },
);

passback.test(
  'GIVEN an unverified proof WHEN a clock a year ahead is set right THEN not staff for a year',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    await bench.restart();
    assert.is((await bench.tap(card)).message, 'paid-see-staff');
    bench.stepWall(-60 * MINUTE_MS);
    assert.is((await bench.tap(card)).message, 'paid-see-staff', 'an hour makes nobody late');
    bench.stepWall(-365 * 24 * 60 * MINUTE_MS);
    assert.is((await bench.tap(card)).message, 'pass');
    await expectBooksAgree(bench);
  },
);

passback.test(
  'GIVEN a passed card WHEN the clock is set back an hour THEN it is not locked out',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.pass(await bench.tap(card));
    bench.stepWall(-60 * MINUTE_MS);
    assert.is((await bench.tap(card)).message, 'pass');
    await expectBooksAgree(bench);
  },
);

passback.test(
  'GIVEN a restart WHEN a passed card taps again THEN the ledger remembers',
  async () => {
    for (const end of ['restart', 'crash'] as const) {
      const bench = await createBench({ lane: 'flat' });
      const card = bench.card();
      await bench.pass(await bench.tap(card));
      await (end === 'restart' ? bench.restart() : bench.crash());
      assert.is((await bench.tap(card)).message, 'passback');
      await expectBooksAgree(bench);
    }
  },
);

passback.run();
