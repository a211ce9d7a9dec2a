import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { openHidLink } from '../../../firmware-bridge/link/hid.ts';
import { createPn532Reader } from '../../../firmware-bridge/pn532/reader.ts';
import { createField } from '../../../sim/chip/field.ts';
import { createVirtualPn532 } from '../../../sim/chip/pn532.ts';
import { REAL_TIMING } from '../../../sim/chip/timing.ts';
import { createVirtualCp2110 } from '../../../sim/hid/cp2110.ts';
import { wireToChip } from '../../../sim/hid/wire.ts';
import { feature } from '../../kit/feature.ts';
import { createTestCard } from '../../sim/chip/bench.ts';
import { createBench, detail, FIRST, opened, SECOND, text, verdict } from './hid-bench.ts';

const hid = feature('HID link on a virtual CP2110');

const SETTINGS = ['feature 4101', 'feature 500001c20000000300', 'feature 4303'];

hid.test('GIVEN a bridge WHEN opened THEN enabled, set to 115200 8N1 and purged', async () => {
  const bench = createBench();
  const { link } = await opened(bench);
  assert.equal(bench.bus.calls, ['list', 'open /dev/hidraw0', ...SETTINGS]);
  assert.ok(bench.bridge.enabled);
  assert.is(link.name, 'CP2110 0001 at 1-1.2 (/dev/hidraw0)');
});

hid.test('GIVEN another speed WHEN opened THEN set to that', async () => {
  const { bus, clock, bridge } = createBench();
  const opening = openHidLink({ usb: {}, clock, baud: 460_800, library: bus });
  assert.is(verdict(await clock.until(opening)), 'ok');
  assert.is(bridge.baud, 460_800);
});

hid.test('GIVEN a link WHEN bytes go both ways THEN they arrive and are counted', async () => {
  const bench = createBench();
  const { link, heard } = await opened(bench);
  assert.ok(link.write(Buffer.from('question')).ok);
  await bench.clock.advance(1);
  bench.bridge.receive(Buffer.from('answer'));
  assert.equal([text(bench.sent), text(heard)], ['question', 'answer']);
  assert.is(link.counters().bytes_out, 8);
  assert.is(link.counters().bytes_in, 6);
});

hid.test('GIVEN writes of any size WHEN made at once THEN all arrive in order', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
      async (all) => {
        const bench = createBench();
        const { link } = await opened(bench);
        for (const bytes of all) assert.ok(link.write(Buffer.from(bytes)).ok);
        await bench.clock.advance(1);
        assert.equal(Buffer.concat(bench.sent), Buffer.concat(all));
        await link.close();
        assert.is(bench.clock.timers(), 0);
      },
    ),
    { numRuns: 50 },
  ),
);

hid.test('GIVEN bytes from before WHEN opened THEN dropped; from then on, kept', async () => {
  const bench = createBench();
  bench.bridge.setFeature(Buffer.of(0x41, 1));
  bench.bridge.polled(false);
  bench.bridge.receive(Buffer.from('old'));
  const reply = await bench.open();
  assert.ok(reply.ok);
  bench.bridge.receive(Buffer.from('early'));
  const heard: Buffer[] = [];
  reply.value.listen({ data: (bytes) => heard.push(bytes), lost() {} });
  assert.is(text(heard), 'early');
});

hid.test(
  'GIVEN nobody listens WHEN 17 KiB come THEN 16 KiB are kept, the rest counted',
  async () => {
    const bench = createBench();
    const reply = await bench.open();
    assert.ok(reply.ok);
    for (let n = 0; n < 17 * 16; n += 1) bench.bridge.receive(Buffer.alloc(64, n));
    assert.is(reply.value.counters().bytes_dropped, 1024);
  },
);

hid.test('GIVEN a device that takes nothing WHEN too much waits THEN link-busy', async () => {
  const bench = createBench();
  const { link } = await opened(bench);
  const release = bench.bus.hang('write');
  assert.ok(link.write(Buffer.alloc(16 * 1024)).ok);
  assert.is(verdict(link.write(Buffer.alloc(1))), 'link-busy none');
  assert.is(link.counters().writes_refused, 1);
  assert.is(link.counters().bytes_out, 16 * 1024);
  release();
  await bench.clock.advance(1);
  assert.ok(link.write(Buffer.alloc(16 * 1024)).ok);
});

