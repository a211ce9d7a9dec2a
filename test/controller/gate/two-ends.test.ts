/** A lane for both directions: a reader at each end, one SAM and one passage between them. */

import * as assert from 'uvu/assert';
import { farConfig } from '../../../controller/gate/side.ts';
import { ok } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { Bench, ended, fault } from './gate-bench.ts';
import { laneConfig } from './tap/bench.ts';
import { FLAT, TORN } from './tap/ride.ts';
import { cache, debit, offer, prove, readTrip, SELECT, select, trip } from './tap/wire.ts';

const gates = feature('lane for both directions');

const STRANGER = [SELECT, '<= 6A82'];
const FAR = 'Please wait a moment';
const READY = 'Please tap your card';

async function bothEnds(): Promise<Bench> {
  const bench = new Bench();
  bench.farField = [];
  await bench.start();
  return bench;
}

/** One paid ride of a card of its own. @param at of the stamp that card and SAM get */
function ride(last: string, at = '20260101080000'): string[] {
  const record = trip({ kind: '06', amount: 200, balance: 4_800, at });
  return [
    ...[...select({ serial: `0310439990000000${last}` }), ...readTrip()],
    ...[...offer({ amount: 200 }), ...cache(record), ...debit(undefined, undefined, at)],
  ];
}

function farField({ farField: field }: Bench) {
  if (!field) throw new Error('no far reader');
  return field;
}

function modeOf({ gate }: Bench): string {
  return gate.snapshot().mode;
}

/** Whoever has paid walks, and the leaves shut behind him. */
function walks(bench: Bench): void {
  for (const event of ['opened', 'zone-occupied', 'passed', 'zone-free', 'closed'] as const) {
    bench.emit(event);
  }
}

gates.test('the far end serves the opposite direction: where one enters, the other exits', () => {
  const ends = (['flat', 'entry', 'exit'] as const).map((lane) => {
    const near = laneConfig(lane);
    const far = farConfig(near).lane;
    return `${near.lane.kind} ${near.lane.direction}: ${far.kind} ${far.direction}`;
  });
  assert.equal(ends, ['flat in: flat out', 'entry in: exit out', 'exit out: entry in']);
  const config = laneConfig('flat');
  const far = { ...config.reader, path: '/dev/far' };
  assert.equal(farConfig({ ...config, far_reader: far }).reader.path, '/dev/far');
});

gates.test('GIVEN nobody there THEN both ends are looked at, both lamps are green', async () => {
  const bench = await bothEnds();
  await bench.clock.advance(1_000);
  assert.ok(bench.calls.detect > 20);
  assert.ok(bench.farCalls.detect > 20);
  assert.equal([bench.lamps?.near, bench.lamps?.far], ['green', 'green']);
  assert.is(modeOf(bench), 'inService');
  await ended(bench);
});

gates.test('GIVEN a card at the far end THEN it pays there and the near end waits', async () => {
  const bench = await bothEnds();
  farField(bench).push(bench.card(ride('0001')));
  await bench.clock.advance(100);
  assert.equal([bench.told, bench.farTold], [[], ['pass']]);
  assert.equal(bench.orders, ['open out']);
  assert.equal([bench.lamps?.near, bench.lamps?.far], ['red', 'green']);
  assert.is(bench.signs.at(-1), FAR);
  assert.is(bench.farSigns.at(-1), 'Please go through');

  const { detect } = bench.calls;
  const waiting = bench.card(ride('0002', '20260101080002'));
  bench.field.push(waiting);
  await bench.clock.advance(2_000);
  assert.is(bench.calls.detect, detect, 'the near reader was asked for a card');
  assert.equal(bench.field, [waiting]);

  walks(bench);
  await bench.clock.advance(100);
  assert.equal(bench.told, ['pass']);
  assert.equal(bench.orders, ['open out', 'close', 'open in']);
  assert.equal([bench.lamps?.near, bench.lamps?.far], ['green', 'red']);
  walks(bench);
  await bench.clock.advance(3_000);
  assert.equal([bench.signs.at(-1), bench.farSigns.at(-1)], [READY, READY]);
  assert.equal([bench.lamps?.near, bench.lamps?.far], ['green', 'green']);
  assert.equal(bench.records.filter((record) => record.startsWith('passage')).length, 2);
  await ended(bench);
});

