import * as assert from 'uvu/assert';
import { createVirtualBarrier } from '../../../sim/barrier/barrier.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const barrier = feature('virtual barrier');

function createGate(walk: () => boolean = () => true) {
  const clock = createFakeClock();
  const gate = createVirtualBarrier({ clock, walk });
  const events: string[] = [];
  gate.onEvent((event) => events.push(`${clock.now_ms()} ${event}`));
  return { clock, gate, events };
}

barrier.test(
  'GIVEN a passenger WHEN the gate opens THEN they pass, and it stays open',
  async () => {
    const { clock, gate, events } = createGate();
    assert.ok((await gate.open('out')).ok);
    assert.is(gate.position, 'opening');
    assert.is(gate.direction, 'out');
    await clock.advance(10_000);
    assert.equal(events, ['400 opened', '1100 zone-occupied', '2000 passed', '2000 zone-free']);
    assert.is(gate.position, 'open');
    assert.is(gate.counters().passed, 1);
    assert.is(clock.timers(), 0);
  },
);

barrier.test('WHEN closed behind the passenger THEN nobody is hurt', async () => {
  const { clock, gate, events } = createGate();
  await gate.open('in');
  await clock.advance(2000);
  await gate.shut();
  await clock.advance(1000);
  assert.is(events.at(-1), '2400 closed');
  assert.is(gate.counters().closedOnPerson, 0);
});

barrier.test('WHEN closed on the passenger THEN honest hardware closes and counts', async () => {
  const { clock, gate, events } = createGate();
  await gate.open('in');
  await clock.advance(1500);
  assert.ok(gate.occupied);
  await gate.shut();
  await clock.advance(1000);
  assert.is(gate.counters().closedOnPerson, 1);
  assert.equal(events.slice(2), ['1900 closed', '2000 passed', '2000 zone-free']);
});

barrier.test(
  'GIVEN somebody at his heels THEN the zone is free behind the second one',
  async () => {
    const clock = createFakeClock();
    const followers = [true, false];
    const follows = () => followers.shift() === true;
    const gate = createVirtualBarrier({ clock, walk: () => true, follows });
    const events: string[] = [];
    gate.onEvent((event) => events.push(`${clock.now_ms()} ${event}`));
    await gate.open('in');
    await clock.advance(2_500);
    assert.equal(events, ['400 opened', '1100 zone-occupied', '2000 passed']);
    assert.ok(gate.occupied);
    await clock.advance(10_000);
    assert.equal(events.slice(3), ['2900 passed', '2900 zone-free']);
    assert.is(gate.counters().passed, 2);
    assert.is(clock.timers(), 0);
  },
);

barrier.test('GIVEN a passenger who stands still THEN nobody passes until they walk', async () => {
  let walks = false;
  const { clock, gate, events } = createGate(() => walks);
  await gate.open('in');
  await clock.advance(5000);
  assert.equal(events, ['400 opened']);
  walks = true;
  await clock.advance(2000);
  assert.is(gate.counters().passed, 1);
});

barrier.test('WHEN closed before the passenger came THEN they stay outside', async () => {
  const { clock, gate } = createGate();
  await gate.open('in');
  await clock.advance(1000);
  await gate.shut();
  await clock.advance(5000);
  assert.is(gate.counters().passed, 0);
  assert.is(gate.position, 'closed');
  assert.is(clock.timers(), 0);
});

barrier.test('WHEN told to close half-way open THEN the leaves turn round at once', async () => {
  const { clock, gate, events } = createGate();
  await gate.open('in');
  await clock.advance(100);
  await gate.shut();
  assert.is(gate.position, 'closing');
  await clock.advance(50);
  await gate.open('in');
  await clock.advance(350);
  assert.equal(events, ['500 opened']);
});

barrier.test('WHEN opened while open THEN one more passenger comes', async () => {
  const { clock, gate } = createGate();
  await gate.open('in');
  await clock.advance(3000);
  await gate.open('in');
  await clock.advance(3000);
  assert.is(gate.counters().passed, 2);
  assert.is(gate.counters().opened, 1);
});

barrier.test('WHEN fire is reported THEN the gate opens and no command closes it', async () => {
  const { clock, gate, events } = createGate(() => false);
  gate.fire(true);
  gate.fire(true);
  await clock.advance(500);
  assert.equal(events, ['0 fire-on', '400 opened']);
  assert.ok((await gate.shut()).ok);
  assert.is(gate.position, 'open');
  assert.is(gate.counters().closeIgnoredByFire, 1);
  gate.fire(false);
  await gate.shut();
  await clock.advance(500);
  assert.equal(events.slice(2), ['500 fire-off', '900 closed']);
});

barrier.test('WHEN somebody forces their way THEN it is an intrusion, not a passage', async () => {
  const { clock, gate, events } = createGate();
  gate.intrude();
  gate.intrude();
  await clock.advance(1000);
  assert.equal(events, ['0 intrusion', '0 zone-occupied', '900 zone-free']);
  assert.is(gate.counters().intrusions, 1);
  assert.is(gate.counters().passed, 0);
});

barrier.test('every change is told until the subscription ends; stop leaves no timer', async () => {
  const { clock, gate, events } = createGate();
  const seen: string[] = [];
  const end = gate.onChange(() => seen.push(`${gate.position}${gate.occupied ? '!' : ''}`));
  await gate.open('in');
  await clock.advance(1200);
  assert.equal(seen, ['opening', 'open', 'open!']);
  end();
  gate.stop();
  assert.is(clock.timers(), 0);
  await clock.advance(5000);
  assert.is(seen.length, 3);
  assert.is(events.length, 2);
});

barrier.run();
