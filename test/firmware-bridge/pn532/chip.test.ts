import * as assert from 'uvu/assert';
import { createMemoryLinkPair } from '../../../firmware-bridge/link/memory.ts';
import { createChip } from '../../../firmware-bridge/pn532/chip.ts';
import {
  type ChipCommand,
  getFirmwareVersion,
  inDataExchange,
} from '../../../firmware-bridge/pn532/commands.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { createLinkScript, WAKE_UP_LINE } from '../../kit/link-script.ts';

const chips = feature('PN532 dialogue');
const DEBIT = '805401000f';
const debit = () => inDataExchange(1, Buffer.from(DEBIT, 'hex'), false);
const FENCE = ['> d40000 00000000', '< ack', '< d50100 00000000'];
const GOOD_FIRMWARE = ['< ack', '< d50332010607'];

function bench(...lines: string[]) {
  const { near, far } = createMemoryLinkPair('reader');
  const clock = createFakeClock();
  const chip = createChip({ link: near, clock, ack_timeout_ms: 50 });
  return { near, far, clock, chip, script: createLinkScript(far, ...lines) };
}

function verdict(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : `${reply.fault.code} ${reply.fault.effect}`;
}

chips.test('GIVEN a well-behaved chip WHEN asked THEN it answers and no timer stays', async () => {
  const twice = ['> d402', ...GOOD_FIRMWARE, '> d402', ...GOOD_FIRMWARE];
  const { chip, clock, script } = bench(...twice);
  assert.equal(await chip.request(getFirmwareVersion()), { ok: true, value: 'PN532 1.6' });
  assert.ok((await chip.request(getFirmwareVersion())).ok);
  script.verify();
  assert.is(clock.timers(), 0);
  assert.is(chip.counters().noise_bytes, 0);
});

chips.test('GIVEN two requests at once WHEN sent THEN the second waits its turn', async () => {
  const { chip, clock, script } = bench('> d402');
  const both = Promise.all([
    chip.request(getFirmwareVersion()),
    chip.request(debit(), 500).then(verdict),
  ]);
  await clock.advance(1);
  script.play(...GOOD_FIRMWARE, `> d44001${DEBIT}`, '< ack', '< d541009000');
  assert.is((await both)[1], 'ok');
  script.verify();
});

chips.test('GIVEN eight waiting requests WHEN a ninth comes THEN it is refused', async () => {
  const { chip } = bench();
  const first = Array.from({ length: 8 }, () => chip.request(getFirmwareVersion()));
  assert.is(verdict(await chip.request(debit())), 'link-busy none');
  assert.is(chip.counters().dropped, 1);
  await chip.close();
  for (const reply of await Promise.all(first)) assert.is(verdict(reply), 'link-lost none');
});

/** A process that was held up: its timers are late, and come before what lies there unread. */
async function heldUp(...script: string[]) {
  const { near, far } = createMemoryLinkPair('reader');
  const fake = createFakeClock();
  let late_ms = 0;
  const clock = { ...fake, now_ms: () => fake.now_ms() + late_ms };
  const chip = createChip({ link: near, clock, ack_timeout_ms: 50 });
  const asked = chip.request(debit(), 500).then(verdict);
  await fake.advance(1);
  late_ms = 80;
  await fake.advance(60);
  createLinkScript(far, `> d44001${DEBIT}`, ...script);
  await fake.advance(2_000);
  const { held_up, timeouts } = chip.counters();
  return { verdict: await asked, held_up, timeouts, timers: fake.timers() };
}

chips.test(
  'GIVEN a process that was held up WHEN the answer lies unread THEN it counts',
  async () => {
    const { verdict: told, held_up, timeouts } = await heldUp('< ack', '< d541009000');
    assert.equal([told, held_up, timeouts], ['ok', 1, 0]);
  },
);

chips.test(
  'GIVEN a process that was held up WHEN nothing lies there THEN mute, a bit later',
  async () => {
    const { verdict: told, held_up, timeouts, timers } = await heldUp('> ack');
    assert.equal([told, held_up, timeouts, timers], ['chip-mute unknown', 1, 1, 0]);
  },
);

/** What goes wrong, for a command to the card and for one that stays in the chip. */
const FAULTS: readonly [string, string[], string, string][] = [
  ['nothing comes back', ['> ack'], 'chip-mute unknown', 'chip-mute none'],
  ['no answer after the ack', ['< ack', '> ack'], 'card-mute unknown', 'chip-mute none'],
  ['syntax-error frame', ['< ack', '< error'], 'chip-refused none', 'chip-refused none'],
  ['the link dies before the ack', ['! unplug'], 'link-lost unknown', 'link-lost none'],
  ['the link dies after the ack', ['< ack', '! unplug'], 'link-lost unknown', 'link-lost none'],
  [
    'an answer damaged twice',
    ['< ack', '< raw 0000ff04fcd541009099', '> nack', '< raw 0000ff04fcd541009099'],
    'chip-garbled unknown',
    'chip-garbled none',
  ],
  [
    'a damaged answer and silence after the NACK',
    ['< ack', '< raw 0000ff04fcd541009099', '> nack', '> ack'],
    'chip-garbled unknown',
    'chip-garbled none',
  ],
  [
    'a damaged answer and a syntax-error frame after the NACK',
    ['< ack', '< raw 0000ff04fcd541009099', '> nack', '< error'],
    'chip-refused unknown',
    'chip-refused none',
  ],
  [
    'the answer to another command',
    ['< ack', '< d53300', '> ack'],
    'card-mute unknown',
    'chip-mute none',
  ],
];

