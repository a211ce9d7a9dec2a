/** A SAM that is lost, in a lane whose policy then lets everybody pass unpaid. */

import * as assert from 'uvu/assert';
import { verifyLedger } from '../../../controller/ledger/verify.ts';
import { ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { type Bench, ended, fault, started } from './gate-bench.ts';
import { laneConfig } from './tap/bench.ts';
import { RIDE } from './tap/ride.ts';
import { cache, debit, offer, readTrip, select, trip } from './tap/wire.ts';

const gates = feature('free passage');

/** From the first failure until everybody may pass. */
const LOST_MS = 5_100;

function policy(sam: 'close' | 'free') {
  return (bench: Bench): void => {
    const config = laneConfig('flat');
    bench.config = { ...config, supervise: { ...config.supervise, when_lost: { sam } } };
  };
}

function modeOf({ gate }: Bench): string {
  return gate.snapshot().mode;
}

/** A tap meets a SAM that answers no more. */
async function loseSam(bench: Bench): Promise<void> {
  bench.authorisation = fault('sam-mute');
  bench.sam = fault('sam-mute');
  bench.field.push(bench.card(ride('0009').slice(0, -2)));
  await bench.clock.advance(30);
}

/** One paid ride of a card of its own. */
function ride(last: string, at = '20260101080000'): string[] {
  const record = trip({ kind: '06', amount: 200, balance: 4_800, at });
  return [
    ...[...select({ serial: `0310439990000000${last}` }), ...readTrip()],
    ...[...offer({ amount: 200 }), ...cache(record), ...debit(undefined, undefined, at)],
  ];
}

gates.test('GIVEN no policy WHEN the SAM is lost THEN the lane closes, as ever', async () => {
  const bench = await started();
  await loseSam(bench);
  await bench.clock.advance(60_000);
  assert.is(modeOf(bench), 'outOfService');
  assert.equal(bench.orders, []);
  assert.not(bench.records.some((record) => record.startsWith('free')));
  await ended(bench);
});

gates.test(
  'GIVEN the policy WHEN the SAM is lost THEN closed while it may come back, then open to all',
  async () => {
    const bench = await started(policy('free'));
    await loseSam(bench);
    assert.is(modeOf(bench), 'outOfService');
    await bench.clock.advance(4_900);
    assert.is(modeOf(bench), 'outOfService');
    assert.equal(bench.orders, []);
    await bench.clock.advance(200);
    assert.is(modeOf(bench), 'free');
    assert.is(bench.gate.snapshot().passage, 'free');
    assert.equal(bench.orders, ['open in']);
    assert.equal(bench.gate.snapshot().sign.light, 'green');
    assert.is(bench.signs.at(-1), 'Free passage, please go');
    assert.is(bench.lamps?.near, 'green');
    assert.is(bench.lamps?.far, 'red');
    const alarms = bench.log.filter((line) => line.startsWith('error free passage begins'));
    assert.is(alarms.length, 1);
    await ended(bench);
  },
);

gates.test('GIVEN the policy WHEN the SAM is back in four seconds THEN never open', async () => {
  const bench = await started(policy('free'));
  bench.sam = fault('sam-mute');
  bench.authorisation = fault('sam-mute');
  bench.field.push(bench.card(ride('0009').slice(0, -2)));
  await bench.clock.advance(4_000);
  assert.is(modeOf(bench), 'outOfService');
  bench.sam = ok(null);
  await bench.clock.advance(900);
  assert.is(modeOf(bench), 'inService');
  await bench.clock.advance(60_000);
  assert.equal(bench.orders, []);
  await ended(bench);
});

gates.test(
  'GIVEN SAM and board lost at once WHEN the board alone is back THEN open to all, as ever',
  async () => {
    const bench = await started(policy('free'));
    await loseSam(bench);
    bench.emit('lost');
    await bench.clock.advance(1_000);
    bench.emit('found');
    await bench.clock.advance(LOST_MS);
    assert.is(modeOf(bench), 'free');
    await ended(bench);
  },
);

gates.test(
  'GIVEN free passage WHEN cards come and people walk THEN nobody is charged',
  async () => {
    const bench = await started(policy('free'));
    await loseSam(bench);
    await bench.clock.advance(LOST_MS);
    const { detect } = bench.calls;
    const card = bench.card(RIDE.card);
    bench.field.push(card);
    for (let passenger = 0; passenger < 3; passenger += 1) {
      bench.emit('zone-occupied');
      bench.emit('passed');
      bench.emit('zone-free');
      await bench.clock.advance(60_000);
    }
    bench.emit('passed-against');
    // The supervisor asks whether the reader lives; nobody is asked for a card.
    assert.is(bench.calls.detect, detect);
    assert.equal(bench.told, ['try-again']);
    assert.is(modeOf(bench), 'free');

    assert.equal(bench.field.splice(0), [card]);
    bench.sam = ok(null);
    await bench.clock.advance(2_000);
    assert.is(modeOf(bench), 'inService');
    assert.equal(bench.orders, ['open in', 'close']);
    const [intent, outcome, ...free] = bench.records;
    assert.equal(
      [intent, outcome],
      ['intent 06 200 of 5000 n7 flat/adult', 'outcome 1 not-debited'],
    );
    assert.equal(free, ['free passage begins, 0 passed', 'free passage ends, 4 passed']);
    assert.is(bench.signs.at(-1), 'Please tap your card');
    await ended(bench);
  },
);

gates.test('GIVEN free passage is over THEN the next card pays and passes as ever', async () => {
  const bench = await started(policy('free'));
  const { authorisation } = bench;
  await loseSam(bench);
  await bench.clock.advance(5_000);
  bench.sam = ok(null);
  bench.authorisation = authorisation;
  await bench.clock.advance(2_000);
  bench.emit('closed');
  bench.field.push(bench.card(ride('0008', '20260101080007')));
  await bench.clock.advance(100);
  assert.equal(bench.told, ['try-again', 'pass']);
  await ended(bench);
});

gates.test(
  'GIVEN a tap whose MAC2 the dying SAM never judged THEN unknown, not free: the story stays open',
  async () => {
    const bench = await started(policy('free'));
    bench.sam = fault('sam-mute');
    bench.noVerdict = fault('sam-mute');
    bench.field.push(bench.card(ride('0009')));
    await bench.clock.advance(LOST_MS);
    assert.is(modeOf(bench), 'free');
    assert.equal(bench.told, ['retry-same-card']);
    bench.emit('passed');
    await bench.clock.advance(1_000);
    bench.sam = ok(null);
    await bench.clock.advance(2_000);
    // The debit is booked as sent and proved; host or card will settle it, as ever.
    const words = bench.records.map((record) => record.split(' ').slice(0, 3).join(' '));
    assert.equal(words, [
      ...['intent 06 200', 'authorised 1 000001E7', 'debited 1 8054'],
      ...['free passage begins,', 'free passage ends,'],
    ]);
    assert.is(bench.records.at(-1), 'free passage ends, 1 passed');
    await ended(bench);
  },
);

gates.test(
  'GIVEN somebody paid and stands before the gate WHEN the SAM dies THEN his passage is booked',
  async () => {
    const bench = await started(policy('free'));
    bench.field.push(bench.card(RIDE.card));
    await bench.clock.advance(100);
    bench.emit('opened');
    assert.equal(bench.told, ['pass']);
    bench.emit('zone-occupied');
    await loseSam(bench);
    await bench.clock.advance(LOST_MS);
    assert.is(modeOf(bench), 'free');
    bench.emit('passed');
    bench.emit('zone-free');
    bench.emit('passed');
    await bench.clock.advance(100);
    bench.gate.maintenance(true);
    await bench.clock.advance(100);
    assert.ok(bench.records.includes('passage 1'));
    assert.is(bench.records.at(-1), 'free passage ends, 1 passed');
    assert.is(bench.orders.at(-1), 'close');
    await ended(bench);
  },
);

gates.test('GIVEN free passage WHEN fire, key or a lost board come THEN they win', async () => {
  const bench = await started(policy('free'));
  await loseSam(bench);
  await bench.clock.advance(LOST_MS);
  bench.emit('fire-on');
  assert.is(modeOf(bench), 'emergency');
  assert.is(bench.gate.snapshot().passage, 'emergency');
  bench.emit('fire-off');
  assert.is(modeOf(bench), 'free');
  assert.is(bench.orders.at(-1), 'open in');
  bench.emit('key-on');
  assert.is(modeOf(bench), 'maintenance');
  assert.is(bench.orders.at(-1), 'close');
  bench.emit('key-off');
  bench.emit('lost');
  assert.is(modeOf(bench), 'outOfService');
  assert.is(bench.gate.snapshot().passage, 'blind');
  bench.emit('found');
  assert.is(modeOf(bench), 'free');
  assert.is(bench.gate.snapshot().passage, 'free');
  await ended(bench);
});

gates.test(
  'GIVEN free passage WHEN the lane stops THEN the books say when it ended, and hold',
  async () => {
    const bench = await started(policy('free'));
    await loseSam(bench);
    await bench.clock.advance(LOST_MS);
    await ended(bench);
    assert.is(bench.records.at(-1), 'free passage ends, 0 passed');
    // How the leaves stay is the barrier's policy (`on_stop`), not one more order.
    assert.equal(bench.orders, ['open in']);
    const { ok: inOrder, free } = await verifyLedger(bench.disk, '/ledger');
    assert.ok(inOrder);
    assert.equal(
      free.map(({ phase, reason }) => `${phase} ${reason}`),
      ['begins SAM lost', 'ends SAM lost'],
    );
  },
);

gates.test(
  'GIVEN a ledger that fails WHEN the SAM is lost THEN closed: no books, no gift',
  async () => {
    const bench = await started(policy('free'));
    await loseSam(bench);
    bench.disk.writeTrouble = { in: 1, code: 'EIO', stays: true };
    await bench.clock.advance(LOST_MS);
    assert.is(modeOf(bench), 'outOfService');
    assert.is(bench.gate.snapshot().passage, 'closing');
    await ended(bench);
  },
);

gates.test(
  'GIVEN the policy WHEN forged cards make the SAM distrusted THEN closed: they open nothing',
  async () => {
    const bench = await started(policy('free'));
    bench.verdict = 'wrong';
    const cards = ['0001', '0002', '0003'].map((last) => bench.card(ride(last)));
    bench.field.push(...cards);
    await bench.clock.advance(60_000);
    assert.equal(bench.told, ['mac2-wrong', 'mac2-wrong', 'mac2-wrong']);
    assert.is(modeOf(bench), 'outOfService');
    assert.equal(bench.orders, []);
    await ended(bench);
  },
);

gates.run();
