import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createModbusBarrier } from '../../../firmware-bridge/barrier/modbus.ts';
import { systemClock as clock } from '../../../firmware-bridge/clock.ts';
import { openSerialLink } from '../../../firmware-bridge/link/serial.ts';
import { runVirtualBoard } from '../../../sim/barrier/run.ts';
import { barrierConfig } from '../../firmware-bridge/barrier/bench.ts';
import { feature } from '../../kit/feature.ts';

const runs = feature('virtual board on a pseudo-terminal');

runs.test(
  'GIVEN the real serial line WHEN the driver opens THEN a passenger comes and walks through',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tapway-board-'));
    const link = join(directory, 'gate');
    const told: string[] = [];
    const run = runVirtualBoard({ clock, link, tell: (line) => told.push(line) });
    assert.is(run.path, link);
    const config = barrierConfig({ timeout_ms: 60, poll_ms: 60 });
    const openLink = () => openSerialLink({ path: link, baud: config.baud, clock });
    const barrier = createModbusBarrier({ openLink, clock, config });
    const events: string[] = [];
    const passed = new Promise<void>((done) => {
      barrier.onEvent((event) => {
        events.push(event);
        if (event === 'passed') done();
      });
    });
    try {
      assert.ok((await barrier.recover()).ok);
      assert.ok((await barrier.open('in')).ok);
      await passed;
      assert.is(told[0], 'the leaves stand open (in)');
      assert.match(told[1] ?? '', /walks in$/);
      assert.ok(events.includes('opened') && events.includes('zone-occupied'));
      assert.is(run.board.counters().passed_in, 1);
    } finally {
      await barrier.close();
      run.close();
      assert.not(existsSync(link));
      rmSync(directory, { recursive: true });
    }
  },
  20_000,
);

runs.run();
