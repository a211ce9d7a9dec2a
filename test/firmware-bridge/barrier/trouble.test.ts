import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { feature } from '../../kit/feature.ts';
import { type BarrierBench, barrierBench } from './bench.ts';

const trouble = feature('Modbus barrier in trouble');

const names = ({ events }: BarrierBench) => events.map((event) => event.split(' ')[1]);
const timeOf = ({ events }: BarrierBench, name: string) =>
  Number(events.find((event) => event.endsWith(` ${name}`))?.split(' ')[0]);

async function started(): Promise<BarrierBench> {
  const bench = barrierBench();
  assert.ok((await bench.clock.until(bench.barrier.recover())).ok);
  return bench;
}

async function ended({ clock, barrier, board }: BarrierBench): Promise<void> {
  const from_ms = clock.now_ms();
  await clock.until(barrier.close());
  assert.ok(clock.now_ms() - from_ms <= 2_000, 'close took more than two seconds');
  await clock.advance(3_000);
  board.stop();
  assert.is(clock.timers(), 0);
}

/** What the line does, and what the reason must say. */
const OUTAGES: readonly (readonly [string, (bench: BarrierBench) => void, RegExp])[] = [
  ['the cable is pulled', (bench) => bench.unplug(), /unplugged|no such device/],
  ['the board loses its power', ({ board }) => board.power(false), /no answer/],
  [
    'every answer is garbled',
    (bench) => {
      bench.spoil = (answer) => {
        const bad = Buffer.from(answer);
        bad.writeUInt8(bad.readUInt8(3) ^ 0x40, 3);
        return bad;
      };
    },
    /garbled/,
  ],
  [
    'every answer is cut short',
    (bench) => {
      bench.spoil = (answer) => answer.subarray(0, 3);
    },
    /no answer/,
  ],
  [
    'the board hears and does not obey',
    (bench) => {
      bench.spoil = (answer) => (answer.readUInt8(1) === 2 ? answer : null);
    },
    /no answer for (coil|register)/,
  ],
  [
    'the board obeys and tells nothing',
    (bench) => {
      bench.spoil = (answer) => (answer.readUInt8(1) === 2 ? null : answer);
    },
    /no answer for inputs/,
  ],
];
for (const [title, happen, reason] of OUTAGES) {
  trouble.test(`WHEN ${title} THEN lost within 2 s, named, found within 5 s`, async () => {
    const bench = await started();
    const { clock, barrier, board } = bench;
    await clock.until(barrier.open('in'));
    await clock.advance(1_000);
    const from_ms = clock.now_ms();
    happen(bench);
    await clock.advance(4_000);
    const lost_ms = timeOf(bench, 'lost') - from_ms;
    assert.ok(lost_ms <= 2_000, `lost after ${lost_ms} ms`);
    const refused = await barrier.open('in');
    assert.not(refused.ok);
    if (!refused.ok) {
      assert.is(refused.fault.code, 'barrier-lost');
      assert.match(refused.fault.detail, reason);
    }
    const alive = await barrier.probe();
    assert.not(alive.ok);
    assert.is(names(bench).filter((name) => name === 'lost').length, 1);

    bench.spoil = (answer) => answer;
    bench.plugged = true;
    board.power(true);
    const back_ms = clock.now_ms();
    await clock.advance(5_000);
    const found = bench.events.filter((event) => event.endsWith(' found')).at(-1);
    assert.ok(Number(found?.split(' ')[0]) - back_ms <= 5_000, 'found too late');
    assert.ok((await barrier.probe()).ok);
    assert.ok((await clock.until(barrier.shut())).ok);
    await ended(bench);
  });
}

trouble.test(
  'GIVEN no device WHEN recover is asked THEN a fault, and found once there',
  async () => {
    const bench = barrierBench();
    bench.plugged = false;
    const absent = await bench.clock.until(bench.barrier.recover());
    assert.not(absent.ok);
    assert.equal(names(bench), ['lost']);
    bench.plugged = true;
    assert.ok((await bench.clock.until(bench.barrier.recover())).ok);
    assert.equal(names(bench), ['lost', 'zone-free', 'found']);
    await ended(bench);
  },
);

trouble.test('GIVEN wrong addresses THEN lost, and the reason says where to look', async () => {
  const bench = barrierBench({ config: { inputs: { beams: [40, 41] } } });
  const answer = await bench.clock.until(bench.barrier.recover());
  assert.not(answer.ok);
  if (!answer.ok) assert.match(answer.fault.detail, /refuses inputs 40.*check the addresses/);
  await ended(bench);
});

trouble.test('GIVEN another unit on the line THEN nobody is served', async () => {
  const bench = barrierBench({ unit: 7 });
  assert.not((await bench.clock.until(bench.barrier.recover())).ok);
  await ended(bench);
});

trouble.test('GIVEN leaves never reported before WHEN found THEN nobody orders them', async () => {
  const bench = await started();
  await bench.clock.until(bench.barrier.open('in'));
  await bench.clock.advance(1_000);
  bench.board.power(false);
  await bench.clock.advance(3_000);
  bench.board.power(true);
  await bench.clock.advance(5_000);
  // The last order died with the connection: the passage machine gives the next one.
  assert.not(bench.board.lamps.open_in);
  assert.not(bench.board.lamps.close);
  await ended(bench);
});

