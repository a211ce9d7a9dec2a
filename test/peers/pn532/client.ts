/**
 * The npm client `pn532`, as a program of its own: its old logger changes the prototypes of the
 * process that loads it. Opens the device named, waits for a tag, and prints the firmware and
 * that tag.
 */

import { createRequire } from 'node:module';
import { SerialPort } from 'serialport';

interface Client {
  on(event: 'ready', listener: () => void): void;
  getFirmwareVersion(): Promise<{ IC: number; Ver: number; Rev: number; Support: number }>;
  scanTag(): Promise<{ ATQA: Buffer; SAK: number; uid: string }>;
}

const require = createRequire(import.meta.url);
const { PN532 } = require('pn532') as {
  PN532: new (port: SerialPort) => Client;
};

const [path = ''] = process.argv.slice(2);
const port = new SerialPort({ path, baudRate: 115_200 });
const client = new PN532(port);
client.on('ready', () => void ask());

async function ask(): Promise<void> {
  const firmware = await client.getFirmwareVersion();
  const { ATQA, SAK, uid } = await client.scanTag();
  process.stdout.write(JSON.stringify({ firmware, tag: { ATQA: ATQA.toString('hex'), SAK, uid } }));
  port.close();
}
