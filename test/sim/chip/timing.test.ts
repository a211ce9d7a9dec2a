import * as assert from 'uvu/assert';
import * as timing from '../../../sim/chip/timing.ts';
import { feature } from '../../kit/feature.ts';
import { ACK, type Bench, command, createBench, createTestCard } from './bench.ts';

const times = feature('virtual PN532: timing');

/** Computed by hand: bits · 128 / 13.56 MHz, plus 0.09 ms a frame. */
const TABLE: readonly (readonly [title: string, got_ms: number, expected_ms: number])[] = [
  ['10 bytes at 115200 baud', timing.uart_ms(10, 115_200), 0.86806],
  ['510 bytes at 115200 baud (performance budget)', timing.uart_ms(510, 115_200), 44.27083],
  ['510 bytes at 921600 baud', timing.uart_ms(510, 921_600), 5.53385],
  ['a frame of 3 bytes: 29 bits', timing.frame_ms(3), 0.27375],
  ['the same at 424 kbit/s', timing.frame_ms(3, 4), 0.06844],
  ['activation, 7-byte UID, 13-byte ATS: 562 bits, 12 gaps', timing.activation_ms(7, 13), 6.38501],
  ['activation, 4-byte UID, no ATS: 208 bits, 6 gaps', timing.activation_ms(4, 0), 2.50342],
  ['5 bytes in one block: 74 bits', timing.send_ms(5, 64, 1), 0.78853],
  ['an empty block: 29 bits', timing.send_ms(0, 64, 1), 0.36375],
  ['61 bytes fill one block: 578 bits', timing.send_ms(61, 64, 1), 5.54605],
  ['62 bytes take two and an R(ACK): 616 + 29 bits, 3 gaps', timing.send_ms(62, 64, 1), 6.3585],
  ['100 bytes: 958 + 29 bits, 3 gaps', timing.send_ms(100, 64, 1), 9.58682],
  ['100 bytes at 424 kbit/s', timing.send_ms(100, 64, 4), 2.5992],
  ['PPS: 47 + 29 bits, 2 gaps', timing.rateChange_ms(), 0.8974],
  ['silence at FWI 4', timing.silence_ms(4), 4.83304],
  ['silence at FWI 8', timing.silence_ms(8), 77.32861],
  ['InCommunicateThru, code 0A', timing.thruTimeout_ms(0x0a), 51.2],
  ['InCommunicateThru, code 0', timing.thruTimeout_ms(0), Number.POSITIVE_INFINITY],
  ['InAutoPoll, period 2', timing.autoPollSlot_ms(2), 300],
];

for (const [title, got_ms, expected_ms] of TABLE) {
  times.test(`rule: ${title} takes ${expected_ms} ms`, () => {
    const near = got_ms === expected_ms || Math.abs(got_ms - expected_ms) < 0.00002;
    assert.ok(near, `${got_ms} ms`);
  });
}

times.test('GIVEN no timing THEN every quantity is zero', () => {
  const { NO_TIMING: none } = timing;
  const all = [none.uart_ms(9, 9600), none.activation_ms(7, 9), none.send_ms(9, 64, 1)];
  all.push(none.work_ms(9), none.silence_ms(14), none.thruTimeout_ms(0), none.emptyRound_ms());
  assert.ok(all.every((value) => value === 0));
});

/** Advances in steps of 1 µs of resolution and tells when each frame came. */
async function moments(bench: Bench, frames: number): Promise<number[]> {
  const start_ms = bench.clock.now_ms();
  const got: number[] = [];
  bench.chip.onSend(() => got.push(Number((bench.clock.now_ms() - start_ms).toFixed(3))));
  await bench.clock.advance(100_000);
  assert.is(got.length, frames);
  return got;
}

async function awake(): Promise<Bench> {
  const bench = createBench({ timing: timing.REAL_TIMING });
  await bench.clock.advance(10);
  return bench;
}

times.test('GetFirmwareVersion: 9 bytes in, 6 and 13 out, one after the other', async () => {
  const bench = await awake();
  bench.raw(command('02'));
  assert.equal(await moments(bench, 2), [1.302, 2.431]);
});

times.test('the same at 921600 baud takes an eighth', async () => {
  const bench = await awake();
  bench.raw(command('1007'));
  await bench.clock.advance(10);
  bench.raw(ACK);
  await bench.clock.advance(10);
  bench.raw(command('02'));
  assert.equal(await moments(bench, 2), [0.163, 0.304]);
});

times.test('an exchange: line, RF, the card’s work, RF, line', async () => {
  const bench = await awake();
  bench.field.enter(createTestCard({ work_ms: 10 }));
  bench.raw(command('4a0100'));
  await bench.clock.advance(100);
  bench.raw(command('400100b095000e'));
  assert.equal(await moments(bench, 2), [1.823, 13.666]);
});

times.test(
  'an empty field: three rounds for two retries, after the field has come up',
  async () => {
    const bench = await awake();
    bench.raw(command('3205ff0102'));
    await bench.clock.advance(10);
    bench.raw(command('4a0100'));
    // 11 bytes in; 5 ms of field, 3 · 5 ms of search; 10 bytes out.
    assert.equal(await moments(bench, 2), [1.476, 21.823]);
  },
);

times.test('a card that comes within a round is activated at the next one', async () => {
  const bench = await awake();
  bench.raw(command('320101'));
  await bench.clock.advance(10);
  bench.raw(command('4a0100'));
  const start_ms = bench.clock.now_ms();
  // 11 bytes take 0.955 ms; the rounds begin at 0.955, 5.955, 10.955.
  bench.clock.setTimeout(() => bench.field.enter(createTestCard()), 7);
  const [, answer_ms = 0] = await moments(bench, 2);
  assert.is(bench.clock.now_ms() - start_ms, 100_000);
  const expected_ms = 10.955 + timing.activation_ms(7, 5) + timing.uart_ms(27, 115_200);
  assert.ok(Math.abs(answer_ms - expected_ms) < 0.002, `${answer_ms} ms, not ${expected_ms}`);
});

times.test('GIVEN one card and MaxTg 2 THEN the chip listens once more for a second', async () => {
  const took: number[] = [];
  for (const max of ['01', '02']) {
    const bench = await awake();
    bench.field.enter(createTestCard());
    bench.raw(command(`4a${max}00`));
    took.push((await moments(bench, 2))[1] ?? 0);
  }
  assert.ok(Math.abs((took[1] ?? 0) - (took[0] ?? 0) - timing.emptyRound_ms()) < 0.002);
});

times.run();