trouble.test('an answer that comes too late is never taken for a later one', async () => {
  const bench = await started();
  const { clock, board } = bench;
  await clock.advance(500);
  // One answer is late by more than the deadline; the fire starts meanwhile.
  let late = true;
  bench.spoil = (answer) => {
    if (!late || answer.readUInt8(1) !== 2) return answer;
    late = false;
    const held = Buffer.from(answer);
    clock.setTimeout(() => bench.inject(held), 50);
    return null;
  };
  await clock.advance(60);
  board.fire(true);
  await clock.advance(200);
  assert.ok(names(bench).includes('fire-on'));
  board.fire(false);
  await clock.advance(700);
  assert.is(names(bench).at(-1), 'fire-off');
  assert.ok((bench.barrier.counters().stray_bytes ?? 0) > 0);
  await ended(bench);
});

trouble.test('noise before an answer is skipped', async () => {
  const bench = await started();
  bench.spoil = (answer) => Buffer.concat([Buffer.from([0x00, 0xff, 0x01]), answer]);
  await bench.clock.advance(3_000);
  assert.not(names(bench).includes('lost'));
  await ended(bench);
});

trouble.test('close is legal before, during and after everything', async () => {
  const fresh = barrierBench();
  await ended(fresh);
  assert.not((await fresh.barrier.recover()).ok);

  const connecting = barrierBench();
  const attempt = connecting.barrier.recover();
  await connecting.clock.advance(1);
  await ended(connecting);
  assert.not((await attempt).ok);

  const moving = await started();
  moving.spoil = () => null;
  const order = moving.barrier.open('in');
  await ended(moving);
  assert.not((await order).ok);
  await ended(moving);
});

trouble.test(
  'property: whatever the line does, nothing breaks, and it heals',
  async () => {
    const damage = fc.array(
      fc.oneof(
        fc.constant(null),
        fc.record({ at: fc.nat(12), bits: fc.integer({ min: 1, max: 255 }) }),
        fc.record({ cut: fc.nat(8) }),
        fc.record({ more: fc.uint8Array({ maxLength: 12 }) }),
        fc.record({ instead: fc.uint8Array({ maxLength: 40 }) }),
      ),
      { minLength: 1, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(damage, async (list) => {
        const bench = await started();
        const { clock, barrier, board } = bench;
        const left = [...list];
        bench.spoil = (answer) => spoilt(answer, left.shift());
        void barrier.open('in');
        await clock.advance(8_000);
        assert.is(left.length, 0);
        await clock.until(barrier.recover());
        const opened = await clock.until(barrier.open('in'));
        assert.ok(opened.ok);
        await clock.advance(1_000);
        assert.is(board.leaves, 'open');
        await ended(bench);
      }),
      { numRuns: 40 },
    );
  },
  60_000,
);

type Damage =
  | null
  | { at: number; bits: number }
  | { cut: number }
  | { more: Uint8Array }
  | { instead: Uint8Array };

function spoilt(answer: Buffer, damage: Damage | undefined): Buffer | null {
  if (damage === undefined) return answer;
  if (damage === null) return null;
  if ('cut' in damage) return answer.subarray(0, damage.cut);
  if ('more' in damage) return Buffer.concat([answer, damage.more]);
  if ('instead' in damage) return Buffer.from(damage.instead);
  const bad = Buffer.from(answer);
  const at = damage.at % bad.length;
  bad.writeUInt8(bad.readUInt8(at) ^ damage.bits, at);
  return bad;
}

trouble.test(
  'two hundred unplugs: found each time, links and timers flat',
  async () => {
    const bench = await started();
    const { clock, barrier } = bench;
    for (let round = 1; round <= 200; round += 1) {
      await clock.advance(37 * (round % 11));
      bench.unplug();
      await clock.advance(200);
      bench.plugged = true;
      assert.ok((await clock.until(barrier.recover())).ok, `round ${round}`);
    }
    assert.is(bench.links, 201);
    assert.is(barrier.counters().losses, 200);
    assert.ok(clock.timers() <= 3);
    await ended(bench);
  },
  60_000,
);

trouble.test(
  'GIVEN a board that was away WHEN somebody stepped in THEN it is not shut',
  async () => {
    let stood = 0;
    for (let from_ms = 0; from_ms < 1_000; from_ms += 49) {
      for (const away_ms of [450, 600, 800, 940]) {
        const bench = await started();
        const { clock, barrier, board } = bench;
        assert.ok((await clock.until(barrier.shut())).ok);
        await clock.advance(1_000 + from_ms);
        // Without power the leaves open, and whoever stands there walks.
        board.power(false);
        board.walk({ from: 'near', hesitates: { at_m: 0.7, for_ms: 5_000 } });
        await clock.advance(away_ms);
        board.power(true);
        await clock.advance(2_000);
        if (board.people > 0 && bench.events.at(-1)?.endsWith('zone-occupied')) stood += 1;
        assert.is(board.counters().crushed, 0, `away from ${from_ms} for ${away_ms} ms`);
        await ended(bench);
      }
    }
    assert.ok(stood > 20, `he stood there ${stood} times`);
  },
);

trouble.test('GIVEN a board that does not obey WHEN there is a fire THEN it is heard', async () => {
  const bench = await started();
  const { clock, barrier, board } = bench;
  bench.spoil = (answer) => (answer.readUInt8(1) === 2 ? answer : null);
  void barrier.open('in');
  await clock.advance(300);
  const from_ms = clock.now_ms();
  board.fire(true);
  await clock.advance(500);
  const heard_ms = timeOf(bench, 'fire-on') - from_ms;
  assert.ok(heard_ms <= 150, `heard after ${heard_ms} ms`);
  board.fire(false);
  bench.spoil = (answer) => answer;
  await ended(bench);
});

trouble.run();
