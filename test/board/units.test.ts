/** The files of config/board, judged by the programs that will read them. */

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { usbDevices } from '../../firmware-bridge/board.ts';
import { probeLibraries } from '../../firmware-bridge/libraries.ts';
import { scratch } from '../commands/programs.ts';
import { feature } from '../kit/feature.ts';

const board = feature('board');
const SOURCE = 'config/board';
const SCORE_MAX = 2;
const analyze = { command: 'systemd-analyze', install: 'apt-get install systemd' };
const sysusers = { command: 'systemd-sysusers', install: 'apt-get install systemd' };
const modprobe = { command: 'modprobe', install: 'apt-get install kmod' };
const execute = promisify(execFile);

/** The units of a lane called north, with programs that this machine has. */
function unitsOfNorth(): string[] {
  const directory = scratch();
  return readdirSync(SOURCE)
    .filter((name) => /@\.(service|timer)$/.test(name))
    .map((name) => {
      const path = `${directory}/${name.replace('@', '@north')}`;
      const text = readFileSync(`${SOURCE}/${name}`, 'utf8');
      writeFileSync(path, text.replaceAll(/\/usr\/bin\/(node|cage)/g, process.execPath));
      return path;
    });
}

board.testWith(
  analyze,
  'GIVEN the units of lane and kiosk THEN systemd-analyze verify finds nothing to say',
  async () => {
    const units = unitsOfNorth();
    assert.is(units.length, 5);
    const { stdout, stderr } = await execute('systemd-analyze', ['verify', '--man=no', ...units]);
    assert.is(stdout + stderr, '');
  },
);

board.testWith(
  analyze,
  `GIVEN the services THEN systemd-analyze security gives each at most ${SCORE_MAX}`,
  async () => {
    // A browser needs its own sandbox, and with it what the others are denied.
    const services = unitsOfNorth().filter((path) => /(?<!screen@north)\.service$/.test(path));
    const args = ['security', '--offline=yes', '--no-pager'];
    for (const path of services) {
      const { stdout } = await execute('systemd-analyze', [...args, path]);
      const score = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
      assert.ok(score && Number(score) <= SCORE_MAX, stdout);
    }
    assert.is(services.length, 3);
  },
  30_000,
);

board.test('GIVEN the services THEN V8 may compile, and no memory dump is left behind', () => {
  for (const name of readdirSync(SOURCE).filter((each) => each.endsWith('.service'))) {
    const text = readFileSync(`${SOURCE}/${name}`, 'utf8');
    assert.not.match(text, /^MemoryDenyWriteExecute/m);
    assert.match(text, /^LimitCORE=0$/m);
  }
});

board.test('GIVEN what a unit comes after THEN it wants it too, or the order means nothing', () => {
  for (const name of readdirSync(SOURCE).filter((each) => each.endsWith('.service'))) {
    const text = readFileSync(`${SOURCE}/${name}`, 'utf8');
    const words = (key: string) =>
      (text.match(new RegExp(`^${key}=(.*)$`, 'm'))?.[1] ?? '').split(' ');
    if (!words('After').includes('network-online.target')) continue;
    assert.ok(words('Wants').includes('network-online.target'), name);
  }
});

board.test(
  'GIVEN a lane or kiosk that is frozen THEN systemd notices within twenty seconds',
  () => {
    for (const name of ['tapway-gate@.service', 'tapway-kiosk@.service']) {
      assert.match(readFileSync(`${SOURCE}/${name}`, 'utf8'), /^WatchdogSec=20$/m, name);
    }
  },
);

board.testWith(
  sysusers,
  'GIVEN sysusers.conf THEN a user tapway in the groups tapway and dialout comes of it',
  async () => {
    const root = scratch();
    mkdirSync(`${root}/etc`);
    writeFileSync(`${root}/etc/group`, 'root:x:0:\ndialout:x:20:\n');
    writeFileSync(`${root}/etc/passwd`, 'root:x:0:0:root:/:/bin/sh\n');
    mkdirSync(`${root}/etc/sysusers.d`);
    copyFileSync(`${SOURCE}/sysusers.conf`, `${root}/etc/sysusers.d/tapway.conf`);
    await execute('systemd-sysusers', [`--root=${root}`, 'tapway.conf']);
    assert.match(readFileSync(`${root}/etc/passwd`, 'utf8'), /^tapway:.*:\/var\/lib\/tapway:/m);
    assert.match(readFileSync(`${root}/etc/group`, 'utf8'), /^dialout:x:20:tapway$/m);
  },
);

board.testWith(
  modprobe,
  'GIVEN modprobe.conf THEN modprobe knows every rival of the reader as blacklisted',
  async () => {
    const directory = scratch();
    copyFileSync(`${SOURCE}/modprobe.conf`, `${directory}/tapway.conf`);
    const { stdout, stderr } = await execute('modprobe', ['-C', directory, '--showconfig']);
    const listed = stdout.split('\n').filter((line) => line.startsWith('blacklist '));
    const names = ['hid_mcp2221', 'nfc', 'pn532_uart', 'pn533', 'pn533_usb'];
    assert.equal(
      listed.sort(),
      names.map((name) => `blacklist ${name}`),
    );
    assert.is(stderr, '');
  },
);

board.test(
  'GIVEN the kernel’s list of USB devices THEN places, drivers and sleep are read',
  async () => {
    const root = scratch();
    const put = (path: string, text: string) => {
      mkdirSync(`${root}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true });
      writeFileSync(`${root}/${path}`, `${text}\n`);
    };
    put('1-1.2/idVendor', '10c4');
    put('1-1.2/idProduct', 'ea80');
    put('1-1.2/power/control', 'auto');
    put('1-1.2:1.0/bInterfaceClass', '03');
    put('1-1.20:1.0/bInterfaceClass', '0b');
    assert.equal(await usbDevices(root), [
      {
        ...{ place: '1-1.2', id: '10c4:ea80', power: 'auto' },
        powerFile: `${root}/1-1.2/power/control`,
        interfaces: [{ class: '03', driver: null }],
      },
    ]);
    assert.equal(await usbDevices(`${root}/none`), []);
  },
);

board.test('GIVEN this checkout THEN every library that the doctor asks for loads', async () => {
  const found = await probeLibraries();
  assert.equal(
    found.map(({ name }) => name),
    ['serialport', 'node-hid', 'pcsclite', 'level', 'modbus-serial'],
  );
  assert.equal(
    found.filter(({ ok }) => !ok),
    [],
  );
});

board.run();
