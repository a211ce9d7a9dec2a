/** Between a tear and the return the world goes on: lists, clocks, other lanes, other purses. */

import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { createBench } from '../kit/lane-bench.ts';
import {
  DEBIT,
  expectBooksAgree,
  FLOWS,
  freshCardPasses,
  MOMENTS,
  namedAfter,
  PROVE,
  paidDebits,
} from './flows.ts';

const meanwhile = feature('between a tear and the return');
const HOUR_MS = 3_600_000;
const FLAT = FLOWS.filter(({ name }) => name === 'flat ride 06');

for (const flow of FLOWS) {
  meanwhile.test(
    `GIVEN ${flow.name}, torn WHEN the card is listed meanwhile THEN no opening`,
    async () => {
      for (const moment of MOMENTS) {
        const bench = await createBench(flow);
        const card = bench.card(flow.card);
        await bench.tap(card, { tear: { ins: DEBIT, moment } });
        bench.listed.set(card.serial, 'lost');
        assert.is((await bench.tap(card)).message, 'listed-lost');
        const blocked = await bench.tap(card);
        assert.is(blocked.kind, 'refused');
        await freshCardPasses(bench, flow);
        await expectBooksAgree(bench);
      }
    },
  );

  meanwhile.test(
    `GIVEN ${flow.name}, torn WHEN the clock is set back THEN nobody is late`,
    async () => {
      for (const step_ms of [-60_000, -HOUR_MS, -40 * 24 * HOUR_MS]) {
        for (const moment of MOMENTS) {
          const bench = await createBench(flow);
          const card = bench.card(flow.card);
          await bench.tap(card, { tear: { ins: DEBIT, moment } });
          bench.stepWall(step_ms);
          try {
            assert.is((await bench.tap(card)).kind, 'granted');
            assert.is(paidDebits(bench, card.serial), flow.price_fen > 0 ? 1 : 0);
            await freshCardPasses(bench, flow);
            await expectBooksAgree(bench);
          } catch (error) {
            throw namedAfter(`8054 ${moment}, clock ${step_ms} ms`, error);
          }
        }
      }
    },
  );
}

meanwhile.test(
  'GIVEN a torn flat ride WHEN the clock is set far forward THEN it counts as late: a new trip',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    bench.stepWall(HOUR_MS);
    assert.is((await bench.tap(card)).message, 'pass');
    await bench.later(1_000);
    const [torn] = await bench.stories();
    assert.is(torn?.outcome?.status, 'recovered');
    assert.is(paidDebits(bench, card.serial), 2);
    await expectBooksAgree(bench);
  },
);

meanwhile.test(
  'GIVEN a debit that never arrived WHEN another lane took the same n THEN its proof is not ours',
  async () => {
    for (const first of ['nothing', 'another card', 'restart'] as const) {
      const bench = await createBench({ lane: 'flat' });
      const elsewhere = await createBench({ lane: 'flat' });
      const card = bench.card();
      await bench.tap(card, { tear: { ins: DEBIT, moment: 'before' } });
      await elsewhere.later(30_000);
      assert.is((await elsewhere.tap(card)).message, 'pass');
      const [known] = bench.cards;
      if (known) known.before_fen -= 200;
      await bench.later(90_000);
      if (first === 'another card') for (const flow of FLAT) await freshCardPasses(bench, flow);
      if (first === 'restart') await bench.restart();

      assert.is((await bench.tap(card)).message, 'pass', 'an honest card is no forgery');
      await bench.later(1_000);
      const [torn] = await bench.stories();
      assert.is(torn?.outcome?.status, 'grey');
      assert.is(torn?.debited, undefined, 'the TAC of another debit is not ours');
      assert.is(bench.psam.snapshot().wrongMac2, 0, 'nor is its MAC2 shown to our SAM');
      await expectBooksAgree(bench);
    }
  },
);

meanwhile.test(
  'GIVEN a card that cannot prove its debit WHEN it returns again and again THEN one debit',
  async () => {
    // `before` asks for n, but the virtual card knows its debit by n+1: 805A answers 9406.
    const settings = { purse: { proof_counter: 'before' }, lane: { passback_minutes: 0 } } as const;
    for (const lane of ['flat'] as const) {
      const bench = await createBench({ lane, settings });
      const card = bench.card();
      await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
      for (let time = 0; time < 3; time++) {
        await bench.later(20_000);
        assert.is((await bench.tap(card)).message, 'paid-see-staff');
      }
      assert.is(paidDebits(bench, card.serial), 1);
      await bench.later(70_000);
      assert.is((await bench.tap(card)).message, 'pass', 'late: a new trip');
      await expectBooksAgree(bench);
    }
  },
);