gates.test('GIVEN paid at one end, not passed WHEN it taps at the other THEN no way', async () => {
  const bench = await bothEnds();
  bench.field.push(bench.card(ride('0001')));
  await bench.clock.advance(100);
  bench.emit('opened');
  await bench.clock.advance(9_000);
  bench.emit('closed');
  const again = () => bench.card([...select({ serial: '03104399900000000001' }), ...readTrip()]);
  farField(bench).push(again());
  await bench.clock.advance(5_000);
  assert.equal([bench.told, bench.farTold], [['pass'], ['passback']]);
  assert.equal(bench.orders, ['open in', 'close']);
  // It is a right of that end alone, and still one.
  bench.field.push(again());
  await bench.clock.advance(100);
  assert.equal(bench.told, ['pass', 'pass-again']);
  assert.equal(bench.orders, ['open in', 'close', 'open in']);
  await ended(bench);
});

gates.test(
  'GIVEN time is up and the leaves close THEN who paid still steps in on his own',
  async () => {
    const bench = await bothEnds();
    bench.field.push(bench.card(ride('0001')));
    await bench.clock.advance(100);
    bench.emit('opened');
    await bench.clock.advance(laneConfig('flat').lane.passage_timeout_ms);
    assert.is(bench.gate.snapshot().passage, 'closing');
    farField(bench).push(bench.card(ride('0002', '20260101080008')));
    await bench.clock.advance(200);
    assert.equal(bench.farTold, []);
    for (const event of ['zone-occupied', 'passed', 'zone-free'] as const) bench.emit(event);
    await bench.clock.advance(200);
    assert.equal(
      bench.records.filter((record) => record.startsWith('passage')),
      ['passage 1'],
    );
    // His right is used: whoever comes the other way need not wait until it is shut.
    assert.equal(bench.farTold, ['pass']);
    assert.equal(bench.orders, ['open in', 'close', 'open in', 'close', 'open out']);
    await ended(bench);
  },
);

gates.test('GIVEN a tap torn at one end WHEN proved at the other THEN no way', async () => {
  const bench = await bothEnds();
  const proof = [...select(), ...readTrip(FLAT)];
  bench.field.push(bench.card(TORN.card));
  await bench.clock.advance(1_000);
  farField(bench).push(bench.card([...proof, ...prove(8)]));
  await bench.clock.advance(5_000);
  assert.equal([bench.told, bench.farTold], [['retry-same-card'], ['passback']]);
  assert.equal(bench.orders, []);
  assert.is(bench.records.at(-1), 'outcome 1 recovered');
  bench.field.push(bench.card(proof));
  await bench.clock.advance(100);
  assert.equal(bench.told, ['retry-same-card', 'pass-again']);
  assert.equal(bench.orders, ['open in']);
  await ended(bench);
});

gates.test('GIVEN both ends tap at once THEN one pays, the other when he is through', async () => {
  const bench = await bothEnds();
  bench.samTime_ms = 50;
  bench.lookTime_ms = 10;
  bench.field.push(bench.card(ride('0001')));
  farField(bench).push(bench.card(ride('0002')));
  await bench.clock.advance(45);
  // Both were found by one round; the second was let go untouched, and lies there still.
  assert.is.not(bench.gate.snapshot().tap, 'idle');
  assert.is(bench.calls.release, 1);
  farField(bench).push(bench.card(ride('0002', '20260101080001')));
  await bench.clock.advance(955);
  assert.equal([bench.told, bench.farTold], [['pass'], []]);
  assert.equal(bench.orders, ['open in']);
  assert.equal([bench.lamps?.near, bench.lamps?.far], ['green', 'red']);
  walks(bench);
  await bench.clock.advance(300);
  assert.equal([bench.told, bench.farTold], [['pass'], ['pass']]);
  assert.equal(bench.orders, ['open in', 'close', 'open out']);
  const paid = bench.records.filter((record) => record.startsWith('outcome'));
  assert.equal(paid.length, 2);
  await ended(bench);
});

