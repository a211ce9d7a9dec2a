/** pcsclite as its examples use it, for defects.test.ts: run with what to do and a slot's name. */

import pcsclite, { type Context, type Slot } from 'pcsclite';

const [does = '', name = ''] = process.argv.slice(2);
const COMMAND = Buffer.from('00B095001E', 'hex');
const say = (text: string) => process.stdout.write(`${text}\n`);
const LATER_MS = 600;

try {
  const context = pcsclite();
  context.on('error', (error) => say(`error ${error.message}`));
  context.on('reader', (slot) => {
    slot.on('error', () => {});
    if (slot.name === name) misuse(context, slot);
  });
} catch (error) {
  say(`throws ${String(error)}`);
}

function misuse(context: Context, slot: Slot): void {
  let begun = false;
  slot.on('status', ({ state }) => {
    if (begun || (state & 0x20) === 0) return;
    begun = true;
    if (does === 'close-in-listener') {
      say('closing');
      slot.close();
      process.kill(process.pid, 'SIGKILL');
    }
    setImmediate(() => {
      slot.connect({ share_mode: 1 }, (error, protocol = 0) => {
        say(error ? `no connection: ${error.message}` : 'connected');
        setTimeout(() => go(context, slot, protocol), LATER_MS);
      });
    });
  });
}

function go(context: Context, slot: Slot, protocol: number): void {
  switch (does) {
    case 'exit-while-mute':
      slot.transmit(COMMAND, 258, protocol, () => {});
      setTimeout(() => {
        say('exiting');
        process.exit(0);
      }, LATER_MS);
      break;
    case 'close-while-mute':
      slot.transmit(COMMAND, 258, protocol, () => {});
      setTimeout(() => {
        say('closing');
        slot.close();
        process.kill(process.pid, 'SIGKILL');
      }, LATER_MS);
      break;
    case 'connect-twice':
      setTimeout(() => {
        slot.connect({ share_mode: 1 }, (error, agreed) => {
          const { connected } = slot;
          say(`connected ${connected}, error ${error}, protocol ${agreed}`);
        });
      }, 2 * LATER_MS);
      break;
    case 'close-context':
      say('closing');
      context.close();
      break;
  }
}
