import * as assert from 'uvu/assert';
import { feature } from '../../kit/feature.ts';
import { type BarrierBench, type BenchOptions, barrierBench } from './bench.ts';

const driver = feature('Modbus barrier driver');

async function started(options: BenchOptions = {}): Promise<BarrierBench> {
  const bench = barrierBench(options);
  const found = await bench.clock.until(bench.barrier.recover());
  assert.ok(found.ok, 'the board is not found');
  return bench;
}

/** Ends in time and leaves nothing behind. */
async function ended({ clock, barrier, board }: BarrierBench): Promise<void> {
  const from_ms = clock.now_ms();
  await clock.until(barrier.close());
  assert.ok(clock.now_ms() - from_ms <= 2_000, 'close took more than two seconds');
  await clock.advance(1_000);
  board.stop();
  assert.is(clock.timers(), 0);
}

const names = ({ events }: BarrierBench) => events.map((event) => event.split(' ')[1]);

driver.test('GIVEN a board WHEN one pays and walks THEN open, passed, shut', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  assert.equal(await clock.until(barrier.open('in')), { ok: true, value: undefined });
  await clock.advance(600);
  assert.is(board.leaves, 'open');
  board.walk({ from: 'near' });
  await clock.advance(3_000);
  assert.ok((await clock.until(barrier.shut())).ok);
  await clock.advance(1_000);
  assert.is(board.leaves, 'closed');
  const expected = ['zone-free', 'found', 'opened', 'zone-occupied', 'zone-free', 'passed'];
  assert.equal(names(bench), [...expected, 'closed']);
  assert.is(board.counters().crushed, 0);
  assert.is(board.counters().exceptions, 0);
  await ended(bench);
});

driver.test('GIVEN an order out WHEN one comes in THEN an intrusion, passed-against', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.open('out'));
  await clock.advance(600);
  assert.ok(board.lamps.open_out);
  assert.not(board.lamps.open_in);
  board.walk({ from: 'near' });
  await clock.advance(3_000);
  assert.equal(names(bench).slice(3), [
    ...['intrusion', 'zone-occupied', 'zone-free', 'passed-against'],
  ]);
  await ended(bench);
});

driver.test('GIVEN shut leaves WHEN somebody climbs over them THEN intrusion, passed', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.shut());
  await clock.advance(600);
  board.walk({ from: 'near', forces: true });
  await clock.advance(3_000);
  assert.equal(names(bench).slice(2), [
    ...['closed', 'zone-occupied', 'intrusion', 'zone-free', 'passed'],
  ]);
  await ended(bench);
});

driver.test('GIVEN shut leaves WHEN somebody waits before them THEN no intrusion', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.shut());
  await clock.advance(600);
  board.walk({ from: 'near' });
  await clock.advance(20_000);
  assert.equal(names(bench).slice(3), ['turned-back']);
  await ended(bench);
});

driver.test('the service key and a second of lamps reach the other side', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  board.key(true);
  barrier.signal({ near: 'green', far: 'red', concession: true, buzzer: false });
  await clock.advance(500);
  board.key(false);
  await clock.advance(500);
  assert.equal(names(bench).slice(2), ['key-on', 'key-off']);
  const { near_green, near_red, far_green, far_red, concession, buzzer } = board.lamps;
  const lit = { near_green, near_red, far_green, far_red, concession, buzzer };
  assert.equal(lit, {
    ...{ near_green: true, near_red: false, far_green: false, far_red: true },
    ...{ concession: true, buzzer: false },
  });
  await ended(bench);
});

driver.test('GIVEN an idle gate THEN the line carries polls and repeats, no more', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.shut());
  await clock.advance(1_000);
  const before = board.counters().requests ?? 0;
  await clock.advance(10_000);
  const each_s = ((board.counters().requests ?? 0) - before) / 10;
  // 25 polls, 2 refreshes of the watchdog, 3 outputs again
  assert.ok(each_s >= 20 && each_s <= 32, `${each_s} requests a second`);
  await ended(bench);
});

