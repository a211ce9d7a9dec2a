/** The ledger's disk fails at every one of its operations in a tap, for good or once. */

import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { type Bench, createBench } from '../kit/lane-bench.ts';
import {
  DEBIT,
  expectBooksAgree,
  expectEarned,
  FLOWS,
  type Flow,
  freshCardPasses,
  LONG_MS,
  namedAfter,
  paidDebits,
} from './flows.ts';

const TROUBLES = ['writeTrouble', 'syncTrouble'] as const;
const CODES = ['EIO', 'ENOSPC'] as const;
const CURES = ['restart', 'recover'] as const;

interface Case {
  readonly flow: Flow;
  readonly trouble: (typeof TROUBLES)[number];
  readonly code: (typeof CODES)[number];
  readonly nth: number;
  /** What happens once the disk is mended. */
  readonly cure: (typeof CURES)[number];
}

const disks = feature('ledger disk in trouble');
let cases = 0;

for (const flow of FLOWS) {
  disks.test(
    `GIVEN ${flow.name} WHEN the disk fails at any write or sync THEN the gate says what it knows`,
    async () => {
      for (const trouble of TROUBLES)
        for (const code of CODES)
          for (const cure of CURES) await everyOperation({ flow, trouble, code, cure });
    },
    LONG_MS,
  );
}
disks.after(() => {
  process.stdout.write(`disk: ${cases} cases enumerated\n`);
});

async function everyOperation(given: Omit<Case, 'nth'>): Promise<void> {
  for (let nth = 1; ; nth++) {
    assert.ok(nth < 30, 'the flow has an end');
    try {
      if (!(await oneCase({ ...given, nth }))) return;
    } catch (error) {
      throw namedAfter(`${given.trouble} ${given.code} at ${nth}, ${given.cure}`, error);
    }
    cases += 1;
  }
}

async function oneCase({ flow, trouble, code, nth, cure }: Case): Promise<boolean> {
  const bench = await createBench(flow);
  const card = bench.card(flow.card);
  const { memory } = bench.disk;
  const operations = () => (trouble === 'writeTrouble' ? memory.writes : memory.syncs);
  const last = operations() + nth;
  memory[trouble] = { in: nth, code, stays: true };
  const tapped = await bench.tap(card);
  await bench.later(1_000);
  expectEarned(tapped);
  if (operations() < last) {
    assert.is(tapped.kind, 'granted');
    return false;
  }
  if (tapped.kind === 'granted') await expectClosed(bench, flow);
  else expectFault(tapped);

  memory[trouble] = { in: 0, code, stays: false };
  if (cure === 'recover') {
    await bench.recoverLedger();
    await freshCardPasses(bench, flow);
  } else await bench.restart();
  const returned = await bench.tap(card);
  expectEarned(returned);
  const paid = tapped.commands.includes(DEBIT) && flow.paidAtGate;
  if (!paid) assert.is(returned.kind, 'granted');
  // What was written and not synced may be there all the same: then the ledger knows it is paid.
  else if (returned.message !== 'pass-again') assert.is(returned.message, 'paid-see-staff');
  else assert.is(tapped.kind, 'granted');
  assert.is(paidDebits(bench, card.serial), flow.price_fen > 0 ? 1 : 0);
  await freshCardPasses(bench, flow);
  await expectBooksAgree(bench);
  return true;
}

function expectFault({ kind, fault, commands }: Awaited<ReturnType<Bench['tap']>>): void {
  assert.ok(fault?.code.startsWith('ledger-'), `a fault of the ledger, not ${fault?.code}`);
  // An intent that is not durable holds 8054 back; later the debit has happened.
  const sent = commands.at(-1) === DEBIT;
  assert.is(kind, sent ? 'uncertain' : 'failed');
  assert.is(fault?.effect, sent ? 'unknown' : 'none');
}

/** Opened on a durable proof; only the outcome behind it is lost, and the next tap says so. */
async function expectClosed(bench: Bench, flow: Flow): Promise<void> {
  const trip = flow.lane === 'exit' ? flow.card.trip : undefined;
  const next = await bench.tap(bench.card(trip === undefined ? {} : { trip }));
  assert.is(next.kind, 'failed');
  expectFault(next);
}

disks.run();