for (const [what, lines, onAir, inChip] of FAULTS) {
  const cases: [string, ChipCommand<unknown>, string, string][] = [
    ['a command to the card', debit(), `> d44001${DEBIT}`, onAir],
    ['a command to the chip', getFirmwareVersion(), '> d402', inChip],
  ];
  for (const [whose, command, sent, expected] of cases) {
    chips.test(`GIVEN ${whose} WHEN ${what} THEN ${expected}`, async () => {
      const { chip, clock, script } = bench(sent, ...lines);
      assert.is(verdict(await clock.until(chip.request(command, 500))), expected);
      script.verify();
      assert.is(clock.timers(), 0);
    });
  }
}

for (const [what, status, expected] of [
  ['RF time-out', '01', 'card-gone unknown'],
  ['CRC error', '02', 'card-garbled unknown'],
  ['not acceptable', '27', 'chip-refused none'],
] as const) {
  chips.test(`GIVEN a debit WHEN the status is ${what} THEN ${expected}`, async () => {
    const { chip } = bench(`> d44001${DEBIT}`, '< ack', `< d541${status}`);
    assert.is(verdict(await chip.request(debit())), expected);
  });
}

chips.test('GIVEN a refusing link WHEN a debit is sent THEN its effect is none', async () => {
  const { chip, near } = bench();
  near.unplug();
  assert.is(verdict(await chip.request(debit())), 'link-lost none');
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(verdict(await chip.request(debit())), 'link-lost none');
  assert.is(chip.lost()?.code, 'link-lost');
});

chips.test(
  'GIVEN a damaged answer WHEN the chip repeats it THEN the debit went out once',
  async () => {
    const { chip, script } = bench(
      `> d44001${DEBIT}`,
      '< ack',
      '< raw 0000ff04fcd541009099',
      '> nack',
      '< d541009000',
    );
    const reply = await chip.request(debit());
    assert.ok(reply.ok);
    assert.is(reply.value.data.toString('hex'), '9000');
    script.verify();
    assert.is(chip.counters().nacks, 1);
  },
);

chips.test('GIVEN an aborted debit WHEN its answer comes late THEN no other takes it', async () => {
  const { chip, clock, script } = bench(`> d44001${DEBIT}`, '< ack', '> ack');
  assert.is(verdict(await clock.until(chip.request(debit(), 500))), 'card-mute unknown');
  // The late acknowledgement and answer of the first come where the second waits for its own.
  script.play(
    FENCE[0] ?? '',
    '< ack',
    '< d541006a82',
    ...FENCE.slice(1),
    `> d44001${DEBIT}`,
    '< d541006a83',
    '< ack',
    '< d541009000',
  );
  const reply = await clock.until(chip.request(debit(), 500));
  assert.ok(reply.ok);
  assert.is(reply.value.data.toString('hex'), '9000');
  script.verify();
  assert.is(chip.counters().stale_frames, 3);
});

chips.test('GIVEN a failed fence WHEN a debit waits behind it THEN it is never sent', async () => {
  const { chip, clock, script } = bench(`> d44001${DEBIT}`, '> ack', '> d4000000000000', '> ack');
  await clock.until(chip.request(debit(), 500));
  assert.is(verdict(await clock.until(chip.request(debit(), 500))), 'chip-mute none');
  script.verify();
});

chips.test('GIVEN a frame cut short WHEN time is over THEN it swallows no later one', async () => {
  const { chip, clock, script } = bench('> d402', '< ack', '< raw 0000ff30d0d503', '> ack');
  assert.is(verdict(await clock.until(chip.request(getFirmwareVersion()))), 'chip-mute none');
  script.play(...FENCE, '> d402', ...GOOD_FIRMWARE);
  assert.is(verdict(await clock.until(chip.request(getFirmwareVersion()))), 'ok');
});

chips.test('GIVEN noise before each frame WHEN asked THEN the chip is understood', async () => {
  const noise = '< raw 5a00a5ff0055';
  const { chip } = bench('> d402', noise, '< ack', noise, '< d50332010607');
  assert.is(verdict(await chip.request(getFirmwareVersion())), 'ok');
});

chips.test('GIVEN a debit under way WHEN aborted THEN unknown, and the chip is told', async () => {
  const { chip, clock, script } = bench(`> d44001${DEBIT}`, '< ack', '> ack');
  const reply = chip.request(debit(), 500);
  await clock.advance(1);
  chip.abort();
  assert.is(verdict(await reply), 'chip-mute unknown');
  await clock.advance(1);
  script.verify();
});

chips.test('wake-up is the preamble and SAMConfiguration in one go', async () => {
  const { chip, script } = bench(WAKE_UP_LINE, '> d41401', '< ack', '< d515');
  assert.is(verdict(await chip.wakeUp()), 'ok');
  script.verify();
});

chips.test('GIVEN an oversize body WHEN it throws THEN the next command still goes', async () => {
  const { chip } = bench('> d402', ...GOOD_FIRMWARE);
  const oversize = inDataExchange(1, Buffer.alloc(300), false);
  const thrown = await chip.request(oversize).catch((error: unknown) => error);
  assert.instance(thrown, RangeError);
  assert.is(verdict(await chip.request(getFirmwareVersion())), 'ok');
});

chips.run();