hid.test('GIVEN odd input reports THEN padding is left out, cut ones counted', async () => {
  const bench = createBench();
  const deliver: ((report: Buffer) => void)[] = [];
  const { onInput } = bench.bridge;
  bench.bridge.onInput = (listener) => {
    deliver.push(listener);
    onInput(listener);
  };
  const { link, heard } = await opened(bench);
  for (const report of ['0261620000', '0461', '', '00', '01', 'ff00', '0163']) {
    for (const listener of deliver) listener(Buffer.from(report, 'hex'));
  }
  assert.is(text(heard), 'abc');
  assert.is(link.counters().reports_bad, 5);
});

hid.test('GIVEN traffic WHEN the speed changes THEN each byte leaves at its own', async () => {
  const bench = createBench({ paced: true });
  const { link } = await opened(bench);
  const speeds = new Map<number, number>();
  bench.bridge.onTransmit((bytes) => {
    const { baud } = bench.bridge;
    speeds.set(baud, (speeds.get(baud) ?? 0) + bytes.length);
  });
  link.write(Buffer.alloc(200));
  const changed = link.setBaud(921_600);
  link.write(Buffer.alloc(100));
  assert.ok((await bench.clock.until(changed)).ok);
  await bench.clock.advance(100);
  assert.equal(
    [...speeds],
    [
      [115_200, 200],
      [921_600, 100],
    ],
  );
  assert.is(bench.bridge.counters.overrun, 0);
});

for (const traffic of ['idle', 'in mid-traffic'] as const) {
  hid.test(`GIVEN a link ${traffic} WHEN unplugged THEN lost once, then refused`, async () => {
    const bench = createBench();
    const { link, losses } = await opened(bench);
    if (traffic !== 'idle') for (let n = 0; n < 20; n += 1) link.write(Buffer.alloc(100));
    bench.bus.unplug(FIRST.path);
    await bench.clock.advance(3_000);
    assert.equal(
      losses.map(({ code, effect }) => `${code} ${effect}`),
      ['link-lost unknown'],
    );
    // node-hid's error is a string.
    assert.match(losses.at(0)?.detail ?? '', 'could not read from HID device: unplugged');
    assert.is(verdict(link.write(Buffer.from('OPENGATE'))), 'link-lost none');
    assert.is(verdict(await link.setBaud(230_400)), 'link-lost none');
    assert.equal([bench.bus.handles(), bench.clock.timers()], [0, 0]);
    const { errors, writes_refused, bytes_dropped } = link.counters();
    assert.equal([errors, writes_refused], [1, 1]);
    assert.is(Number(bytes_dropped) > 0, traffic !== 'idle');
  });
}

hid.test(
  'GIVEN 200 replugs under traffic THEN settings anew, nothing old, one loss each',
  async () => {
    const bench = createBench();
    const old: { write(bytes: Buffer): unknown }[] = [];
    let total = 0;
    for (let round = 0; round < 200; round += 1) {
      bench.bus.calls.length = 0;
      const { link, losses } = await opened(bench);
      assert.equal(bench.bus.calls.slice(2), SETTINGS);
      for (const { write } of old.slice(-3)) write(Buffer.from('OPENGATE'));
      bench.sent.length = 0;
      link.write(Buffer.from('x'.repeat(round)));
      if (round % 3 === 0) await bench.clock.advance(1);
      assert.not.match(text(bench.sent), 'OPENGATE');
      bench.bus.unplug(FIRST.path);
      await bench.clock.advance(5);
      total += losses.length;
      bench.plug();
      old.push(link);
    }
    assert.is(total, 200);
    assert.equal([bench.bus.handles(), bench.clock.timers()], [0, 0]);
  },
);

