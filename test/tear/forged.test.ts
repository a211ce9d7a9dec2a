/**
 * A forged purse answers 9000 and a MAC2 of its own making to 8054 and 805A alike, and may tear
 * itself away wherever it likes. No order of events opens the gate for it.
 */

import * as assert from 'uvu/assert';
import type { PurseCard } from '../../sim/card/purse.ts';
import type { TearMoment } from '../../sim/chip/field.ts';
import { feature } from '../kit/feature.ts';
import { type Bench, createBench } from '../kit/lane-bench.ts';
import {
  DEBIT,
  expectBooksAgree,
  FLOWS,
  type Flow,
  freshCardPasses,
  LONG_MS,
  MOMENTS,
  namedAfter,
  WINDOW_MS,
} from './flows.ts';

const BACK = ['in time', 'late', 'another card first', 'restart', 'stays'] as const;
const COUNTERS = ['after', 'before'] as const;

interface Case {
  readonly flow: Flow;
  readonly forge: (bench: Bench) => PurseCard;
  readonly nth: number;
  readonly moment: TearMoment;
  readonly back: (typeof BACK)[number];
}

const forgeries = feature('forged purse');
let cases = 0;

const MAKERS = [
  { name: 'a forged purse', make: (bench: Bench, flow: Flow) => bench.forgedCard(flow.card) },
  {
    name: 'a forged purse that also writes the trip record',
    make: (bench: Bench, flow: Flow) => withTrips(bench.forgedCard(flow.card)),
  },
];

for (const { name, make } of MAKERS) {
  for (const flow of FLOWS) {
    forgeries.test(
      `GIVEN ${name}, ${flow.name} WHEN it is torn anywhere and returns THEN no gate opens`,
      async () => {
        for (const proof_counter of COUNTERS) {
          const settings = { ...flow.settings, purse: { proof_counter } };
          const forge = (bench: Bench) => make(bench, flow);
          for (const back of BACK) {
            for (const moment of MOMENTS) {
              await everyCommand({ flow: { ...flow, settings }, forge, moment, back });
            }
          }
        }
      },
      LONG_MS,
    );
  }
}

forgeries.test(
  'GIVEN a forged purse WHEN an unverified proof may open THEN a trip record is still missing',
  async () => {
    const settings = { purse: { unverified_proof: 'open' } } as const;
    const bench = await createBench({ lane: 'flat', settings });
    const card = bench.forgedCard();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    await bench.restart();
    assert.is((await bench.tap(card)).message, 'mac2-wrong');
  },
);

forgeries.after(() => {
  process.stdout.write(`forged: ${cases} cases enumerated\n`);
});

async function everyCommand(given: Omit<Case, 'nth'>): Promise<void> {
  for (let nth = 1; ; nth++) {
    assert.ok(nth < 30, 'the flow has an end');
    try {
      if (!(await oneCase({ ...given, nth }))) return;
    } catch (error) {
      throw namedAfter(`command ${nth} ${given.moment}, back: ${given.back}`, error);
    }
    cases += 1;
  }
}

async function oneCase({ flow, forge, nth, moment, back }: Case): Promise<boolean> {
  const bench = await createBench(flow);
  const card = forge(bench);
  const stays = back === 'stays';
  const first = await bench.tap(card, { tear: { nth, moment, stays }, stays });
  assert.is.not(first.kind, 'granted');
  if (back === 'in time') await bench.later(5_000);
  if (back === 'late') await bench.later(WINDOW_MS + 2_000);
  if (back === 'another card first') await freshCardPasses(bench, flow);
  if (back === 'restart') await bench.restart();
  for (let attempt = 0; attempt < 3; attempt++) {
    const tapped = await bench.tap(card);
    assert.is(tapped.kind, 'refused', 'a definite answer each time');
    assert.is(tapped.verified, 0);
    await bench.later(5_000);
  }
  await freshCardPasses(bench, flow);
  await expectBooksAgree(bench, card.serial);
  return first.torn;
}

/** Answers READ RECORD 1E with what 80DC last brought, as if the debit had written it. */
function withTrips(card: PurseCard): PurseCard {
  let trip: Buffer | null = null;
  return {
    ...card,
    exchange(apdu) {
      const step = card.exchange(apdu);
      if (apdu.at(1) === 0xdc) trip = Buffer.from(apdu.subarray(5));
      if (apdu.at(1) !== 0xb2 || !trip) return step;
      return { ...step, answer: Buffer.concat([trip, Buffer.from('9000', 'hex')]) };
    },
  };
}

forgeries.run();
