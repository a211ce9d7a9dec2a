/** One slot's process, played by the test over a pair of links: deadlines, effects, restarts. */

import * as assert from 'uvu/assert';
import { createMemoryLinkPair, type MemoryLink } from '../../../firmware-bridge/link/memory.ts';
import { SlotDevice } from '../../../firmware-bridge/pcsc/device.ts';
import {
  createDecoder,
  encodeFrame,
  encodeRefusal,
  encodeStatus,
  type Frame,
  KIND,
} from '../../../firmware-bridge/pcsc/frames.ts';
import { createPcscReader } from '../../../firmware-bridge/pcsc/reader.ts';
import { createPcscSamSlot } from '../../../firmware-bridge/pcsc/slot.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { readerConfig } from '../../peers/pcsc/kit.ts';
import { bytes, upper } from '../../sim/card/hand.ts';

const device = feature('pcsc device');
const SELECT = bytes('00A40000023F00');
const ATR = '3B6B0002';
const [T0, PRESENT, EMPTY] = [1, 0x22, 0x12];

/** What the process answers: bytes, a result code, or nothing at all. */
type Answer = Buffer | number | null;

function table(answers: (frame: Frame) => Answer = () => Buffer.from([T0])) {
  const clock = createFakeClock();
  const ends: MemoryLink[] = [];
  const asked: string[] = [];
  const openWire = () => {
    const { near, far } = createMemoryLinkPair('process');
    ends.push(far);
    const decode = createDecoder((frame) => {
      asked.push(`${frame.kind} ${upper(frame.payload)}`);
      const answer = answers(frame);
      if (answer === null) return;
      const refusal = typeof answer === 'number' && encodeRefusal({ code: answer, text: 'no' });
      if (refusal) far.write(encodeFrame(KIND.refused, frame.id, refusal));
      else if (Buffer.isBuffer(answer)) far.write(encodeFrame(KIND.done, frame.id, answer));
    });
    far.listen({ data: decode, lost: () => {} });
    return near;
  };
  const tell = (kind: number, payload: Buffer) => ends.at(-1)?.write(encodeFrame(kind, 0, payload));
  return {
    clock,
    asked,
    openWire,
    processes: () => ends.length,
    process: () => ends.at(-1),
    slots: (...names: string[]) => tell(KIND.slots, Buffer.from(names.join('\0'))),
    status: (flags: number, count: number) =>
      tell(KIND.status, encodeStatus({ flags, count, atr: bytes(flags === PRESENT ? ATR : '') })),
    down: (code: number) => tell(KIND.down, encodeRefusal({ code, text: 'down' })),
  };
}

let slots = 0;

/** A device whose slot is found and holds a card, unless said otherwise. */
async function ready(answers?: (frame: Frame) => Answer, flags = PRESENT) {
  const t = table(answers);
  slots += 1;
  const name = `Slot ${slots}`;
  const slot = new SlotDevice({ pattern: name, clock: t.clock, openWire: t.openWire });
  const come = async () => {
    t.slots(name, name, 'Other');
    t.status(flags, 1);
    await t.clock.advance(0);
  };
  await come();
  return { ...t, slot, name, come };
}

function outcome(reply: Reply<unknown>): string {
  return reply.ok ? 'ok' : `${reply.fault.code} ${reply.fault.effect}`;
}

device.test('an answer in time is the answer, and leaves no timer', async () => {
  const t = await ready(() => bytes('9000'));
  const reply = await t.clock.until(t.slot.transmit(SELECT, 500));
  assert.equal(reply, { ok: true, value: bytes('9000') });
  assert.equal(t.asked, [`${KIND.transmit} ${upper(SELECT)}`]);
  assert.is(t.clock.timers(), 0);
  await t.slot.close();
});