hid.test('GIVEN a lost link WHEN the listener comes late THEN it is told', async () => {
  const bench = createBench();
  const reply = await bench.open();
  assert.ok(reply.ok);
  bench.bus.unplug(FIRST.path);
  const losses: string[] = [];
  reply.value.listen({ data() {}, lost: ({ code }) => losses.push(code) });
  assert.equal(losses, ['link-lost']);
});

hid.test('GIVEN a write that never ends THEN lost within two seconds, all else ends', async () => {
  const bench = createBench();
  const { link, losses } = await opened(bench);
  bench.bus.hang('write');
  bench.bus.hang('close');
  link.write(Buffer.from('stuck'));
  const changing = link.setBaud(230_400);
  const start_ms = bench.clock.now_ms();
  assert.is(verdict(await bench.clock.until(changing)), 'link-lost none');
  assert.ok(bench.clock.now_ms() - start_ms <= 2_000);
  assert.match(losses.at(0)?.detail ?? '', 'took nothing for 1000 ms');
  await bench.clock.until(link.close());
  assert.is(bench.clock.timers(), 0);
  assert.is(link.counters().bytes_dropped, 5);
});

hid.test('GIVEN a write that is refused THEN the link is lost with that reason', async () => {
  const bench = createBench();
  const { link, losses } = await opened(bench);
  bench.bus.refuse('write', 'Cannot write to hid device: No such device');
  assert.ok(link.write(Buffer.from('x')).ok);
  await bench.clock.advance(1);
  assert.match(losses.at(0)?.detail ?? '', 'No such device');
});

hid.test('GIVEN calls under way WHEN closed twice THEN no loss, no timer, no handle', async () => {
  const bench = createBench();
  const { link, losses } = await opened(bench);
  for (let n = 0; n < 9; n += 1) link.write(Buffer.alloc(90));
  const changing = link.setBaud(230_400);
  const closing = Promise.all([link.close(), link.close()]);
  bench.bus.unplug(FIRST.path);
  await bench.clock.until(closing);
  assert.not((await bench.clock.until(changing)).ok);
  await bench.clock.advance(5);
  assert.equal([losses.length, bench.bus.handles(), bench.clock.timers()], [0, 0, 0]);
  assert.is(link.counters().errors, 0);
  assert.is(verdict(link.write(Buffer.from('x'))), 'link-lost none');
});

hid.test('GIVEN a library that hangs on close THEN close() ends within two seconds', async () => {
  const bench = createBench();
  const { link } = await opened(bench);
  const release = bench.bus.hang('close');
  const start_ms = bench.clock.now_ms();
  await bench.clock.until(link.close());
  assert.ok(bench.clock.now_ms() - start_ms < 2_000);
  assert.is(link.counters().errors, 1);
  release();
});

for (const call of ['list', 'open', 'feature'] as const) {
  hid.test(`GIVEN a library that hangs on ${call} THEN link-absent, given back later`, async () => {
    const bench = createBench();
    const release = bench.bus.hang(call);
    for (const _ of ['first', 'second']) {
      assert.match(detail(await bench.open()), 'no HID bridge opened within 2000 ms');
    }
    const calls = bench.bus.calls.length;
    assert.match(detail(await bench.open()), '2 earlier calls to the HID library');
    assert.is(bench.bus.calls.length, calls);
    release();
    await bench.clock.advance(10);
    assert.equal([bench.bus.handles(), bench.clock.timers()], [0, 0]);
    assert.is(verdict(await bench.open()), 'ok');
  });
}

hid.test(
  'GIVEN a device that refuses its settings THEN link-absent, handle given back',
  async () => {
    const bench = createBench();
    bench.bus.refuse('feature', 'ioctl (SFEATURE): Input/output error');
    const reply = await bench.open();
    assert.is(verdict(reply), 'link-absent none');
    assert.match(detail(reply), 'Input/output error');
    assert.is(bench.bus.handles(), 0);
  },
);