gates.test('GIVEN a hundred quick cards at one end THEN the other is served as ever', async () => {
  const bench = await bothEnds();
  for (let second = 0; second < 100; second += 1) {
    bench.field.push(bench.card(STRANGER));
    if (second % 10 === 9) farField(bench).push(bench.card(STRANGER));
    await bench.clock.advance(100);
  }
  assert.is(bench.told.length, 100);
  assert.is(bench.farTold.length, 10);
  await ended(bench);
});

gates.test('GIVEN two cards at one end THEN the other end goes on serving', async () => {
  const bench = await bothEnds();
  bench.field.push(...Array.from({ length: 100 }, () => ok({ kind: 'several' } as const)));
  await bench.clock.advance(100);
  farField(bench).push(bench.card(ride('0001')));
  await bench.clock.advance(100);
  assert.equal([bench.told, bench.farTold], [['several-cards'], ['pass']]);
  await ended(bench);
});

for (const how of ['mute', 'hung'] as const)
  gates.test(`GIVEN a far reader that is ${how} THEN its end closes, no more`, async () => {
    const bench = await bothEnds();
    await bench.clock.advance(5_000);
    const usual = bench.calls.detect;
    if (how === 'hung') bench.hung.add('far_reader');
    else bench.farReader = fault('chip-mute');
    await bench.clock.advance(5_000);
    assert.is(modeOf(bench), 'degraded');
    assert.equal([bench.lamps?.near, bench.lamps?.far], ['green', 'red']);
    assert.is(bench.farSigns.at(-1), 'This gate is out of service');
    assert.is(bench.signs.at(-1), READY);
    assert.ok(bench.log.some((line) => line.startsWith('error out of service')));
    // Not slower by one look.
    assert.ok(Math.abs(bench.calls.detect - 2 * usual) <= 1);
    bench.field.push(bench.card(ride('0001', '20260101080010')));
    await bench.clock.advance(100);
    assert.equal(bench.told, ['pass']);
    walks(bench);

    bench.hung.delete('far_reader');
    bench.farReader = ok('scripted reader');
    await bench.clock.advance(5_000);
    assert.is(modeOf(bench), 'inService');
    assert.is(bench.farSigns.at(-1), READY);
    assert.is(bench.gate.counters().far_reader?.losses, 1);
    assert.is(bench.gate.counters().reader.losses, 0);
    farField(bench).push(bench.card(STRANGER));
    await bench.clock.advance(100);
    assert.equal(bench.farTold, ['unsupported-card']);
    await ended(bench);
  });

gates.test('GIVEN both readers lost THEN closed, until one of them is back', async () => {
  const bench = await bothEnds();
  bench.reader = fault('chip-mute');
  await bench.clock.advance(3_000);
  assert.is(modeOf(bench), 'degraded');
  bench.hung.add('far_reader');
  await bench.clock.advance(3_000);
  assert.is(modeOf(bench), 'outOfService');
  bench.reader = ok('scripted reader');
  await bench.clock.advance(5_000);
  assert.is(modeOf(bench), 'degraded');
  assert.equal([bench.lamps?.near, bench.lamps?.far], ['green', 'red']);
  bench.hung.clear();
  await bench.clock.advance(5_000);
  assert.is(modeOf(bench), 'inService');
  await ended(bench);
});

gates.test('GIVEN everything hung, both readers too WHEN stopped THEN 2 s', async () => {
  const bench = await bothEnds();
  await bench.clock.advance(1_000);
  for (const part of ['reader', 'far_reader', 'sam', 'barrier'] as const) bench.hung.add(part);
  await bench.clock.advance(500);
  await ended(bench);
});

gates.run();