device.test('GIVEN no answer THEN at the deadline unknown, and another process', async () => {
  const t = await ready(() => null);
  const began_ms = t.clock.now_ms();
  const reply = await t.clock.until(t.slot.transmit(SELECT, 500));
  assert.is(outcome(reply), 'card-mute unknown');
  assert.is(t.clock.now_ms() - began_ms, 500);
  assert.is(outcome(await t.slot.transmit(SELECT, 500)), 'card-mute none', 'nothing was sent');
  await t.clock.advance(100);
  assert.is(t.processes(), 2);
  assert.is(outcome(await t.slot.transmit(SELECT, 500)), 'link-absent none', 'still starting');
  await t.slot.close();
});

device.test('a connect or probe without an answer did nothing to the card', async () => {
  const t = await ready(() => null);
  assert.is(outcome(await t.clock.until(t.slot.connect(1))), 'link-lost none');
  await t.clock.advance(100);
  await t.come();
  assert.is(outcome(await t.clock.until(t.slot.probe())), 'link-lost none');
  await t.slot.close();
});

device.test('GIVEN the process dies mid-command THEN unknown; idle, nothing', async () => {
  const t = await ready(() => null);
  const pending = t.slot.transmit(SELECT, 500);
  await t.clock.advance(10);
  t.process()?.unplug();
  assert.is(outcome(await t.clock.until(pending)), 'link-lost unknown');
  await t.clock.advance(100);
  await t.come();
  assert.is(t.slot.state.kind, 'ready');
  await t.slot.close();
});

device.test('GIVEN a pipe that is broken already THEN none: nothing has left', async () => {
  const t = await ready();
  t.process()?.unplug();
  assert.is(outcome(await t.slot.transmit(SELECT, 500)), 'link-lost none');
  assert.is(t.slot.state.kind, 'down');
  await t.slot.close();
});

device.test('a second request while one runs is refused, and counted', async () => {
  const t = await ready(() => null);
  const first = t.slot.transmit(SELECT, 500);
  assert.is(outcome(await t.slot.transmit(SELECT, 500)), 'link-busy none');
  assert.is(t.slot.counts.busy, 1);
  assert.is(outcome(await t.clock.until(first)), 'card-mute unknown');
  await t.slot.close();
});

device.test('restarts wait 100 ms, then longer, at most 2 s; a good answer resets it', async () => {
  const t = await ready(() => bytes('9000'));
  const waits: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const [before, began_ms] = [t.processes(), t.clock.now_ms()];
    t.down(0x8010001d);
    while (t.processes() === before) await t.clock.advance(50);
    waits.push(t.clock.now_ms() - began_ms);
  }
  assert.equal(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
  await t.come();
  assert.is(outcome(await t.slot.probe()), 'ok');
  const before = t.processes();
  t.down(0x80100013);
  await t.clock.advance(100);
  assert.is(t.processes(), before + 1);
  await t.slot.close();
});

device.test('revive starts at once what would wait, and waits 3 s at most', async () => {
  const t = await ready();
  for (let round = 0; round < 6; round += 1) {
    t.down(0x8010001d);
    await t.clock.advance(0);
    const reviving = t.slot.revive();
    await t.come();
    assert.is(outcome(await reviving), 'ok');
  }
  t.down(0x8010001d);
  await t.clock.advance(0);
  const began_ms = t.clock.now_ms();
  assert.is(outcome(await t.clock.until(t.slot.revive())), 'link-absent none');
  assert.is(t.clock.now_ms() - began_ms, 3_000);
  await t.slot.close();
});

device.test(
  'GIVEN a process without a word THEN another after 8 s; after 2 s once it runs',
  async () => {
    const t = table();
    const slot = new SlotDevice({ pattern: 'X', clock: t.clock, openWire: t.openWire });
    await t.clock.advance(8_000);
    assert.is(slot.state.kind, 'down');
    await t.clock.advance(100);
    assert.is(t.processes(), 2);
    t.process()?.write(encodeFrame(KIND.up, 0));
    await t.clock.advance(2_000);
    assert.is(slot.state.kind, 'down', 'it runs, but the daemon is silent');
    await slot.close();
    assert.is(t.clock.timers(), 0);
  },
);

