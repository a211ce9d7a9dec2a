/** pymodbus, an independent Modbus: as a slave for our driver, as a master of our virtual board. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as assert from 'uvu/assert';
import { createModbusBarrier } from '../../../firmware-bridge/barrier/modbus.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { openSerialLink } from '../../../firmware-bridge/link/serial.ts';
import type { Clock } from '../../../firmware-bridge/ports.ts';
import { BOARD_MAP } from '../../../sim/barrier/board.ts';
import { runVirtualBoard } from '../../../sim/barrier/run.ts';
import { createPty } from '../../../sim/pty.ts';
import { barrierConfig } from '../../firmware-bridge/barrier/bench.ts';
import { feature } from '../../kit/feature.ts';

const modbus = feature('pymodbus, an independent Modbus');

const PYMODBUS = {
  command: '/usr/bin/python3 && /usr/bin/python3 -c "import pymodbus, serial_asyncio"',
  install: 'apt-get install python3-pymodbus python3-serial-asyncio',
};
const clock: Clock = systemClock;
const pause = (time_ms: number) =>
  new Promise((done) => clock.setTimeout(() => done(null), time_ms));

function python(script: string, device: string) {
  const path = join(import.meta.dirname, script);
  const child = spawn('/usr/bin/python3', [path, device], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let errors = '';
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const over = new Promise<void>((done) => child.once('close', () => done()));
  return {
    lines,
    over,
    tell: (line: string) => child.stdin.write(`${line}\n`),
    errors: () => errors,
    async end() {
      child.stdin.end();
      child.kill('SIGKILL');
      await over;
    },
  };
}

/** Two serial devices, joined by a cable. */
function nullModem() {
  const [ours, theirs] = [createPty(), createPty()];
  ours.onData((bytes) => theirs.write(bytes));
  theirs.onData((bytes) => ours.write(bytes));
  return {
    ours: ours.path,
    theirs: theirs.path,
    cut() {
      ours.close();
      theirs.close();
    },
  };
}

async function until(what: string, reached: () => boolean): Promise<void> {
  for (let left = 400; left > 0 && !reached(); left -= 1) await pause(20);
  assert.ok(reached(), `never came: ${what}`);
}

modbus.testWith(
  PYMODBUS,
  'GIVEN pymodbus as the board THEN our driver finds, opens, senses, shuts and stops',
  async () => {
    const cable = nullModem();
    const slave = python('slave.py', cable.theirs);
    const config = barrierConfig({ timeout_ms: 60, poll_ms: 60 });
    const { parity, stop_bits, baud } = config;
    const barrier = createModbusBarrier({
      openLink: () => openSerialLink({ path: cable.ours, baud, parity, stop_bits, clock }),
      ...{ clock, config },
    });
    const events: string[] = [];
    barrier.onEvent((event) => events.push(event));
    const sees = (event: string) => until(event, () => events.includes(event));
    const written = (line: string) => until(line, () => slave.lines.includes(line));
    const { inputs, coils } = BOARD_MAP;
    const set = (address: number, on: boolean) => slave.tell(`input ${address} ${Number(on)}`);
    try {
      await until(`ready ${slave.errors()}`, () => slave.lines.includes('ready'));
      set(inputs.fire, true);
      set(inputs.closed, true);
      await pause(100);
      assert.equal(await barrier.recover(), { ok: true, value: 'Modbus unit 1' });
      await written(`register ${BOARD_MAP.watchdog} 20`);
      assert.ok((await barrier.open('in')).ok);
      assert.ok(slave.lines.includes(`coil ${coils.open_in} 1`));
      set(inputs.closed, false);
      set(inputs.open, true);
      await sees('opened');
      barrier.signal({ near: 'green', far: 'red', concession: false, buzzer: true });
      for (const lamp of [coils.near_green, coils.far_red, coils.buzzer]) {
        await written(`coil ${lamp} 1`);
      }
      for (const beam of inputs.beams) {
        set(beam, true);
        await pause(200);
        if (beam > inputs.beams[0]) set(beam - 1, false);
      }
      set(inputs.beams[5], false);
      await sees('zone-occupied');
      await sees('passed');
      assert.ok((await barrier.shut()).ok);
      assert.ok(slave.lines.includes(`coil ${coils.close} 1`));
      set(inputs.fire, false);
      await sees('fire-on');
      assert.not(events.includes('lost'), 'lost on the way');
      const { requests = 0, timeouts = 0, garbled } = barrier.counters();
      assert.ok(timeouts < requests / 10, `${timeouts} of ${requests} without an answer`);
      assert.is(garbled, 0);
      slave.lines.length = 0;
      await barrier.close();
      assert.ok(slave.lines.includes(`coil ${coils.open_in} 1`), 'the leaves stay open at the end');
    } finally {
      await barrier.close();
      await slave.end();
      cable.cut();
    }
  },
  30_000,
);

modbus.testWith(
  PYMODBUS,
  'GIVEN pymodbus as the board WHEN it dies and a new one comes THEN lost, then found',
  async () => {
    const cable = nullModem();
    let slave = python('slave.py', cable.theirs);
    const config = barrierConfig({ timeout_ms: 60, poll_ms: 60 });
    const barrier = createModbusBarrier({
      openLink: () => openSerialLink({ path: cable.ours, baud: config.baud, clock }),
      ...{ clock, config },
    });
    const events: string[] = [];
    barrier.onEvent((event) => events.push(event));
    try {
      await until('ready', () => slave.lines.includes('ready'));
      assert.ok((await barrier.recover()).ok);
      await slave.end();
      await until('lost', () => events.includes('lost'));
      const order = await barrier.open('in');
      assert.is(order.ok ? '' : order.fault.code, 'barrier-lost');
      slave = python('slave.py', cable.theirs);
      await until('found', () => events.lastIndexOf('found') > events.indexOf('lost'));
      assert.ok((await barrier.probe()).ok);
    } finally {
      await barrier.close();
      await slave.end();
      cable.cut();
    }
  },
  30_000,
);

modbus.testWith(
  PYMODBUS,
  'GIVEN pymodbus as the master THEN our virtual board answers as the standard says',
  async () => {
    const run = runVirtualBoard({ clock, passengers: false });
    const master = python('master.py', run.path);
    try {
      await master.over;
      const said = Object.fromEntries(master.lines.map((line) => JSON.parse(line)));
      // open, closed, six beams, height, fire loop closed, service key
      assert.equal(
        said,
        {
          inputs: [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
          open: [0, true],
          'inputs when open': [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
          coils: [1, 0, 0, 0, 0, 0, 0, 0, 0],
          shut: 3,
          'inputs when shut': [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
          feed: 5,
          registers: 2,
          'read back': [5, 0, 7, 65_535, 0],
          'inputs when not fed': [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
          'address beyond': 'exception 2',
          'coil beyond': 'exception 2',
          'function unknown': 'exception 1',
          'many coils': 16,
        },
        master.errors(),
      );
      assert.is(run.board.counters().crc_errors, 0);
      assert.is(run.board.counters().watchdog_trips, 1);
    } finally {
      await master.end();
      run.close();
    }
  },
  30_000,
);

modbus.run();
