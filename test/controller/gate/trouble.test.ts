/** Cards and moments that a gate must not be led astray by: forgeries, noise, fire. */

import * as assert from 'uvu/assert';
import { failed, ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { ended, fault, started } from './gate-bench.ts';
import { RIDE } from './tap/ride.ts';
import { cache, debit, offer, readTrip, SELECT, select, trip } from './tap/wire.ts';

const gates = feature('gate in trouble');

const STRANGER = [SELECT, '<= 6A82'];

function forged(last: string): string[] {
  const serial = `0310439990000000${last}`;
  const record = trip({ kind: '06', amount: 200, balance: 4_800 });
  return [
    ...[...select({ serial }), ...readTrip(), ...offer({ amount: 200 })],
    ...[...cache(record), ...debit()],
  ];
}

gates.test('GIVEN wrong MAC2 in a row up to the limit THEN the lane closes for good', async () => {
  const bench = await started();
  bench.verdict = 'wrong';
  bench.field.push(...['0001', '0002', '0003'].map((last) => bench.card(forged(last))));
  await bench.clock.advance(900);
  assert.equal(bench.told, ['mac2-wrong', 'mac2-wrong', 'mac2-wrong']);
  await bench.clock.advance(60_000);
  assert.is(bench.gate.snapshot().mode, 'outOfService');
  assert.equal(bench.orders, []);
  await ended(bench);
});

gates.test('GIVEN a good MAC2 between wrong ones THEN the count begins anew', async () => {
  const bench = await started();
  bench.field.push(bench.card(forged('0001')), bench.card(forged('0002')));
  bench.verdict = 'wrong';
  await bench.clock.advance(100);
  bench.verdict = 'verified';
  bench.field.push(bench.card(forged('0003')));
  await bench.clock.advance(100);
  bench.verdict = 'wrong';
  bench.field.push(bench.card(forged('0004')), bench.card(forged('0005')));
  await bench.clock.advance(100);
  assert.equal(bench.told, ['mac2-wrong', 'mac2-wrong', 'pass', 'mac2-wrong', 'mac2-wrong']);
  assert.is(bench.gate.snapshot().mode, 'inService');
  await ended(bench);
});

gates.test('GIVEN one forged card again and again THEN its quarantine closes no lane', async () => {
  const bench = await started();
  bench.verdict = 'wrong';
  const again = () => bench.card(forged('0001').slice(0, 4));
  bench.field.push(bench.card(forged('0001')), again(), again(), again());
  await bench.clock.advance(900);
  assert.equal(bench.told, Array(4).fill('mac2-wrong'));
  assert.is(bench.gate.snapshot().mode, 'inService');
  await ended(bench);
});

gates.test('GIVEN a fault told in many words THEN its story is closed all the same', async () => {
  const bench = await started();
  bench.authorisation = failed('sam-refused', 'none', 'x'.repeat(300));
  const stranger = () => bench.card(RIDE.card.slice(0, 8));
  bench.field.push(stranger(), stranger());
  await bench.clock.advance(1_000);
  assert.equal(bench.told, ['key-unsupported', 'key-unsupported']);
  assert.is(bench.gate.snapshot().mode, 'inService');
  assert.is(bench.records.filter((record) => record.endsWith('not-debited')).length, 2);
  await ended(bench);
});

gates.test(
  'GIVEN a disk that fails at a record nobody waits for THEN no card pays for it',
  async () => {
    const bench = await started();
    // intent, authorised, debited, and then the outcome
    bench.disk.writeTrouble = { in: 4, code: 'EIO', stays: false };
    bench.field.push(bench.card(RIDE.card));
    const modes = new Set<string>();
    bench.gate.onChange(() => modes.add(bench.gate.snapshot().mode));
    await bench.clock.advance(3_000);
    assert.equal(bench.told, ['pass']);
    assert.ok(modes.has('outOfService'), 'the lane has noticed');
    assert.is(bench.gate.snapshot().mode, 'inService', 'and has mended it before anybody came');
    await ended(bench);
  },
);

gates.test(
  'GIVEN a paid card WHEN the look after it fails THEN it must leave all the same',
  async () => {
    const bench = await started();
    const paid = bench.card(RIDE.card);
    if (paid.ok && paid.value.kind === 'card') {
      const { card } = paid.value;
      card.present = async () => failed('chip-garbled', 'none', 'noise');
    }
    const there = () => bench.card(STRANGER);
    bench.field.push(paid, there(), fault('chip-mute'), there(), ok({ kind: 'none' }), there());
    await bench.clock.advance(1_000);
    assert.equal(bench.told, ['pass', 'unsupported-card']);
    assert.is(bench.gate.snapshot().mode, 'inService');
    await ended(bench);
  },
);

gates.test('GIVEN fire WHEN a card is just being found THEN nobody pays', async () => {
  const bench = await started();
  bench.onDetect = () => bench.emit('fire-on');
  bench.field.push(bench.card(RIDE.card));
  await bench.clock.advance(1_000);
  assert.is(bench.gate.snapshot().mode, 'emergency');
  assert.equal([bench.told, bench.records], [[], []]);
  assert.is(bench.calls.release, 1);
  await ended(bench);
});

gates.run();
