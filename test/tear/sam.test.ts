/** The SAM fails in the middle of a tap, or somebody else uses its one session. */

import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { createBench } from '../kit/lane-bench.ts';
import { DEBIT, expectBooksAgree, FLOWS, type Flow, freshCardPasses, paidDebits } from './flows.ts';

const sams = feature('SAM in trouble');
const INITIALISE = 0x50;

for (const flow of FLOWS) {
  sams.test(`GIVEN ${flow.name} WHEN the SAM is mute at 8070 THEN nothing is taken`, async () => {
    const bench = await createBench(flow);
    const card = bench.card(flow.card);
    bench.onCommand = (ins) => {
      if (ins === INITIALISE) bench.psam.setFault('mute');
    };
    const tapped = await bench.tap(card);
    assert.is(tapped.kind, 'failed');
    assert.is(tapped.fault?.code, 'sam-mute');
    assert.is(tapped.fault?.effect, 'none');
    assert.not(tapped.commands.includes(DEBIT));
    bench.onCommand = () => {};
    bench.psam.setFault('none');
    await bench.healSam();
    assert.is((await bench.tap(card)).kind, 'granted');
    await freshCardPasses(bench, flow);
    await expectBooksAgree(bench);
  });

  sams.test(`GIVEN ${flow.name} WHEN the SAM is mute at 8072 THEN it is in doubt`, async () => {
    const bench = await createBench(flow);
    const card = bench.card(flow.card);
    bench.onCommand = (ins) => {
      if (ins === DEBIT) bench.psam.setFault('mute');
    };
    const tapped = await bench.tap(card);
    assert.is(tapped.kind, 'uncertain');
    assert.is(tapped.fault?.code, 'sam-mute');
    bench.onCommand = () => {};
    bench.psam.setFault('none');
    await bench.healSam();
    const returned = await bench.tap(card);
    assert.is(returned.message, afterLostSession(flow));
    assert.is(paidDebits(bench, card.serial), flow.price_fen > 0 ? 1 : 0);
    await freshCardPasses(bench, flow);
    await expectBooksAgree(bench);
  });

  sams.test(
    `GIVEN ${flow.name} WHEN MAC1 is wrong THEN the card refuses and pays nothing`,
    async () => {
      const bench = await createBench(flow);
      const card = bench.card(flow.card);
      bench.psam.setFault('wrongMac1');
      const tapped = await bench.tap(card);
      assert.is(tapped.message, 'debit-refused');
      assert.is(tapped.commands.filter((ins) => ins === DEBIT).length, 1, 'no second try');
      await bench.later(1_000);
      const [story] = await bench.stories();
      assert.is(story?.outcome?.status, 'not-debited');
      assert.match(story?.outcome?.reason ?? '', '9302');
      bench.psam.setFault('none');
      assert.is((await bench.tap(card)).kind, 'granted');
      await freshCardPasses(bench, flow);
      await expectBooksAgree(bench);
    },
  );
}

sams.test(
  'GIVEN a torn card WHEN another one is refused before 8070 THEN the session still proves it',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    assert.is((await bench.tap(bench.card({ balance_fen: 10 }))).message, 'insufficient');
    assert.is((await bench.tap(card)).message, 'pass-recovered');
    await expectBooksAgree(bench);
  },
);

sams.test(
  'GIVEN a torn card WHEN another one only gets as far as 8070 THEN the session is used up',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    await bench.tap(bench.card(), { tear: { ins: 0xdc, moment: 'before' } });
    assert.is((await bench.tap(card)).message, 'paid-see-staff');
    await expectBooksAgree(bench);
  },
);

sams.test(
  'GIVEN a SAM that refuses every 8072 WHEN a paid card returns THEN it is not in doubt for ever',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    const refused = Buffer.from('6F00', 'hex');
    bench.inPlaceOfSam = (command) => (command.at(1) === 0x72 ? refused : null);
    assert.is((await bench.tap(card)).message, 'retry-same-card');
    assert.is((await bench.tap(card)).message, 'paid-see-staff');
    assert.is((await bench.tap(card)).message, 'paid-see-staff');
    assert.is(paidDebits(bench, card.serial), 1);
    await expectBooksAgree(bench);
  },
);

sams.test(
  'GIVEN two torn cards WHEN both return in turn THEN each MAC2 meets only its own session',
  async () => {
    const bench = await createBench({ lane: 'flat' });
    const [first, second] = [bench.card(), bench.card()];
    await bench.tap(first, { tear: { ins: DEBIT, moment: 'after' } });
    await bench.tap(second, { tear: { ins: DEBIT, moment: 'cut' } });
    assert.is((await bench.tap(first)).message, 'paid-see-staff');
    assert.is((await bench.tap(second)).message, 'pass-recovered');
    assert.is(bench.psam.snapshot().wrongMac2, 0);
    await expectBooksAgree(bench);
  },
);

sams.test(
  'GIVEN unverified proofs may open WHEN the session is lost THEN the paid card passes, once',
  async () => {
    const settings = { purse: { unverified_proof: 'open' } } as const;
    const bench = await createBench({ lane: 'flat', settings });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    await bench.restart();
    const returned = await bench.tap(card);
    assert.is(returned.message, 'pass-recovered');
    await bench.pass(returned);
    assert.is((await bench.tap(card)).message, 'passback');
    assert.is(paidDebits(bench, card.serial), 1);
    await expectBooksAgree(bench);
  },
);

/** The proof cannot be verified any more; an entry or a free ride simply taps anew. */
function afterLostSession(flow: Flow): string {
  return flow.paidAtGate ? 'paid-see-staff' : flow.usual;
}

sams.run();
