/**
 * Every command to the PSAM, lost on its way, its answer lost, or its answer cut, in every flow
 * and with every return. The SAM is powered up anew where the lane would, before the next tap.
 */

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
  paidDebits,
  WINDOW_MS,
} from './flows.ts';
import { Table } from './table.ts';

const RETURNS = ['in time', 'late', 'another card first', 'restart', 'crash'] as const;
type Return = (typeof RETURNS)[number];

interface Case {
  readonly flow: Flow;
  readonly nth: number;
  readonly moment: TearMoment;
  readonly back: Return;
}

const sams = feature('a PSAM command lost in every way');
const table = new Table('sam-commands');

for (const getResponse of [false, true]) {
  for (const flow of FLOWS) {
    const name = `${flow.name}${getResponse ? ' over T=0' : ''}`;
    sams.test(
      `GIVEN ${name} WHEN a PSAM command fails THEN no fen is lost`,
      async () => {
        for (const back of RETURNS) {
          for (const moment of MOMENTS)
            await everyCommand({ flow: { ...flow, getResponse }, moment, back });
        }
      },
      LONG_MS,
    );
  }
}

sams.test(
  'GIVEN a listed card WHEN a PSAM command of its block fails THEN it is refused',
  async () => {
    for (const moment of MOMENTS) {
      for (let nth = 1; ; nth++) {
        const bench = await createBench({ lane: 'flat' });
        const card = bench.card();
        bench.listed.set(card.serial, 'lost');
        bench.samSlot.sent = [];
        const torn = bench.samSlot.tearNext(nth, moment);
        assert.is((await bench.tap(card)).message, 'listed-lost');
        if (!torn.fired) break;
        const command = `SAM${bench.samSlot.sent[nth - 1]}`;
        await bench.healSam();
        const { kind, message } = await bench.tap(card);
        assert.is(kind, 'refused');
        table.add({ flow: 'block 841E', command, moment, back: 'in time', outcome: message });
        for (const flow of FLOWS.slice(0, 1)) await freshCardPasses(bench, flow);
        await expectBooksAgree(bench);
      }
    }
  },
);

sams.test(
  'GIVEN a SAM that starts WHEN any of its commands fails THEN the next start helps',
  async () => {
    for (const moment of MOMENTS) {
      for (let nth = 1; ; nth++) {
        const bench = await createBench({ lane: 'flat' });
        bench.samSlot.sent = [];
        const torn = bench.samSlot.tearNext(nth, moment);
        const started = await bench.startSam();
        if (!torn.fired) break;
        assert.not(started.ok, 'a start that read less than it asked for is none');
        const command = `SAM${bench.samSlot.sent[nth - 1]}`;
        await bench.healSam();
        for (const flow of FLOWS.slice(0, 1)) await freshCardPasses(bench, flow);
        table.add({ flow: 'start', command, moment, back: 'in time', outcome: 'started' });
      }
    }
  },
);
sams.after(() => table.print());

async function everyCommand(given: Omit<Case, 'nth'>): Promise<void> {
  for (let nth = 1; ; nth++) {
    assert.ok(nth < 30, 'the flow has an end');
    const { flow, moment, back } = given;
    try {
      if (!(await oneCase({ ...given, nth }))) return;
    } catch (error) {
      throw namedAfter(`SAM command ${nth} ${moment}, back: ${back} (${flow.name})`, error);
    }
  }
}

async function oneCase({ flow, nth, moment, back }: Case): Promise<boolean> {
  const bench = await createBench(flow);
  const card = bench.card(flow.card);
  bench.samSlot.sent = [];
  const tear = bench.samSlot.tearNext(nth, moment);
  const torn = await bench.tap(card);
  const command = `SAM${bench.samSlot.sent[nth - 1]}`;
  if (!tear.fired) {
    assert.is(torn.kind, 'granted');
    return false;
  }
  expectHonest(torn);
  if (torn.fault?.code.startsWith('sam-')) await bench.healSam();
  await wait(bench, flow, back);
  const returned = await bench.tap(card);
  expectEarned(returned);
  table.add({ flow: flow.name, command, moment, back, outcome: returned.message });
  const debited = torn.commands.includes(DEBIT) && flow.paidAtGate;
  if (debited && returned.kind !== 'granted') assert.is(returned.message, 'paid-see-staff');
  else assert.is(returned.kind, 'granted');
  // Only a flat lane charges a new trip, and only to whoever comes back late and is let in anew.
  const anew = back === 'late' && flow.lane === 'flat' && debited && returned.kind === 'granted';
  assert.is(paidDebits(bench, card.serial), flow.price_fen === 0 ? 0 : anew ? 2 : 1);
  await freshCardPasses(bench, flow);
  await expectBooksAgree(bench);
  return true;
}

/** It did not open, and says `unknown` exactly where a debit was sent. */
function expectHonest({ kind, commands, fault }: Tapped): void {
  if (commands.at(-1) === DEBIT) {
    assert.is(kind, 'uncertain');
    assert.is(fault?.effect, 'unknown');
  } else {
    assert.ok(kind === 'failed' || kind === 'refused', kind);
  }
}

async function wait(bench: Bench, flow: Flow, back: Return): Promise<void> {
  if (back === 'in time') await bench.later(5_000);
  if (back === 'late') await bench.later(WINDOW_MS + 2_000);
  if (back === 'another card first') await freshCardPasses(bench, flow);
  if (back === 'restart') await bench.restart();
  if (back === 'crash') await bench.crash();
}

sams.run();
