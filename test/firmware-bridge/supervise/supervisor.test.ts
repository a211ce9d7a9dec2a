import * as assert from 'uvu/assert';
import { failed, ok } from '../../../firmware-bridge/ports.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { Bench, RUNGS } from './bench.ts';

const watch = feature('supervisor');

const FAULT = failed('chip-mute', 'none', 'scripted').fault;
const MANNERS = ['refuses', 'hangs'] as const;
/** From the last heartbeat to the moment at which the device breaks. */
const OFFSETS_MS = [0, 1, 500, 999];

for (const manner of MANNERS)
  for (const cure of ['retry', 'rf-reset', 'chip-reset', 'reopen'] as const)
    watch.test(
      `GIVEN a device that ${manner} WHEN only ${cure} helps THEN lost in 2 s, back in 5 s`,
      async () => {
        // The device is there again at every tenth of a second of the ladder's round.
        for (let away_ms = 2_500; away_ms < 8_000; away_ms += 100) {
          const bench = await new Bench({}, {}, RUNGS.slice(0, 4)).start();
          await bench.clock.advance(3_000 + (OFFSETS_MS[away_ms % 4] ?? 0));
          const broke_ms = bench.clock.now_ms();
          bench.breaks(manner, cure);
          bench.hardware = false;
          await bench.clock.advance(away_ms);
          const lost_ms = bench.when('lost') - broke_ms;
          assert.ok(lost_ms <= 2_000, `lost after ${lost_ms} ms`);
          bench.hardware = true;
          await bench.clock.advance(5_000);
          assert.is(bench.supervisor.state, 'ready', `away for ${away_ms} ms: ${bench.states}`);
          assert.is(bench.supervisor.counters()[`${cure.replace('-', '_')}_helped`], 1);
          await bench.end();
        }
      },
    );

for (const manner of MANNERS)
  watch.test(
    `GIVEN a device that ${manner} WHEN only its power helps THEN lost in 2 s, and back`,
    async () => {
      for (const offset_ms of OFFSETS_MS) {
        const bench = await new Bench().start();
        await bench.clock.advance(3_000 + offset_ms);
        const broke_ms = bench.clock.now_ms();
        bench.breaks(manner, 'replug');
        await bench.clock.advance(7_000);
        assert.is(bench.supervisor.state, 'ready');
        assert.equal(bench.supervisor.counters().replug_helped, 1);
        if (manner === 'hangs') assert.ok(bench.when('lost') - broke_ms <= 2_000);
        // Broken again within the minute: the power is left alone until that is over.
        bench.breaks(manner, 'replug');
        await bench.clock.advance(45_000);
        assert.is(bench.supervisor.state, 'lost');
        await bench.clock.advance(25_000);
        assert.is(bench.supervisor.state, 'ready');
        await bench.end();
      }
    },
  );

for (const manner of MANNERS)
  watch.test(`GIVEN one that ${manner} for a moment THEN nobody hears of it`, async () => {
    for (const offset_ms of OFFSETS_MS) {
      const bench = await new Bench().start();
      await bench.clock.advance(5_000 - offset_ms);
      bench.breaks(manner);
      await bench.clock.advance(offset_ms + 50);
      bench.manner = undefined;
      await bench.clock.advance(5_000);
      assert.is(bench.supervisor.state, 'ready');
      assert.is(bench.supervisor.counters().losses, 0);
      await bench.end();
    }
  });

watch.test('GIVEN a device at rest THEN asked once a heartbeat, and not while in use', async () => {
  const bench = await new Bench().start();
  await bench.clock.advance(10_050);
  assert.is(bench.calls.filter((call) => call === 'probe').length, 10);
  bench.busy = true;
  await bench.clock.advance(60_000);
  assert.is(bench.calls.length, 11);
  bench.busy = false;
  await bench.clock.advance(100);
  assert.is(bench.calls.length, 12);
  await bench.end();
});

watch.test('GIVEN signs of life from its work THEN it is not asked', async () => {
  const bench = await new Bench().start();
  for (let tick = 0; tick < 100; tick += 1) {
    await bench.clock.advance(100);
    bench.supervisor.alive();
  }
  assert.equal(bench.calls, ['start']);
  await bench.end();
});

watch.test('GIVEN a long heartbeat THEN lost within two seconds all the same', async () => {
  const bench = await new Bench({}, { heartbeat_ms: 600_000 }).start();
  await bench.clock.advance(1_001);
  bench.breaks('hangs');
  await bench.clock.advance(2_000);
  assert.is(bench.supervisor.state, 'lost');
  await bench.end();
});

watch.test(
  'GIVEN answers to questions but failures at work THEN it recovers, then lost',
  async () => {
    const useless = failed('chip-refused', 'none', 'finds nothing');
    const bench = await new Bench({ prove: async () => useless }).start();
    bench.supervisor.fault(FAULT);
    await bench.clock.advance(200);
    assert.is(bench.supervisor.state, 'suspect');
    bench.supervisor.fault(FAULT);
    await bench.clock.advance(2_000);
    assert.equal(
      bench.states.map((line) => line.split(' ')[1]),
      ['ready', 'suspect', 'recovering', 'lost'],
    );
    await bench.clock.advance(60_000);
    assert.is(bench.supervisor.state, 'lost');
    await bench.end();
  },
);

watch.test('GIVEN one failure at work and no work after it THEN the ladder finds out', async () => {
  const bench = await new Bench().start();
  bench.supervisor.fault(FAULT);
  await bench.clock.advance(600);
  assert.is(bench.supervisor.state, 'ready');
  assert.is(bench.supervisor.counters().retry_helped, 1);
  await bench.end();
});

