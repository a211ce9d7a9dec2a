import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { sleep, systemClock, within } from '../../firmware-bridge/clock.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { probeLibraries } from '../../firmware-bridge/libraries.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { feature } from '../kit/feature.ts';

const machine = feature('clock, disk and libraries of the machine');

async function inFolder(body: (path: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'tapway-disk-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

machine.test('GIVEN a file WHEN written at offsets and reopened THEN every byte is there', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'a', 'ledger');
    await systemDisk.makeDirectory(join(folder, 'a'));
    const file = await systemDisk.open(path, 'append');
    await file.write(0, Buffer.from('intent outcome'));
    await file.write(7, Buffer.from('OUTCOME'));
    await file.sync();
    await file.close();
    await systemDisk.syncDirectory(join(folder, 'a'));

    const again = await systemDisk.open(path, 'append');
    assert.is(await again.size(), 14);
    await again.truncate(10);
    assert.is((await again.read(0, 100)).toString(), 'intent OUT');
    assert.is((await again.read(50, 4)).length, 0);
    await again.close();
    const reading = await systemDisk.open(path, 'read');
    assert.is((await reading.read(7, 3)).toString(), 'OUT');
    await reading.close();
  }),
);

machine.test('GIVEN folders WHEN listed THEN sorted, and an absent one is empty', () =>
  inFolder(async (folder) => {
    for (const name of ['b', 'a']) {
      await (await systemDisk.open(join(folder, name), 'append')).close();
    }
    assert.equal(await systemDisk.list(folder), ['a', 'b']);
    assert.equal(await systemDisk.list(join(folder, 'absent')), []);
  }),
);

machine.test('GIVEN no file WHEN opened for reading THEN Node’s own error', () =>
  inFolder(async (folder) => {
    const error = await systemDisk.open(join(folder, 'x'), 'read').catch((thrown) => thrown);
    assert.is(error.code, 'ENOENT');
  }),
);

machine.test('GIVEN the system clock WHEN a timer is cleared THEN it never fires', async () => {
  let fired = false;
  const timer = systemClock.setTimeout(() => {
    fired = true;
  }, 1);
  systemClock.clearTimeout(timer);
  const before = systemClock.now_ms();
  await sleep(systemClock, 5);
  assert.not(fired);
  assert.ok(systemClock.now_ms() > before);
});

machine.test('GIVEN a limit WHEN a promise is late THEN undefined, else its value', async () => {
  const clock = createFakeClock();
  assert.is(await clock.until(within(clock, 10, new Promise(() => {}))), undefined);
  assert.is(clock.now_ms(), 10);
  assert.is(await within(clock, 10, Promise.resolve('value')), 'value');
  assert.is(clock.timers(), 0);
});

machine.test('GIVEN this machine WHEN libraries are probed THEN each has an answer', async () => {
  const states = await probeLibraries();
  assert.equal(
    states.map((state) => state.name),
    ['serialport', 'node-hid', 'pcsclite', 'level', 'modbus-serial'],
  );
  for (const { detail } of states) assert.match(detail, /^[^\n]+$/);
  // Its native part comes prebuilt inside the package.
  assert.is(states.at(0)?.ok, true);
});

machine.run();
