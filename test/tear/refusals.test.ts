/**
 * The flows in which no money moves: a card that is blocked on the spot, one with too little on
 * it, one too many tap, one that opens again. Every command of theirs torn in every way, too.
 */

import * as assert from 'uvu/assert';
import type { TearMoment } from '../../sim/chip/field.ts';
import { feature } from '../kit/feature.ts';
import { type Bench, createBench } from '../kit/lane-bench.ts';
import { expectBooksAgree, FLOWS, freshCardPasses, LONG_MS, MOMENTS, namedAfter } from './flows.ts';
import { RETURNS, type Return, SCENES, type Scene } from './refusals.ts';
import { Table } from './table.ts';

const [FLAT] = FLOWS;
const refusals = feature('a card torn where no money moves');
const table = new Table('refusals');

for (const scene of SCENES) {
  refusals.test(
    `GIVEN ${scene.name} WHEN it is torn anywhere THEN nothing is taken and the answer stays`,
    async () => {
      for (const back of RETURNS)
        for (const moment of MOMENTS) await everyCommand(scene, moment, back);
    },
    LONG_MS,
  );
}
refusals.after(() => table.print());

async function everyCommand(scene: Scene, moment: TearMoment, back: Return): Promise<void> {
  for (let nth = 1; ; nth++) {
    assert.ok(nth < 30, 'the flow has an end');
    try {
      if (!(await oneCase({ scene, nth, moment, back }))) return;
    } catch (error) {
      throw namedAfter(`command ${nth} ${moment}, back: ${back} (${scene.name})`, error);
    }
  }
}

interface Case {
  readonly scene: Scene;
  readonly nth: number;
  readonly moment: TearMoment;
  readonly back: Return;
}

async function oneCase({ scene, nth, moment, back }: Case): Promise<boolean> {
  const bench = await createBench(scene);
  const card = await scene.prepare(bench);
  const purse = () => ({
    debits: bench.debits.filter((one) => one.card === card.serial).length,
    balance_fen: card.balance_fen,
  });
  const before = purse();
  const stays = back === 'stays';
  const torn = await bench.tap(card, { tear: { nth, moment, stays }, stays });
  if (!torn.torn) return false;
  assert.is.not(torn.kind, 'uncertain', 'nothing was debited, and the lane knows it');
  assert.equal(purse(), before);
  await wait(bench, back);
  const returned = await bench.tap(card);
  const { message } = returned;
  assert.ok(scene.back(back).includes(message), `comes back ${back}: ${message}`);
  if (message !== 'pass') assert.equal(purse(), before);
  table.add({ flow: scene.name, command: torn.sent[nth - 1], moment, back, outcome: message });
  if (FLAT) await freshCardPasses(bench, { ...FLAT, lane: scene.lane });
  await expectBooksAgree(bench);
  return true;
}

async function wait(bench: Bench, back: Return): Promise<void> {
  if (back === 'in time') await bench.later(5_000);
  if (back === 'late') await bench.later(130_000);
  if (back === 'another card first' && FLAT) {
    await freshCardPasses(bench, { ...FLAT, lane: bench.config.lane.kind });
  }
  if (back === 'restart') await bench.restart();
  if (back === 'crash') await bench.crash();
}

refusals.run();
