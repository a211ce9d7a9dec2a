import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import type { Link } from '../../../firmware-bridge/link/link.ts';
import { openSerialLink } from '../../../firmware-bridge/link/serial.ts';
import type { Fault } from '../../../firmware-bridge/ports.ts';
import { createPty, type Pty } from '../../../sim/pty.ts';
import { feature } from '../../kit/feature.ts';

const serial = feature('serial link on a kernel pty');
const clock = systemClock;
const open = (path: string) => openSerialLink({ path, baud: 115_200, clock });

/** Opens, listens, and gives everything back afterwards. */
async function plugged(body: (bench: Bench) => Promise<void>, options: { link?: string } = {}) {
  const pty = createPty(options);
  const opened = await open(pty.path);
  assert.ok(opened.ok);
  const bench: Bench = { pty, link: opened.value, heard: [], losses: [], sent: [] };
  bench.link.listen({
    data: (bytes) => bench.heard.push(Buffer.from(bytes)),
    lost: (fault) => bench.losses.push(fault),
  });
  pty.onData((bytes) => bench.sent.push(bytes));
  try {
    await body(bench);
  } finally {
    await bench.link.close();
    pty.unplug();
  }
}

interface Bench {
  readonly pty: Pty;
  readonly link: Link;
  readonly heard: Buffer[];
  readonly losses: Fault[];
  /** What arrived at the device. */
  readonly sent: Buffer[];
}

/** Waits for what the kernel does in its own time. */
async function eventually(what: string, holds: () => boolean) {
  for (let left = 400; left > 0; left -= 1) {
    if (holds()) return;
    await sleep(clock, 10);
  }
  throw new Error(`never: ${what}`);
}

const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();

function descriptorsOf(path: string): number {
  const held = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  });
  return held.length;
}

serial.test('GIVEN a device WHEN bytes go both ways THEN they arrive and are counted', () =>
  plugged(async ({ pty, link, heard, sent }) => {
    assert.ok(link.write(Buffer.from('question')).ok);
    await eventually('the question arrives', () => text(sent) === 'question');
    pty.write(Buffer.from('answer'));
    await eventually('the answer arrives', () => text(heard) === 'answer');
    assert.is(link.counters().bytes_out, 8);
    assert.is(link.counters().bytes_in, 6);
  }),
);

serial.test('GIVEN what a card says WHEN it was heard THEN the port does not keep it', () =>
  plugged(async ({ pty, link }) => {
    const lent: Buffer[] = [];
    link.listen({ data: (bytes) => lent.push(bytes), lost() {} });
    pty.write(Buffer.from('a name'));
    await eventually('it arrives', () => lent.length > 0);
    assert.ok(Buffer.concat(lent).every((byte) => byte === 0));
  }),
);

serial.test('GIVEN traffic WHEN the baud rate changes THEN nothing is lost', () =>
  plugged(async ({ link, sent }) => {
    link.write(Buffer.from('before'));
    assert.ok((await link.setBaud(921_600)).ok);
    link.write(Buffer.from(' after'));
    await eventually('both arrive', () => text(sent) === 'before after');
  }),
);

serial.test('GIVEN bytes before the listener WHEN it comes THEN it hears them', async () => {
  const pty = createPty();
  const opened = await open(pty.path);
  assert.ok(opened.ok);
  pty.write(Buffer.from('early'));
  await eventually('the port has read', () => opened.value.counters().bytes_in === 5);
  const heard: Buffer[] = [];
  opened.value.listen({ data: (bytes) => heard.push(Buffer.from(bytes)), lost() {} });
  assert.is(text(heard), 'early');
  await opened.value.close();
  pty.unplug();
});

serial.test('GIVEN too many bytes at once WHEN written THEN refused, none of them sent', () =>
  plugged(async ({ link }) => {
    const reply = link.write(Buffer.alloc(17 * 1024));
    assert.is(reply.ok ? '' : `${reply.fault.code} ${reply.fault.effect}`, 'link-busy none');
    assert.is(link.counters().writes_refused, 1);
    assert.is(link.counters().bytes_out, 0);
  }),
);

for (const traffic of ['idle', 'in mid-traffic'] as const) {
  serial.test(`GIVEN a line ${traffic} WHEN unplugged THEN lost once, or found by a write`, () =>
    plugged(async ({ pty, link, losses }) => {
      if (traffic !== 'idle') {
        pty.onData((bytes) => pty.write(bytes));
        for (let i = 0; i < 20; i += 1) link.write(Buffer.from('GetFirmwareVersion'));
      }
      pty.unplug();
      // serialport may miss the hang-up; then the next heartbeat meets EIO.
      await eventually('the loss is known', () => {
        link.write(Buffer.from('heartbeat'));
        return losses.length > 0;
      });
      await sleep(clock, 50);
      assert.equal(
        losses.map((fault) => fault.code),
        ['link-lost'],
      );
      const reply = link.write(Buffer.from('OPENGATE'));
      assert.is(reply.ok ? '' : `${reply.fault.code} ${reply.fault.effect}`, 'link-lost none');
      assert.not((await link.setBaud(9_600)).ok);
    }),
  );
}

serial.test(
  'GIVEN a device unplugged WHEN another is plugged in THEN nothing old reaches it',
  () => {
    const at = { link: join(tmpdir(), `tapway-tty-${process.pid}`) };
    return plugged(async (old) => {
      old.link.write(Buffer.from('before'));
      old.pty.unplug();
      for (let i = 0; i < 5; i += 1) {
        old.link.write(Buffer.from('OPENGATE'));
        await sleep(clock, 10);
      }
      await plugged(async ({ link, sent }) => {
        assert.is(link.name, old.link.name);
        assert.not(old.link.write(Buffer.from('OPENGATE')).ok);
        link.write(Buffer.from('new'));
        await eventually('the new bytes arrive', () => text(sent).includes('new'));
        await sleep(clock, 50);
        assert.is(text(sent), 'new');
      }, at);
    }, at);
  },
);

serial.test('GIVEN an open link WHEN closed twice THEN no loss told, descriptor given back', () =>
  plugged(async ({ pty, link, losses }) => {
    // One is the pty's own.
    assert.is(descriptorsOf(pty.path), 2);
    await Promise.all([link.close(), link.close()]);
    await eventually('the descriptor is free', () => descriptorsOf(pty.path) === 1);
    assert.equal(losses, []);
    assert.not(link.write(Buffer.from('x')).ok);
    const again = await open(pty.path);
    assert.ok(again.ok);
    await again.value.close();
  }),
);

serial.test('GIVEN unread output WHEN closed THEN it ends all the same', () =>
  plugged(async ({ link }) => {
    for (let i = 0; i < 12; i += 1) link.write(Buffer.alloc(1024, i));
    await link.close();
  }),
);

serial.test('GIVEN no such device WHEN opened THEN link-absent says so', async () => {
  const reply = await open(join(tmpdir(), 'ttyNOPE'));
  assert.is(reply.ok ? '' : `${reply.fault.code} ${reply.fault.effect}`, 'link-absent none');
  assert.match(reply.ok ? '' : reply.fault.detail, 'no such device');
});

serial.test('GIVEN a device in use WHEN opened again THEN link-absent names that', () =>
  plugged(async ({ pty }) => {
    const reply = await open(pty.path);
    assert.match(reply.ok ? '' : reply.fault.detail, 'another program has it open');
  }),
);

serial.run();
