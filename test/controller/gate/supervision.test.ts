/** Devices that fall silent, hang, and come back, under a whole gate. */

import * as assert from 'uvu/assert';
import { ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { Bench, ended, fault, started } from './gate-bench.ts';
import { RIDE } from './tap/ride.ts';
import { SELECT } from './tap/wire.ts';

const gates = feature('gate under supervision');

const ALL = ['reader', 'sam', 'barrier'] as const;
const STRANGER = [SELECT, '<= 6A82'];

function modeOf({ gate }: Bench): string {
  return gate.snapshot().mode;
}

gates.test(
  'GIVEN a reader that hangs THEN closed in 2 s, serves 5 s after it is back',
  async () => {
    for (const away_ms of [2_100, 3_000, 4_500, 60_000]) {
      const bench = await started();
      await bench.clock.advance(1_234);
      bench.hung.add('reader');
      await bench.clock.advance(2_100);
      assert.is(modeOf(bench), 'outOfService');
      await bench.clock.advance(away_ms);
      bench.hung.delete('reader');
      await bench.clock.advance(5_000);
      assert.is(modeOf(bench), 'inService');
      bench.field.push(bench.card(STRANGER));
      await bench.clock.advance(100);
      assert.equal(bench.told, ['unsupported-card']);
      await ended(bench);
    }
  },
);

gates.test('GIVEN a reader that answers but never detects THEN closed, and stays so', async () => {
  const bench = await started();
  const blind = Array.from({ length: 5_000 }, () => fault('chip-mute'));
  bench.field.push(...blind);
  await bench.clock.advance(2_000);
  assert.is(modeOf(bench), 'outOfService');
  await bench.clock.advance(60_000);
  assert.is(modeOf(bench), 'outOfService');
  assert.is(bench.gate.counters().reader.losses, 1);
  bench.field.length = 0;
  await bench.clock.advance(5_000);
  assert.is(modeOf(bench), 'inService');
  await ended(bench);
});

gates.test('GIVEN maintenance WHEN the reader dies THEN it is found out all the same', async () => {
  const bench = await started();
  bench.gate.maintenance(true);
  await bench.clock.advance(3_000);
  bench.reader = fault('chip-mute');
  await bench.clock.advance(2_000);
  assert.is(bench.gate.counters().reader.losses, 1);
  bench.gate.maintenance(false);
  assert.is(modeOf(bench), 'outOfService');
  await ended(bench);
});

gates.test('GIVEN a SAM that hangs at its start THEN the reader does not wait for it', async () => {
  const bench = new Bench();
  bench.reader = fault('chip-mute');
  bench.hung.add('sam');
  await bench.make();
  const starting = bench.gate.start();
  await bench.clock.advance(100);
  assert.is(bench.gate.counters().reader.losses, 1);
  bench.reader = ok('scripted reader');
  await bench.clock.advance(600);
  assert.is(bench.gate.counters().reader.recoveries, 1);
  assert.is(modeOf(bench), 'starting');
  bench.hung.delete('sam');
  await bench.clock.advance(5_000);
  await starting;
  assert.is(modeOf(bench), 'inService');
  await ended(bench);
});

gates.test('GIVEN a SAM lost by a tap THEN nobody pays until it is started anew', async () => {
  const bench = await started();
  bench.authorisation = fault('sam-mute');
  bench.field.push(bench.card(RIDE.card.slice(0, -2)));
  await bench.clock.advance(30);
  bench.hung.add('sam');
  await bench.clock.advance(5_000);
  bench.hung.delete('sam');
  await bench.clock.advance(5_000);
  assert.is(modeOf(bench), 'inService');
  assert.equal(bench.told, ['try-again']);
  await ended(bench);
});

gates.test('GIVEN a barrier that is lost and found, again and again THEN mirrored', async () => {
  const bench = await started();
  for (let round = 1; round <= 3; round += 1) {
    bench.emit('lost');
    assert.is(modeOf(bench), 'outOfService');
    await bench.clock.advance(30_000);
    assert.is(modeOf(bench), 'outOfService');
    bench.emit('found');
    assert.is(modeOf(bench), 'inService');
    await bench.clock.advance(100);
    assert.is(bench.gate.counters().barrier.losses, round);
  }
  await ended(bench);
});

gates.test('GIVEN leaves that never report shut THEN closed, until they are heard', async () => {
  const bench = await started();
  bench.field.push(bench.card(RIDE.card));
  await bench.clock.advance(100);
  bench.emit('opened');
  bench.emit('passed');
  await bench.clock.advance(7_500);
  assert.is(modeOf(bench), 'inService');
  await bench.clock.advance(1_000);
  assert.is(modeOf(bench), 'outOfService');
  assert.ok(bench.log.some((line) => line.includes('never reported shut')));
  await bench.clock.advance(60_000);
  assert.is(modeOf(bench), 'outOfService');
  bench.emit('closed');
  assert.is(modeOf(bench), 'inService');
  await ended(bench);
});

gates.test('GIVEN every device hung at the start THEN out of service, and back', async () => {
  const bench = new Bench();
  for (const device of ALL) bench.hung.add(device);
  await bench.make();
  await bench.clock.until(bench.gate.start());
  assert.is(modeOf(bench), 'outOfService');
  bench.hung.clear();
  bench.emit('found');
  await bench.clock.advance(5_000);
  assert.is(modeOf(bench), 'inService');
  await ended(bench);
});

gates.test('GIVEN a dead reader for an hour THEN the log stays short', async () => {
  const bench = await started();
  bench.reader = fault('chip-mute');
  await bench.clock.advance(3_600_000);
  assert.ok(bench.log.length <= 3, bench.log.join('\n'));
  assert.ok(bench.log.some((line) => line.startsWith('error out of service: E200')));
  await ended(bench);
});

gates.test(
  'GIVEN a reader that fails every other second THEN a line a minute at most',
  async () => {
    const bench = await started();
    for (let second = 0; second < 600; second += 2) {
      bench.field.push(fault('chip-mute'));
      await bench.clock.advance(2_000);
    }
    assert.is(modeOf(bench), 'inService');
    assert.ok(bench.log.length <= 11, `${bench.log.length} lines in ten minutes`);
    await ended(bench);
  },
);

for (const after_ms of [0, 500, 1_500, 10_000])
  gates.test(`GIVEN every device hung for ${after_ms} ms WHEN stopped THEN 2 s`, async () => {
    const bench = await started();
    await bench.clock.advance(1_000);
    for (const device of ALL) bench.hung.add(device);
    await bench.clock.advance(after_ms);
    await ended(bench);
  });

gates.run();