driver.test('a board that lost its outputs in a brown-out gets them again', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.shut());
  await clock.advance(1_000);
  board.power(false);
  await clock.advance(100);
  board.power(true);
  await clock.advance(2_000);
  assert.is(board.leaves, 'closed');
  assert.not(names(bench).includes('lost'));
  await ended(bench);
});

driver.test('GIVEN a beam broken WHEN told to shut THEN the order waits for it', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.open('in'));
  await clock.advance(600);
  board.walk({ from: 'near', hesitates: { at_m: 0.6, for_ms: 3_000 } });
  await clock.advance(1_000);
  const shutting = barrier.shut();
  await clock.advance(1_500);
  assert.is(board.leaves, 'open');
  await clock.advance(4_000);
  assert.ok((await shutting).ok);
  assert.is(board.leaves, 'closed');
  assert.is(board.counters().crushed, 0);
  await ended(bench);
});

driver.test('an order that a later one replaces is done with; the later one counts', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  const orders = [barrier.open('in'), barrier.shut(), barrier.open('out')];
  const answers = await clock.until(Promise.all(orders));
  assert.equal(
    answers.map(({ ok }) => ok),
    [true, true, true],
  );
  await clock.advance(1_000);
  assert.is(board.leaves, 'open');
  assert.ok(board.lamps.open_out);
  await ended(bench);
});

driver.test('where one output opens, it opens for both directions', async () => {
  const outputs = { open_in: 0, close: 2 };
  const bench = await started({ config: { outputs } });
  await bench.clock.until(bench.barrier.open('out'));
  await bench.clock.advance(600);
  assert.is(bench.board.leaves, 'open');
  await ended(bench);
});

driver.test('leaves without sensors are where they were told to be', async () => {
  const inputs = { beams: [2, 3, 4, 5, 6, 7] };
  const bench = await started({ config: { inputs } });
  await bench.clock.until(bench.barrier.open('in'));
  await bench.clock.advance(100);
  await bench.clock.until(bench.barrier.shut());
  await bench.clock.advance(100);
  assert.equal(names(bench), ['zone-free', 'found', 'opened', 'closed']);
  await ended(bench);
});

for (const [on_stop, leaves] of [
  ['open', 'open'],
  ['closed', 'closed'],
] as const) {
  driver.test(
    `WHEN the controller stops THEN the leaves stay ${leaves}, as configured`,
    async () => {
      const bench = await started({ config: { on_stop, watchdog: {} } });
      const { clock, barrier, board } = bench;
      await clock.until(barrier.open('in'));
      await clock.advance(600);
      await clock.until(barrier.shut());
      await clock.advance(200);
      await ended(bench);
      assert.is(board.leaves, leaves);
      assert.ok(board.lamps.near_red);
    },
  );
}

driver.test('WHEN it stops with somebody in the zone, or in a fire, THEN it opens', async () => {
  for (const trouble of ['zone', 'fire']) {
    const bench = await started({ config: { on_stop: 'closed', watchdog: {} } });
    const { clock, barrier, board } = bench;
    await clock.until(barrier.open('in'));
    await clock.advance(600);
    if (trouble === 'fire') board.fire(true);
    else board.walk({ from: 'near', hesitates: { at_m: 0.6, for_ms: 9_000 } });
    await clock.advance(1_000);
    void barrier.shut();
    await ended(bench);
    assert.is(board.leaves, 'open', trouble);
    assert.is(board.counters().crushed, 0);
  }
});

driver.test('GIVEN no controller any more WHEN the watchdog is not fed THEN open', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  await clock.until(barrier.shut());
  await clock.advance(5_000);
  assert.is(board.leaves, 'closed');
  assert.is(board.counters().watchdog_trips, 0);
  bench.unplug();
  await clock.advance(2_500);
  assert.is(board.counters().watchdog_trips, 1);
  assert.is(board.leaves, 'open');
  await ended(bench);
});

driver.run();
