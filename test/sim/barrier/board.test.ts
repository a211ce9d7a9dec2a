import * as assert from 'uvu/assert';
import { BOARD_MAP, createVirtualBoard } from '../../../sim/barrier/board.ts';
import { crc16 } from '../../../sim/barrier/slave.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const boards = feature('virtual I/O board');

const { coils, watchdog } = BOARD_MAP;

function bench() {
  const clock = createFakeClock();
  const board = createVirtualBoard({ clock });
  const answers: Buffer[] = [];
  board.onSend((answer) => answers.push(answer));
  const ask = (...body: number[]) => {
    const frame = Buffer.from([1, ...body, 0, 0]);
    frame.writeUInt16LE(crc16(frame.subarray(0, -2)), frame.length - 2);
    board.receive(frame);
    return answers.pop() ?? Buffer.alloc(0);
  };
  return {
    clock,
    board,
    coil: (address: number, on: boolean) => ask(5, 0, address, on ? 0xff : 0, 0),
    register: (value: number) => ask(6, 0, watchdog, value >> 8, value & 0xff),
    /** The eleven inputs: open, closed, beams, height, fire loop, key. */
    inputs() {
      const bits = ask(2, 0, 0, 0, 11).readUInt16LE(3);
      return Array.from({ length: 11 }, (_, nth) => (bits >> nth) & 1).join('');
    },
  };
}

boards.test('GIVEN an order THEN the leaves take their time and report both ends', async () => {
  const { clock, board, coil, inputs } = bench();
  assert.is(inputs(), '01000000010');
  coil(coils.open_in, true);
  await clock.advance(200);
  assert.is(board.leaves, 'opening');
  assert.is(inputs(), '00000000010');
  await clock.advance(300);
  assert.is(inputs(), '10000000010');
  coil(coils.open_in, false);
  assert.is(board.leaves, 'open');
  coil(coils.close, true);
  await clock.advance(500);
  assert.is(inputs(), '01000000010');
  assert.is(clock.timers(), 0);
});

boards.test('somebody walks: the beams tell it one after the other', async () => {
  const { clock, board, coil, inputs } = bench();
  coil(coils.open_in, true);
  await clock.advance(500);
  board.walk({ from: 'near' });
  const seen: string[] = [];
  for (let step = 0; step < 80; step += 1) {
    await clock.advance(25);
    const beams = inputs().slice(2, 8);
    if (seen.at(-1) !== beams) seen.push(beams);
  }
  assert.equal(seen.slice(0, 4), ['000000', '100000', '110000', '010000']);
  assert.equal(seen.slice(-3), ['000011', '000001', '000000']);
  assert.is(board.counters().passed_in, 1);
  assert.is(clock.timers(), 0);
});

boards.test('WHEN told to close on somebody THEN honest hardware does, and counts', async () => {
  const { clock, board, coil } = bench();
  coil(coils.open_in, true);
  await clock.advance(500);
  board.walk({ from: 'near', hesitates: { at_m: 0.7, for_ms: 5_000 } });
  await clock.advance(1_000);
  coil(coils.open_in, false);
  coil(coils.close, true);
  await clock.advance(1_000);
  assert.ok((board.counters().crushed ?? 0) > 0);
  board.stop();
});

boards.test('GIVEN shut leaves THEN one waits and goes, one climbs over them', async () => {
  const { clock, board } = bench();
  board.walk({ from: 'near' });
  await clock.advance(10_000);
  board.walk({ from: 'far', forces: true });
  await clock.advance(10_000);
  const { turned_back, passed_in, passed_out, crushed } = board.counters();
  assert.equal([turned_back, passed_in, passed_out, crushed], [1, 0, 1, 0]);
});

boards.test('WHEN the watchdog is not fed THEN the leaves open; fed, they stay', async () => {
  const { clock, board, register } = bench();
  register(5);
  for (let round = 0; round < 10; round += 1) {
    await clock.advance(400);
    register(5);
  }
  assert.is(board.leaves, 'closed');
  await clock.advance(1_000);
  assert.is(board.leaves, 'open');
  assert.is(board.counters().watchdog_trips, 1);
});

boards.test('WHEN the power fails THEN the leaves open and nothing answers', async () => {
  const { clock, board, inputs, coil } = bench();
  coil(coils.near_green, true);
  board.power(false);
  await clock.advance(1_000);
  assert.is(board.leaves, 'open');
  assert.throws(inputs);
  board.power(true);
  assert.is(inputs(), '10000000010');
  assert.not(board.lamps.near_green);
});

boards.test('fire loop and key; a trolley is low, a child is too', async () => {
  const { clock, board, coil, inputs } = bench();
  board.fire(true);
  board.key(true);
  assert.is(inputs(), '01000000001');
  coil(coils.open_in, true);
  await clock.advance(500);
  const height = async () => {
    let seen = false;
    for (let step = 0; step < 60; step += 1) {
      await clock.advance(50);
      seen ||= inputs()[BOARD_MAP.inputs.height] === '1';
    }
    return seen;
  };
  board.walk({ from: 'near', tall: false, trolley: { gap_m: 0.2, length_m: 0.3 } });
  assert.not(await height());
  board.walk({ from: 'near' });
  assert.ok(await height());
});

boards.run();