watch.test('GIVEN a tap under way THEN no rung is tried until it is over', async () => {
  const bench = await new Bench().start();
  bench.busy = true;
  bench.supervisor.fault(FAULT);
  bench.supervisor.fault(FAULT);
  await bench.clock.advance(1_000);
  assert.equal(bench.calls, ['start']);
  assert.is(bench.supervisor.state, 'recovering');
  bench.busy = false;
  await bench.clock.advance(100);
  assert.is(bench.supervisor.state, 'ready');
  await bench.end();
});

watch.test('GIVEN a dead device THEN each rung keeps its distance, for ever', async () => {
  const bench = await new Bench().start();
  bench.breaks('refuses');
  await bench.clock.advance(600_000);
  const counts = bench.supervisor.counters();
  assert.is(counts.replug_tried, 10);
  assert.ok((counts.replug_left_out ?? 0) > 1_000);
  assert.ok((counts.reopen_tried ?? 0) <= 1_200, `${counts.reopen_tried} times in ten minutes`);
  assert.ok((counts.reopen_tried ?? 0) >= 600, `${counts.reopen_tried} times in ten minutes`);
  assert.equal([counts.losses, counts.recoveries], [1, 1]);
  await bench.end();
});

watch.test('GIVEN a rung that throws THEN it did not help, and the next is tried', async () => {
  const bench = await new Bench({
    rungs: RUNGS.map((rung) => ({
      ...rung,
      run: async () => {
        if (rung.name === 'retry') throw new Error('a defect');
        return ok(null);
      },
    })),
  }).start();
  bench.supervisor.fault(FAULT);
  bench.supervisor.fault(FAULT);
  await bench.clock.advance(10);
  assert.is(bench.supervisor.state, 'ready');
  assert.is(bench.supervisor.counters().rf_reset_helped, 1);
  await bench.end();
});

for (const manner of MANNERS)
  watch.test(
    `GIVEN a device that ${manner} from the start THEN lost, and ready when mended`,
    async () => {
      const bench = new Bench();
      bench.breaks(manner, 'reopen');
      bench.hardware = false;
      await bench.start();
      assert.is(bench.supervisor.state, 'lost');
      bench.hardware = true;
      await bench.clock.advance(5_000);
      assert.is(bench.supervisor.state, 'ready');
      await bench.end();
    },
  );

watch.test('GIVEN a device that cannot be asked THEN a failure at work mends it', async () => {
  const bench = await new Bench({ probe: undefined, patience: 1 }).start();
  await bench.clock.advance(60_000);
  assert.equal([bench.calls, bench.clock.timers()], [['start'], 0]);
  bench.supervisor.fault(FAULT);
  assert.is(bench.supervisor.state, 'recovering');
  await bench.clock.advance(10);
  assert.is(bench.supervisor.state, 'ready');
  await bench.end();
});

watch.test('GIVEN a device that heals itself THEN lost and found as it says', async () => {
  const bench = await new Bench({ probe: undefined, patience: 1, rungs: [] }).start();
  for (let round = 1; round <= 3; round += 1) {
    bench.supervisor.fault(FAULT);
    bench.supervisor.fault(FAULT);
    await bench.clock.advance(10_000);
    assert.equal([bench.supervisor.state, bench.clock.timers()], ['lost', 0]);
    bench.supervisor.found();
    bench.supervisor.found();
    await bench.clock.advance(10_000);
    assert.is(bench.supervisor.state, 'ready');
    assert.is(bench.supervisor.counters().losses, round);
  }
  await bench.end();
});

watch.test(
  'GIVEN two devices WHEN one hangs THEN the other is mended as fast as alone',
  async () => {
    const clock = createFakeClock();
    const [bad, good] = [new Bench({}, { clock }), new Bench({}, { clock })];
    await Promise.all([bad.start(), good.start()]);
    bad.breaks('hangs');
    await clock.advance(10_000);
    good.breaks('refuses', 'retry');
    good.supervisor.fault(FAULT);
    good.supervisor.fault(FAULT);
    await clock.advance(1);
    assert.equal([bad.supervisor.state, good.supervisor.state], ['lost', 'ready']);
    await clock.until(Promise.all([bad.supervisor.stop(), good.supervisor.stop()]));
    assert.is(clock.timers(), 0);
  },
);

const PLACES: readonly (readonly [string, (bench: Bench) => Promise<unknown>])[] = [
  ['never started', async () => {}],
  [
    'connecting',
    async (bench) => {
      bench.breaks('hangs');
      void bench.supervisor.start();
      await bench.clock.advance(100);
    },
  ],
  ['ready', (bench) => bench.start()],
  ['being asked', (bench) => broken(bench, 1_100)],
  ['suspect', (bench) => broken(bench, 1_350)],
  ['recovering', (bench) => broken(bench, 1_800)],
  ['lost', (bench) => broken(bench, 30_000)],
  [
    'stopped already',
    async (bench) => {
      await bench.start();
      await bench.clock.until(bench.supervisor.stop());
    },
  ],
];
for (const [place, go] of PLACES)
  for (const closes of [undefined, 'hangs'] as const)
    watch.test(
      `GIVEN a device ${place}${closes ? ' that hangs at close' : ''} THEN stop ends in 2 s`,
      async () => {
        const bench = new Bench();
        bench.closes = closes;
        await go(bench);
        await bench.end();
      },
    );

async function broken(bench: Bench, after_ms: number): Promise<void> {
  await bench.start();
  bench.breaks('hangs');
  await bench.clock.advance(after_ms);
}

watch.run();
