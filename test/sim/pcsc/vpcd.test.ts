import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { createVpcdSlot } from '../../../sim/pcsc/vpcd.ts';
import { feature } from '../../kit/feature.ts';

const vpcd = feature('a card in a slot of vpcd');
const card = { atr: Buffer.from('3B80', 'hex'), transceive: async () => null, powerDown() {} };
/** The card looks for a daemon that is away ten times a second. */
const RETRY_MS = 100;

/** Connections that stand. */
async function listen(port: number): Promise<{ server: Server; lines: Set<Socket> }> {
  const lines = new Set<Socket>();
  const server = createServer((line) => {
    lines.add(line.resume());
    line.on('close', () => lines.delete(line));
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return { server, lines };
}

async function end({ server, lines }: Awaited<ReturnType<typeof listen>>): Promise<void> {
  for (const line of lines) line.destroy();
  await new Promise((closed) => server.close(closed));
}

vpcd.test(
  'GIVEN a daemon that went and a card that looks for it WHEN put in again THEN one card is in',
  async () => {
    const first = await listen(0);
    const { port } = first.server.address() as AddressInfo;
    const slot = createVpcdSlot({ port, clock: systemClock, card });
    await slot.insert();
    await end(first);
    await sleep(systemClock, RETRY_MS / 2);
    const second = await listen(port);
    await slot.insert();
    await sleep(systemClock, 3 * RETRY_MS);
    assert.is(second.lines.size, 1);
    slot.remove();
    await sleep(systemClock, RETRY_MS);
    assert.is(second.lines.size, 0, 'drawn, and yet in');
    await end(second);
  },
);

vpcd.run();
