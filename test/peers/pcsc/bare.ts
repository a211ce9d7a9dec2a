/**
 * The bare library, as a program: connects to the slot named and exchanges one command so many
 * times for each line with a number that comes in; prints the round trips in milliseconds as JSON.
 */

import { createInterface } from 'node:readline';
import pcsclite, { type Slot } from 'pcsclite';

const [name = '', hex = '', answer_max = '0'] = process.argv.slice(2);
const command = Buffer.from(hex, 'hex');

pcsclite().on('reader', (slot) => {
  if (slot.name !== name) return;
  let connecting = false;
  slot.on('status', ({ state }) => {
    if (connecting || (state & 0x20) === 0) return;
    connecting = true;
    setImmediate(() => {
      slot.connect({ share_mode: 1 }, (error, protocol) => {
        if (error || protocol === undefined) throw error ?? new Error('no protocol');
        process.stdout.write('ready\n');
        createInterface(process.stdin).on('line', (line) => void serve(slot, protocol, +line));
      });
    });
  });
});
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL'));

async function serve(slot: Slot, protocol: number, rounds: number): Promise<void> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    await new Promise<void>((resolve, reject) => {
      slot.transmit(command, Number(answer_max), protocol, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    samples.push(performance.now() - begun);
  }
  process.stdout.write(`${JSON.stringify(samples)}\n`);
}
