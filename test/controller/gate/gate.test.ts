import * as assert from 'uvu/assert';
import { ok, type Presence, type Reply } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { Bench, ended, fault, started } from './gate-bench.ts';
import { FLAT, RIDE } from './tap/ride.ts';
import { readTrip, SELECT, select } from './tap/wire.ts';

const gates = feature('gate');

const READY = 'Please tap your card';
const CLOSED = 'This gate is out of service';
const STRANGER = [SELECT, '<= 6A82'];
const FAULTY = [SELECT, '<= ! card-gone none'];
const SEVERAL: Reply<Presence> = ok({ kind: 'several' });
const TOKEN: Reply<Presence> = ok({ kind: 'unsupported', sak: 0x08 });

gates.test(
  'GIVEN a paid tap THEN the gate opens, says so, records the passage, is idle',
  async () => {
    const bench = await started();
    const { clock, gate } = bench;
    assert.is(gate.snapshot().mode, 'inService');
    bench.field.push(bench.card(RIDE.card));
    await clock.advance(100);
    assert.equal(bench.told, ['pass']);
    assert.equal(bench.orders, ['open in']);
    assert.is(gate.snapshot().passage, 'opening');
    assert.is(gate.snapshot().sign.light, 'green');
    for (const event of ['opened', 'zone-occupied', 'passed', 'zone-free', 'closed'] as const) {
      bench.emit(event);
    }
    await clock.advance(bench.config.lane.result_shown_ms);
    assert.equal(bench.orders, ['open in', 'close']);
    assert.equal(bench.records, [...RIDE.records, 'passage 1']);
    assert.equal(bench.signs, ['Starting, please wait', READY, 'Please go through', READY]);
    assert.is(gate.snapshot().passage, 'closed');
    await ended(bench);
  },
);

gates.test('GIVEN a served card that stays THEN the next tap waits until it has left', async () => {
  const bench = await started();
  bench.field.push(bench.card(STRANGER, 5), bench.card(STRANGER));
  await bench.clock.advance(bench.config.reader.poll_pause_ms * 4);
  assert.equal(bench.told, ['unsupported-card']);
  assert.is(bench.calls.release, 0);
  await bench.clock.advance(bench.config.reader.poll_pause_ms * 4);
  assert.equal(bench.told, ['unsupported-card', 'unsupported-card']);
  assert.is(bench.calls.release, 2);
  await ended(bench);
});

gates.test(
  'GIVEN a served card that lies there WHEN the lane closes and opens THEN it pays no second time',
  async () => {
    const bench = await started();
    const { clock, gate, config, field } = bench;
    field.push(bench.card(STRANGER, 1e9));
    await clock.advance(config.reader.poll_pause_ms * 4);
    gate.maintenance(true);
    await clock.advance(config.reader.heartbeat_ms);
    field.push(bench.card(STRANGER, 3));
    gate.maintenance(false);
    await clock.advance(config.reader.heartbeat_ms);
    assert.equal(bench.told, ['unsupported-card']);
    field.push(bench.card(STRANGER));
    await clock.advance(config.reader.poll_pause_ms * 4);
    assert.equal(bench.told, ['unsupported-card', 'unsupported-card'], 'it had left');
    await ended(bench);
  },
);

gates.test('GIVEN a failing card that stays THEN three tries, and then it must leave', async () => {
  const bench = await started();
  const again = () => bench.card(FAULTY, 1_000_000);
  bench.field.push(again(), again(), again(), again());
  await bench.clock.advance(10_000);
  assert.equal(bench.told, ['try-again', 'try-again', 'try-again']);
  assert.is(bench.field.length, 1);
  assert.is(bench.gate.snapshot().mode, 'inService');
  await ended(bench);
});

gates.test(
  'GIVEN a failing card that leaves and returns THEN it has three tries anew',
  async () => {
    const bench = await started();
    const again = () => bench.card(FAULTY);
    const empty = ok({ kind: 'none' } as const);
    bench.field.push(again(), again(), empty, again(), again(), empty, bench.card(STRANGER));
    await bench.clock.advance(1_000);
    assert.is(bench.told.at(-1), 'unsupported-card');
    assert.is(bench.calls.present, 1);
    await ended(bench);
  },
);

const TURNED_AWAY = [
  ['several-cards', SEVERAL],
  ['unsupported-card', TOKEN],
] as const;
for (const [message, presence] of TURNED_AWAY)
  gates.test(`GIVEN ${message} THEN told once until the field is empty`, async () => {
    const bench = await started();
    bench.field.push(presence, presence, bench.card(STRANGER), presence);
    await bench.clock.advance(1_000);
    assert.equal(bench.told, [message]);
    assert.is(bench.calls.release, 1);
    bench.field.push(bench.card(STRANGER));
    await bench.clock.advance(1_000);
    assert.equal(bench.told, [message, 'unsupported-card']);
    await ended(bench);
  });

