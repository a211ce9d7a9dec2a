import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SerialPort } from 'serialport';
import * as assert from 'uvu/assert';
import { createField } from '../../../sim/chip/field.ts';
import { serveOnPty } from '../../../sim/chip/on-pty.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { NO_TIMING } from '../../../sim/chip/timing.ts';
import { createPty } from '../../../sim/pty.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { ACK, command, WAKE } from './bench.ts';

const pty = feature('virtual PN532: on a pseudo-terminal');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tapway-pty-'));
pty.after(() => fs.rmSync(folder, { recursive: true }));

function openPort(device: string): Promise<SerialPort> {
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path: device, baudRate: 115_200 }, (error) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

function served(link: string) {
  const server = createPty({ link });
  const parts = { clock: createFakeClock(), field: createField(), timing: NO_TIMING };
  serveOnPty(createVirtualPn532(parts), server);
  return server;
}

async function askVersion(port: SerialPort): Promise<void> {
  let got = '';
  const wanted = `${ACK}0000ff06fad50332010607e800`;
  const answered = new Promise<void>((resolve) => {
    port.on('data', (bytes: Buffer) => {
      got += bytes.toString('hex');
      if (got.length >= wanted.length) resolve();
    });
  });
  port.write(Buffer.from(`${WAKE}${command('02')}`, 'hex'));
  await answered;
  assert.is(got, wanted);
}

pty.test('GIVEN a serial program WHEN it opens the device THEN the chip answers', async () => {
  const link = path.join(folder, 'reader');
  const server = served(link);
  const port = await openPort(server.path);
  await askVersion(port);
  await new Promise((resolve) => port.close(resolve));
  const again = await openPort(server.path);
  await askVersion(again);
  await new Promise((resolve) => again.close(resolve));
  server.close();
  assert.not(fs.existsSync(link));
});

pty.test('WHEN unplugged THEN the program is told, and a new pty takes over the link', async () => {
  const link = path.join(folder, 'plug');
  const first = served(link);
  // Not serialport: it may miss a hang-up, and then never ends.
  const reader = spawn('cat', [link], { stdio: ['ignore', 'pipe', 'ignore'] });
  const hungUp = new Promise((resolve) => reader.once('exit', resolve));
  first.write(Buffer.from(ACK, 'hex'));
  const bytes = await new Promise<Buffer>((resolve) => reader.stdout.once('data', resolve));
  assert.is(bytes.toString('hex'), ACK);
  first.unplug();
  first.unplug();
  first.write(Buffer.from(ACK, 'hex'));
  await hungUp;
  const second = served(link);
  const port = await openPort(link);
  await askVersion(port);
  await new Promise((resolve) => port.close(resolve));
  second.close();
});

pty.run();