for (const [trouble, advice] of [
  ['libusb-1.0.so.0: cannot open shared object file', 'apt install libusb-1.0-0'],
  ["Cannot find package 'node-hid' imported from …", 'install the dependencies again'],
] as const) {
  hid.test(`GIVEN "${trouble}" WHEN listing THEN link-absent says: ${advice}`, async () => {
    const bench = createBench();
    bench.bus.refuse('list', trouble);
    const reply = await bench.open();
    assert.is(verdict(reply), 'link-absent none');
    assert.match(detail(reply), advice);
  });
}

hid.test('GIVEN no permission WHEN opened THEN link-absent names the udev rule', async () => {
  const bench = createBench();
  bench.bus.refuse('open', 'cannot open device with path /dev/hidraw0: Permission denied');
  assert.match(detail(await bench.open()), 'udev rule');
});

const BOTH = 'CP2110 0001 at 1-1.2 (/dev/hidraw0), CP2110 0002 at 1-1.3 (/dev/hidraw3)';
for (const [usb, outcome] of [
  [{}, `2 bridges fit: ${BOTH}; name one in the configuration by reader.usb.serial`],
  [{ serial: '0002' }, 'ok 1-1.3'],
  [{ path: '/dev/hidraw0' }, 'ok 1-1.2'],
  [{ path: '1-1.3' }, 'ok 1-1.3'],
  [{ serial: '0002', path: '1-1.3' }, 'ok 1-1.3'],
  [{ serial: '0001', path: '1-1.3' }, 'no bridge fits reader.usb.serial 0001 and reader.usb.path'],
  [{ serial: '0003' }, `no bridge fits reader.usb.serial 0003; found: ${BOTH}`],
  [{ path: '1-1' }, 'no bridge fits reader.usb.path 1-1'],
] as const) {
  hid.test(`GIVEN two bridges WHEN ${JSON.stringify(usb)} is wanted THEN ${outcome}`, async () => {
    const bench = createBench();
    bench.bus.plug(createVirtualCp2110({ clock: bench.clock, paced: false }), SECOND);
    const reply = await bench.open(usb);
    assert.match(reply.ok ? `ok ${reply.value.name.split(' ').at(3)}` : detail(reply), outcome);
  });
}

hid.test('GIVEN no bridge WHEN opened THEN link-absent asks for the plug', async () => {
  const bench = createBench();
  bench.bus.unplug(FIRST.path);
  const reply = await bench.open();
  assert.is(verdict(reply), 'link-absent none');
  assert.match(detail(reply), 'no CP2110 (10c4:ea80) found; is the reader plugged in?');
});

for (const baud of [115_200, 921_600] as const) {
  hid.test(
    `GIVEN the PN532 driver at ${baud} baud THEN a card, and again after a replug`,
    async () => {
      const bench = createBench({ paced: true });
      const { clock } = bench;
      const field = createField();
      field.enter(createTestCard());
      const chip = createVirtualPn532({ clock, field, timing: REAL_TIMING });
      wireToChip(bench.bridge, chip);
      const config = {
        kind: 'hid',
        path: '',
        usb: {},
        name: '*',
        baud,
        poll_pause_ms: 20,
        heartbeat_ms: 1_000,
        rf_cycle_s: 60,
        ack_timeout_ms: 50,
        card_timeout_ms: 800,
      } as const;
      const reader = createPn532Reader({ openLink: () => bench.open(), clock, config });
      for (const _ of ['plugged', 'again']) {
        chip.power(false);
        chip.power(true);
        bench.plug();
        const started = await clock.until(reader.recover());
        assert.is(started.ok && started.value, 'PN532 1.6');
        const found = await clock.until(reader.detect());
        assert.ok(found.ok && found.value.kind === 'card');
        const answer = await clock.until(
          found.value.card.transceive(Buffer.from('00b095001e', 'hex'), 800),
        );
        assert.is(verdict(answer), 'ok');
        bench.bus.unplug(FIRST.path);
        const lost = await clock.until(reader.probe());
        assert.is(lost.ok ? '' : lost.fault.code, 'link-lost');
      }
      await clock.until(reader.close());
      assert.is(bench.bus.handles(), 0);
    },
  );
}

hid.run();