gates.test(
  'GIVEN one reader fault THEN the next detection is tried and service goes on',
  async () => {
    const bench = await started();
    bench.field.push(fault('chip-mute'), bench.card(STRANGER));
    await bench.clock.advance(100);
    assert.is(bench.calls.recover, 1);
    assert.equal(bench.told, ['unsupported-card']);
    assert.equal(bench.signs.includes(CLOSED), false);
    await ended(bench);
  },
);

gates.test('GIVEN a lost reader THEN out of service, and back within a second of it', async () => {
  const bench = await started();
  bench.reader = fault('chip-mute');
  bench.field.push(fault('chip-mute'));
  await bench.clock.advance(30_000);
  assert.is(bench.gate.snapshot().mode, 'outOfService');
  assert.is(bench.signs.at(-1), CLOSED);
  bench.reader = ok('scripted reader');
  await bench.clock.advance(600);
  assert.is(bench.gate.snapshot().mode, 'inService');
  bench.field.push(bench.card(STRANGER));
  await bench.clock.advance(100);
  assert.equal(bench.told, ['unsupported-card']);
  await ended(bench);
});

gates.test(
  'GIVEN a SAM that falls silent THEN nothing is taken, out of service, back',
  async () => {
    const bench = await started();
    bench.authorisation = fault('sam-mute');
    bench.sam = fault('sam-mute');
    bench.field.push(bench.card(RIDE.card.slice(0, -2)));
    await bench.clock.advance(5_000);
    assert.equal(bench.told, ['try-again']);
    assert.is(bench.gate.snapshot().mode, 'outOfService');
    assert.is(bench.signs.at(-1), CLOSED);
    assert.equal(bench.orders, []);
    bench.sam = ok(null);
    await bench.clock.advance(1_100);
    assert.is(bench.gate.snapshot().mode, 'inService');
    assert.is(bench.records.at(-1), 'outcome 1 not-debited');
    await ended(bench);
  },
);

gates.test('GIVEN no SAM at the start THEN out of service until there is one', async () => {
  const bench = await started((given) => {
    given.sam = fault('sam-mute');
  });
  await bench.clock.advance(3_500);
  assert.is(bench.gate.snapshot().mode, 'outOfService');
  assert.is(bench.calls.samStart, 5);
  bench.sam = ok(null);
  await bench.clock.advance(1_000);
  assert.is(bench.gate.snapshot().mode, 'inService');
  await ended(bench);
});

gates.test(
  'GIVEN a disk that fails THEN no debit is sent and the lane closes for good',
  async () => {
    const bench = await started();
    bench.disk.writeTrouble = { in: 1, code: 'EIO', stays: true };
    bench.field.push(bench.card(RIDE.card.slice(0, -2)));
    await bench.clock.advance(60_000);
    assert.equal(bench.told, ['try-again']);
    assert.is(bench.gate.snapshot().mode, 'outOfService');
    assert.equal(bench.orders, []);
    assert.equal(bench.records, []);
    await ended(bench);
  },
);

gates.test('GIVEN a barrier board that is lost THEN the lane closes', async () => {
  const bench = await started();
  bench.barrier = fault('barrier-lost');
  bench.field.push(bench.card(RIDE.card));
  await bench.clock.advance(100);
  assert.is(bench.gate.snapshot().mode, 'outOfService');
  await ended(bench);
});

gates.test(
  'GIVEN fire THEN the gate stands open and nobody pays; afterwards it serves',
  async () => {
    const bench = await started();
    bench.emit('fire-on');
    bench.field.push(bench.card(RIDE.card));
    await bench.clock.advance(5_000);
    const { mode, passage, sign } = bench.gate.snapshot();
    assert.equal([mode, passage, sign.light], ['emergency', 'emergency', 'green']);
    assert.equal(bench.orders, ['open in']);
    assert.equal(bench.told, []);
    bench.field.length = 0;
    bench.emit('fire-off');
    bench.emit('closed');
    await bench.clock.advance(1_100);
    assert.equal(bench.orders, ['open in', 'close']);
    assert.is(bench.gate.snapshot().mode, 'inService');
    assert.is(bench.signs.at(-1), READY);
    await ended(bench);
  },
);

gates.test('GIVEN maintenance THEN no card is served, the reader is looked after', async () => {
  const bench = await started();
  bench.gate.maintenance(true);
  bench.field.push(bench.card(STRANGER));
  await bench.clock.advance(5_500);
  assert.is(bench.gate.snapshot().mode, 'maintenance');
  assert.is(bench.signs.at(-1), 'Gate under maintenance');
  assert.ok(bench.calls.probe >= 5);
  assert.equal(bench.told, []);
  bench.gate.maintenance(false);
  await bench.clock.advance(1_100);
  assert.equal(bench.told, ['unsupported-card']);
  await ended(bench);
});