meanwhile.test(
  'GIVEN proofs named by n WHEN a debit never arrived THEN the proof before it is not ours',
  async () => {
    const settings = { purse: { proof_counter: 'before' } } as const;
    for (const unverified of [false, true]) {
      const bench = await createBench({ lane: 'flat', settings });
      const card = bench.card();
      await bench.pass(await bench.tap(card));
      await bench.later(HOUR_MS);
      await bench.tap(card, { tear: { ins: DEBIT, moment: 'before' } });
      if (unverified) await bench.restart();
      assert.is((await bench.tap(card)).message, 'pass');
      assert.is(paidDebits(bench, card.serial), 2);
      await expectBooksAgree(bench);
    }
  },
);

meanwhile.test(
  'GIVEN passback switched off WHEN a card returns twice after paid-see-staff THEN one debit',
  async () => {
    const settings = { lane: { passback_minutes: 0, reentry_window_s: 0 } };
    const bench = await createBench({ lane: 'flat', settings });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    await bench.restart();
    for (let time = 0; time < 3; time++) {
      assert.is((await bench.tap(card)).message, 'paid-see-staff');
      await bench.later(20_000);
    }
    assert.is(paidDebits(bench, card.serial), 1);
    await bench.later(120_000);
    assert.is((await bench.tap(card)).message, 'pass', 'late: a new trip');
    await expectBooksAgree(bench);
  },
);

meanwhile.test(
  'GIVEN the last counter FFFE WHEN its debit is torn THEN 805A asks for FFFF and proves it',
  async () => {
    for (const moment of MOMENTS) {
      const bench = await createBench({ lane: 'flat' });
      const card = bench.card();
      card.restore({ ...card.snapshot(), counter: 0xfffe });
      await bench.tap(card, { tear: { ins: DEBIT, moment } });
      const returned = await bench.tap(card);
      assert.is(returned.message, moment === 'before' ? 'pass' : 'pass-recovered');
      assert.is(card.counter, 0xffff);
      await bench.later(HOUR_MS);
      assert.is((await bench.tap(card)).message, 'card-damaged', '8050 answers 9402 from now on');
      for (const flow of FLAT) await freshCardPasses(bench, flow);
      await expectBooksAgree(bench);
    }
  },
);

meanwhile.test(
  'GIVEN counter FFFF on a card that goes on at 0000 WHEN torn THEN 805A asks for 0000',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    card.restore({ ...card.snapshot(), counter: 0x7fff });
    const asked: string[] = [];
    const wrapping = shifted(card, asked);
    await bench.tap(wrapping, { tear: { ins: DEBIT, moment: 'before' } });
    await bench.tap(wrapping);
    assert.equal(asked, ['0000']);
  },
);

meanwhile.test(
  'GIVEN a torn card WHEN it is topped up meanwhile THEN it is proved all the same',
  async () => {
    for (const moment of MOMENTS) {
      const bench = await createBench({ lane: 'flat' });
      const card = bench.card();
      await bench.tap(card, { tear: { ins: DEBIT, moment } });
      card.restore({ ...card.snapshot(), balance_fen: card.balance_fen + 1_000 });
      const [known] = bench.cards;
      if (known) known.before_fen += 1_000;
      const returned = await bench.tap(card);
      assert.is(returned.message, moment === 'before' ? 'pass' : 'pass-recovered');
      assert.ok(returned.commands.includes(PROVE));
      assert.is(paidDebits(bench, card.serial), 1);
      await expectBooksAgree(bench);
    }
  },
);

/** Shows the counter 8000 higher than it is, so that 7FFF looks like FFFF; MACs do not follow. */
function shifted(
  card: ReturnType<Awaited<ReturnType<typeof createBench>>['card']>,
  asked: string[],
) {
  return {
    ...card,
    exchange(apdu: Buffer) {
      if (apdu.at(1) === PROVE) asked.push(apdu.subarray(5, 7).toString('hex').toUpperCase());
      const step = card.exchange(apdu);
      if (apdu.at(1) !== 0x50 || step.answer.length !== 17) return step;
      const answer = Buffer.from(step.answer);
      answer.writeUInt16BE(0xffff, 4);
      return { ...step, answer };
    },
  };
}

meanwhile.run();
