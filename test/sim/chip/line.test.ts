import * as assert from 'uvu/assert';
import { createMemoryLinkPair } from '../../../firmware-bridge/link/memory.ts';
import { attachToLink } from '../../../sim/chip/on-link.ts';
import { NO_TIMING, REAL_TIMING } from '../../../sim/chip/timing.ts';
import { createUart } from '../../../sim/chip/uart.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { ACK, command, createBench, createTestCard, dataOf, WAKE } from './bench.ts';

const line = feature('virtual PN532: line, sleep and abort');

const VERSION = command('02');
const NACK = '0000ffff0000';
const VERSION_ANSWER = '0000ff06fad50332010607e800';

line.test('GIVEN a chip just powered THEN it sleeps until the line wakes it', () => {
  const { raw } = createBench({ asleep: true });
  assert.equal(raw('0000ff02'), []);
  assert.equal(raw('55'), []);
  assert.equal(raw(VERSION), [ACK, VERSION_ANSWER]);
});

line.test('WHEN put to sleep THEN the field is off, and libnfc’s preamble wakes it', () => {
  const { ask, raw, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  assert.is(ask('16f0'), '1700');
  assert.is(card.powerDowns, 1);
  assert.equal(raw(VERSION.slice(0, 8)), []);
  assert.equal(raw(`${WAKE}${VERSION}`), [ACK, VERSION_ANSWER]);
});

line.test('GIVEN PowerDown without wake-up by HSU THEN only power wakes it', () => {
  const { ask, raw, chip } = createBench();
  ask('1620');
  assert.equal(raw(`${WAKE}${WAKE}${VERSION}`), []);
  chip.power(false);
  chip.power(true);
  assert.equal(raw(`${WAKE}${VERSION}`), [ACK, VERSION_ANSWER]);
});

line.test('GIVEN a real oscillator THEN bytes in the first millisecond are lost', async () => {
  const { raw, heard, clock } = createBench({ timing: REAL_TIMING, asleep: true });
  raw(`55${VERSION}`);
  await clock.advance(20);
  assert.equal(heard(), []);
  raw(VERSION);
  await clock.advance(20);
  assert.equal(heard(), [ACK, VERSION_ANSWER]);
});

line.test('WHEN the host says NACK THEN the last response comes again', () => {
  const { raw } = createBench();
  assert.equal(raw(NACK), []);
  raw(VERSION);
  assert.equal(raw(NACK), [VERSION_ANSWER]);
  assert.equal(raw(NACK), [VERSION_ANSWER]);
});

line.test('GIVEN an endless search WHEN the host says ACK THEN it ends without a response', () => {
  const { raw, field, clock, chip } = createBench();
  assert.equal(raw(command('4a0100')), [ACK]);
  assert.equal(raw(ACK), []);
  field.enter(createTestCard());
  assert.is(clock.timers(), 0);
  assert.equal(raw(VERSION), [ACK, VERSION_ANSWER]);
  assert.is(chip.counters.aborted, 1);
});

line.test('GIVEN an endless search WHEN a card comes THEN it is reported', () => {
  const { raw, heard, field } = createBench();
  raw(command('4a0100'));
  field.enter(createTestCard());
  assert.equal(heard().map(dataOf), ['4b0101004420070488a1b2c3d4e50578807002']);
});

line.test('GIVEN a command under way WHEN another comes THEN only that is answered', () => {
  const { raw, field, heard } = createBench();
  raw(command('4a0100'));
  assert.equal(raw(VERSION), [ACK, VERSION_ANSWER]);
  field.enter(createTestCard());
  assert.equal(heard(), []);
});

line.test('a broken frame is not acknowledged', () => {
  const { raw, chip } = createBench();
  assert.equal(raw('0000ff02fed4022b00'), []);
  assert.is(chip.counters.badFrames, 1);
});

line.test('fRemovePrePostAmble holds from the next response on', () => {
  const { raw } = createBench();
  assert.equal(raw(command('1254')), [ACK, '0000ff02fed5131800']);
  assert.equal(raw(VERSION), [ACK, '00ff06fad50332010607e8']);
});

line.test('a new baud rate is in force after the host’s ACK, not before', () => {
  const { ask, raw, chip } = createBench();
  assert.is(ask('1007'), '11');
  assert.is(chip.baud, 115_200);
  raw(ACK);
  assert.is(chip.baud, 921_600);
  ask('1000');
  ask('02');
  raw(ACK);
  assert.is(chip.baud, 921_600);
  chip.power(false);
  chip.power(true);
  assert.is(chip.baud, 115_200);
});

line.test('a mute chip says nothing, keeps its state and counts what it missed', () => {
  const { ask, raw, chip, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  ask('4a0100');
  chip.mute(true);
  assert.equal(raw(`${WAKE}${VERSION}`), []);
  assert.is(chip.counters.lostBytes > 9, true);
  chip.mute(false);
  assert.is(ask('400100b0950000'), '41009000');
});

line.test('GIVEN power off THEN nothing is heard and the cards lose power', () => {
  const { raw, chip, field } = createBench();
  const card = createTestCard();
  field.enter(card);
  chip.power(false);
  assert.is(card.powerDowns, 1);
  assert.equal(raw(`${WAKE}${VERSION}`), []);
});

line.test(
  'GIVEN power lost in the middle of a command THEN no timer and no byte is left',
  async () => {
    const { raw, heard, chip, clock, field } = createBench({ timing: REAL_TIMING });
    await clock.advance(5);
    field.enter(createTestCard());
    raw(command('4a0100'));
    await clock.advance(3);
    chip.power(false);
    assert.is(clock.timers(), 0);
    heard();
    await clock.advance(1000);
    assert.equal(heard(), []);
  },
);

line.test('GIVEN 64 KiB on the line THEN the chip drops more and counts it', () => {
  const { raw, chip } = createBench({ timing: REAL_TIMING });
  raw('00'.repeat(65_536 - 5));
  raw('0000');
  assert.is(chip.counters.droppedBytes, 2);
});

line.test('GIVEN a memory link THEN the chip is its far end', async () => {
  const { chip, clock } = createBench();
  const { near, far } = createMemoryLinkPair('reader');
  attachToLink(chip, far);
  const got: string[] = [];
  near.listen({ data: (bytes) => got.push(bytes.toString('hex')), lost() {} });
  near.write(Buffer.from(VERSION, 'hex'));
  await clock.advance(1);
  assert.equal(got, [ACK, VERSION_ANSWER]);
});

line.test('GIVEN a machine too slow for its timers THEN frames still leave in order', async () => {
  const calm = createFakeClock();
  let late_ms = 0;
  const clock = { ...calm, now_ms: () => calm.now_ms() + late_ms };
  const heard: string[] = [];
  const timing = { ...NO_TIMING, uart_ms: REAL_TIMING.uart_ms };
  const uart = createUart({ clock, timing, baud: 115_200, heard() {}, dropped() {} });
  uart.onSend((bytes) => heard.push(bytes.toString()));
  uart.send(Buffer.from('acknowledgement'));
  uart.send(Buffer.from('answer'));
  // The first timer is long due when the third frame comes, but has not run yet.
  late_ms = 5;
  uart.send(Buffer.alloc(0));
  await calm.advance(10);
  assert.equal(heard, ['acknowledgement', 'answer', '']);
});

line.run();