gates.test('GIVEN a listener that ended its subscription THEN it hears nothing more', async () => {
  const bench = await started();
  let heard = 0;
  const ends = [bench.gate.onChange(() => heard++), bench.gate.onTap(() => heard++)];
  bench.gate.maintenance(true);
  assert.ok(heard > 0);
  for (const end of ends) end();
  heard = 0;
  bench.gate.maintenance(false);
  assert.is(heard, 0);
  await ended(bench);
});

const PLACES: readonly (readonly [string, (bench: Bench) => void])[] = [
  ['just started', () => {}],
  ['with an empty field', ({ clock }) => void clock.advance(30)],
  ['while a served card lies there', (bench) => bench.field.push(bench.card(STRANGER, 1e9))],
  ['while several cards lie there', (bench) => bench.field.push(...Array(500).fill(SEVERAL))],
  ['in maintenance', ({ gate }) => gate.maintenance(true)],
  ['in an emergency', ({ emit }) => emit('fire-on')],
  ['while the gate stands open', (bench) => bench.field.push(bench.card(RIDE.card))],
  [
    'out of service',
    (bench) => {
      bench.reader = fault('chip-mute');
      bench.field.push(fault('chip-mute'));
    },
  ],
];
for (const [place, go] of PLACES)
  gates.test(`GIVEN the gate ${place} WHEN stopped THEN it ends within two seconds`, async () => {
    const bench = await started();
    go(bench);
    await bench.clock.advance(500);
    await ended(bench);
    assert.is(bench.signs.at(-1), 'This gate is closed');
  });

gates.test(
  'GIVEN a heartbeat of minutes WHEN stopped between two THEN it does not wait',
  async () => {
    const bench = await started((bench) => {
      const { reader } = bench.config;
      bench.config = { ...bench.config, reader: { ...reader, heartbeat_ms: 600_000 } };
    });
    bench.gate.maintenance(true);
    await bench.clock.advance(5_000);
    await ended(bench);
  },
);

gates.test(
  'GIVEN a tap under way WHEN stopped THEN it ends first, with its money told',
  async () => {
    const bench = await started();
    bench.samTime_ms = 150;
    bench.field.push(bench.card(RIDE.card));
    await bench.clock.advance(100);
    assert.is(bench.gate.snapshot().tap, 'authorising');
    await ended(bench);
    assert.equal(bench.told, ['pass']);
    assert.equal(bench.records, RIDE.records);
  },
);

gates.test(
  'GIVEN a gate that was never started, or is stopped already THEN stop ends',
  async () => {
    const bench = new Bench();
    await bench.make();
    await ended(bench);
    await ended(bench);
  },
);

gates.test('GIVEN a gate that still starts WHEN stopped THEN it never serves', async () => {
  const bench = new Bench();
  bench.samTime_ms = 500;
  await bench.make();
  const starting = bench.gate.start();
  await bench.clock.advance(100);
  assert.is(bench.gate.snapshot().mode, 'starting');
  await ended(bench);
  await starting;
  assert.is(bench.gate.snapshot().mode, 'stopped');
  assert.is(bench.calls.detect, 0);
});

gates.test(
  'GIVEN a paid tap and nobody walks THEN the same card opens again for nothing',
  async () => {
    const bench = await started();
    bench.field.push(bench.card(RIDE.card));
    await bench.clock.advance(100);
    bench.emit('opened');
    await bench.clock.advance(bench.config.lane.passage_timeout_ms);
    bench.emit('closed');
    const again = bench.card([...select(), ...readTrip(FLAT)]);
    bench.field.push(again);
    await bench.clock.advance(100);
    assert.equal(bench.told, ['pass', 'pass-again']);
    assert.equal(bench.orders, ['open in', 'close', 'open in']);
    assert.equal(bench.records, RIDE.records);
    await ended(bench);
  },
);

gates.test(
  'GIVEN fire during a tap THEN the gate stays open, and the ride stays unused',
  async () => {
    const bench = await started();
    bench.samTime_ms = 50;
    bench.field.push(bench.card(RIDE.card));
    await bench.clock.advance(30);
    bench.emit('fire-on');
    await bench.clock.advance(10_000);
    assert.equal(bench.told, ['pass']);
    assert.equal(bench.orders, ['open in']);
    assert.equal(bench.records, RIDE.records);
    assert.is(bench.gate.snapshot().passage, 'emergency');
    assert.is(bench.gate.snapshot().sign.sound, 'alarm');
    await ended(bench);
  },
);

gates.run();