device.test('GIVEN nonsense on the pipe THEN the process is replaced', async () => {
  const t = await ready(() => null);
  const pending = t.slot.transmit(SELECT, 500);
  await t.clock.advance(1);
  t.process()?.write(Buffer.alloc(64, 0xff));
  assert.is(outcome(await t.clock.until(pending)), 'link-lost unknown');
  await t.slot.close();
});

device.test('an answer with another number is no answer', async () => {
  const t = await ready(() => null);
  const pending = t.slot.transmit(SELECT, 500);
  await t.clock.advance(1);
  t.process()?.write(encodeFrame(KIND.done, 99, bytes('9000')));
  assert.is(outcome(await t.clock.until(pending)), 'card-mute unknown');
  await t.slot.close();
});

device.test('repeated events are one card; another count is another card', async () => {
  const t = await ready();
  const cardOf = () => (t.slot.state.kind === 'ready' ? t.slot.state.card : undefined);
  const first = cardOf();
  for (let again = 0; again < 200; again += 1) t.status(PRESENT | 0x100, 1);
  await t.clock.advance(0);
  assert.is(cardOf(), first);
  assert.is(t.slot.counts.repeated_events, 200);
  t.status(PRESENT, 3);
  await t.clock.advance(0);
  assert.is.not(cardOf(), first);
  t.status(EMPTY, 4);
  await t.clock.advance(0);
  assert.is(cardOf(), undefined);
  assert.equal([t.slot.counts.insertions, t.slot.counts.removals], [2, 2]);
  await t.slot.close();
});

device.test(
  'close ends what waits with a fault, is repeatable, and nothing starts after it',
  async () => {
    const t = await ready(() => null);
    const pending = t.slot.transmit(SELECT, 60_000);
    await t.slot.close();
    assert.is(outcome(await pending), 'link-lost unknown');
    await t.slot.close();
    await t.clock.advance(60_000);
    assert.is(t.processes(), 1);
    assert.is(t.clock.timers(), 0);
    assert.is(outcome(await t.slot.revive()), 'link-lost none');
  },
);

device.test('reader: a bouncing card is none, a mute one or a token unsupported', async () => {
  let refusal = 0x8010000c;
  const t = table(() => refusal);
  const { clock, openWire } = t;
  const reader = createPcscReader({ config: readerConfig('Reader'), clock, openWire });
  t.slots('Reader', 'Reader');
  t.status(PRESENT, 1);
  await clock.advance(0);
  assert.equal(await clock.until(reader.detect()), { ok: true, value: { kind: 'none' } });
  refusal = 0x80100066;
  const unsupported = { ok: true, value: { kind: 'unsupported', sak: 0 } };
  assert.equal(await clock.until(reader.detect()), unsupported);
  refusal = 0x8010000b;
  assert.is(outcome(await clock.until(reader.detect())), 'link-absent none');
  await reader.close();
});

device.test('SAM: power off first, T=0 form, and no command before a reset', async () => {
  const t = table(({ kind }) => (kind === KIND.connect ? Buffer.from([T0]) : bytes('6117')));
  const { clock, openWire } = t;
  const sam = createPcscSamSlot({ pattern: 'SAM', clock, openWire, timeout_ms: 1_000 });
  t.slots('SAM', 'SAM');
  t.status(PRESENT, 1);
  await clock.advance(0);
  assert.is(outcome(await sam.transceive(SELECT, 500)), 'sam-mute none');
  assert.equal(await clock.until(sam.reset()), { ok: true, value: bytes(ATR) });
  const answer = await clock.until(sam.transceive(bytes('00A40000023F0000'), 500));
  assert.equal(answer, { ok: true, value: bytes('6117') });
  assert.equal(t.asked, [`${KIND.connect} 02`, `${KIND.transmit} ${upper(SELECT)}`]);
  t.status(PRESENT, 3);
  await clock.advance(0);
  assert.is(outcome(await sam.transceive(SELECT, 500)), 'sam-mute none', 'another SAM');
  assert.is(outcome(await sam.probe()), 'sam-mute none');
  t.status(EMPTY, 4);
  await clock.advance(0);
  assert.is(outcome(await sam.probe()), 'sam-absent none');
  await sam.close();
});

device.run();
