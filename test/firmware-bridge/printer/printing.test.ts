import * as assert from 'uvu/assert';
import { failed, type Reply } from '../../../firmware-bridge/ports.ts';
import { feature } from '../../kit/feature.ts';
import { type BenchOptions, codeOf, connected, createPrinterBench, slip } from './bench.ts';

const printing = feature('a slip printer');

for (const done of ['paper-status', 'process-id'] as const) {
  printing.test(
    `GIVEN paper WHEN a slip is printed (${done}) THEN ok comes after the cut`,
    async () => {
      const { clock, printer, device, lines } = await connected({ done });
      const printed = await clock.until(printer.print(slip('first line', 'second')));
      assert.is(codeOf(printed), 'ok');
      assert.equal(lines(), ['first line', 'second', '[cut]']);
      assert.is(device.waiting, 0);
      assert.is(printer.counters().printed, 1);
    },
  );
}

const troubles: readonly [string, (bench: Bench) => void, string][] = [
  ['has no paper', ({ device }) => device.load(0), 'no paper'],
  ['stands open', ({ device }) => device.cover('open'), 'the cover is open'],
];
type Bench = Awaited<ReturnType<typeof connected>>;

for (const [what, happen, why] of troubles) {
  printing.test(
    `GIVEN it ${what} WHEN a slip is wanted THEN not one byte of it is sent`,
    async () => {
      const bench = await connected();
      happen(bench);
      const printed = await bench.clock.until(bench.printer.print(slip('PRIVATE')));
      assert.is(codeOf(printed), 'printer-stopped none');
      assert.match(printed.ok ? '' : printed.fault.detail, why);
      assert.not(bench.sent().includes('PRIVATE'));
    },
  );
}

printing.test(
  'GIVEN paper near its end WHEN asked and printed THEN it says so and prints',
  async () => {
    const { clock, printer, device } = await connected();
    device.load(500);
    const status = await clock.until(printer.status());
    assert.equal(status, {
      ok: true,
      value: { paper: 'near-end', cover: 'closed', cutter: 'ok', offline: false },
    });
    assert.is(codeOf(await clock.until(printer.print(slip('a')))), 'ok');
  },
);

printing.test('GIVEN every trouble at once WHEN asked THEN each is told', async () => {
  const { clock, printer, device } = await connected();
  device.cutter('jammed');
  const jammed = await clock.until(printer.print(slip('a')));
  assert.is(codeOf(jammed), 'printer-stopped unknown');
  device.load(0);
  device.cover('open');
  const status = await clock.until(printer.status());
  assert.ok(status.ok);
  assert.equal(status.value, { paper: 'out', cover: 'open', cutter: 'jammed', offline: true });
});

printing.test(
  'GIVEN a jammed cutter WHEN freed and recovered THEN the next slip is whole',
  async () => {
    const { clock, printer, device, lines } = await connected();
    device.cutter('jammed');
    await clock.until(printer.print(slip('a')));
    assert.is(codeOf(await clock.until(printer.print(slip('b')))), 'printer-stopped none');
    device.cutter('ok');
    assert.is(codeOf(await clock.until(printer.recover())), 'ok');
    assert.is(codeOf(await clock.until(printer.print(slip('c')))), 'ok');
    assert.equal(lines().slice(-2), ['c', '[cut]']);
    assert.not(lines().includes('b'));
  },
);

/** Twenty lines of some 4 mm. */
const LONG = Array.from({ length: 20 }, (_, line) => `PRIVATE ${line}`);

printing.test(
  'GIVEN paper for half a slip WHEN it ends THEN unknown, and the rest is gone',
  async () => {
    const { clock, printer, device, lines } = await connected();
    device.load(40);
    const printed = await clock.until(printer.print(slip(...LONG)));
    assert.is(codeOf(printed), 'printer-stopped unknown');
    assert.match(printed.ok ? '' : printed.fault.detail, 'no paper');
    const torn = lines().length;
    assert.ok(torn > 2 && torn < 20, `${torn} lines`);
    device.load(10_000);
    await clock.advance(5_000);
    assert.is(lines().length, torn, 'the rest of a broken slip comes out with new paper');
    assert.is(codeOf(await clock.until(printer.print(slip('next')))), 'ok');
    assert.equal(lines().slice(torn), ['next', '[cut]']);
  },
);

printing.test(
  'GIVEN a simple printer WHEN a slip tore THEN what it kept is cut off first',
  async () => {
    const { clock, printer, device, lines } = await connected({ simple: true });
    await clock.until(printer.print(slip('before')));
    const before = lines().length;
    device.load(40);
    assert.is(codeOf(await clock.until(printer.print(slip(...LONG)))), 'printer-stopped unknown');
    device.load(10_000);
    assert.is(codeOf(await clock.until(printer.print(slip('next')))), 'ok');
    const after = lines().slice(before);
    const next = after.indexOf('next');
    assert.is(after[next - 1], '[cut]', 'nothing of another person on the same piece of paper');
    assert.ok((printer.counters().cut_off ?? 0) >= 1);
  },
);

printing.test(
  'GIVEN the cover opened in mid-slip THEN unknown, and the next one is clean',
  async () => {
    const { clock, printer, device, lines } = await connected({ speed_mm_s: 50 });
    const printing_ = printer.print(slip(...LONG));
    await clock.advance(300);
    device.cover('open');
    const printed = await clock.until(printing_);
    assert.is(codeOf(printed), 'printer-stopped unknown');
    assert.match(printed.ok ? '' : printed.fault.detail, 'the cover is open');
    const torn = lines().length;
    device.cover('closed');
    assert.is(codeOf(await clock.until(printer.print(slip('next')))), 'ok');
    assert.equal(lines().slice(torn), ['next', '[cut]']);
  },
);

for (const [what, happen] of [
  ['is switched off', ({ device }: Bench) => device.power(false)],
  ['falls mute', ({ device }: Bench) => device.mute(true)],
  ['is unplugged', ({ unplug }: Bench) => unplug()],
] as const) {
  printing.test(`GIVEN a slip half printed WHEN it ${what} THEN unknown; it mends`, async () => {
    const bench = await connected({ speed_mm_s: 50 });
    const { clock, printer, device, lines } = bench;
    const under = printer.print(slip(...LONG));
    await clock.advance(300);
    happen(bench);
    assert.is(codeOf(await clock.until(under)), 'printer-lost unknown');
    assert.is(codeOf(await clock.until(printer.status())), 'printer-lost none');
    assert.is(codeOf(await clock.until(printer.print(slip('x')))), 'printer-lost none');
    device.power(true);
    device.mute(false);
    await clock.advance(5_000);
    assert.is(codeOf(await clock.until(printer.recover())), 'ok');
    const torn = lines().length;
    assert.is(codeOf(await clock.until(printer.print(slip('next')))), 'ok');
    assert.equal(lines().slice(torn), ['next', '[cut]']);
  });
}

printing.test(
  'GIVEN a slow printer WHEN watched THEN it is waited for, and answers others',
  async () => {
    const { clock, printer } = await connected({ speed_mm_s: 10 });
    const under = printer.print(slip(...LONG));
    await clock.advance(2_000);
    assert.is(codeOf(await printer.probe()), 'ok');
    assert.is(codeOf(await printer.status()), 'ok');
    assert.is(codeOf(await clock.until(under)), 'ok');
  },
);

printing.test('GIVEN a printer that never ends WHEN its time is over THEN unknown', async () => {
  const { clock, printer } = await connected({ simple: true, done: 'process-id' });
  const before_ms = clock.now_ms();
  const printed = await clock.until(printer.print(slip('a')));
  // It never answered that its buffers are clear either: nothing of the slip was sent.
  assert.is(codeOf(printed), 'printer-lost none');
  assert.ok(clock.now_ms() - before_ms <= 21_000);
});

printing.test('GIVEN leftovers being cut off WHEN probed THEN it lives', async () => {
  const { clock, printer, device } = await connected({ simple: true, speed_mm_s: 5 });
  const under = printer.print(slip('next'));
  await clock.advance(2_000);
  assert.is(device.counters().cuts, 1, 'it cuts off what an earlier program may have left');
  assert.is(codeOf(await printer.probe()), 'ok');
  assert.is(codeOf(await clock.until(under)), 'ok');
});

printing.test('GIVEN two slips at once WHEN printed THEN one after the other', async () => {
  const { clock, printer, lines } = await connected();
  const both = Promise.all([printer.print(slip('one')), printer.print(slip('two'))]);
  assert.equal((await clock.until(both)).map(codeOf), ['ok', 'ok']);
  assert.equal(lines(), ['one', '[cut]', 'two', '[cut]']);
});

printing.test('GIVEN no printer WHEN connected THEN the link says why', async () => {
  const openLink: BenchOptions['openLink'] = async () =>
    failed('link-absent', 'none', '/dev/usb/lp0: no such device');
  const { clock, printer } = createPrinterBench({ openLink });
  const reply = await clock.until(printer.recover());
  assert.is(codeOf(reply), 'printer-lost none');
  assert.match(reply.ok ? '' : reply.fault.detail, 'no such device');
  assert.is(codeOf(await printer.status()), 'printer-lost none');
});

printing.test('GIVEN a slip under way WHEN closed THEN it ends, and no timer is left', async () => {
  const { clock, printer, device } = await connected({ speed_mm_s: 10 });
  const under = printer.print(slip(...LONG));
  await clock.advance(500);
  await clock.until(printer.close());
  assert.is(codeOf(await clock.until(under)), 'printer-lost unknown');
  assert.is(codeOf(await printer.recover()), 'printer-lost none');
  device.stop();
  assert.is(clock.timers(), 0);
});

printing.test('GIVEN a fault WHEN described THEN it holds no byte of the slip', async () => {
  const { clock, printer, device } = await connected();
  device.load(40);
  const printed = await clock.until(printer.print(slip(...LONG)));
  assert.not(JSON.stringify([printed, printer.counters()]).includes('PRIVATE'));
});

printing.test(
  'GIVEN a printer WHEN it is asked without end THEN eight requests wait and the rest is dropped',
  async () => {
    const { clock, printer } = await connected();
    const asked = Array.from({ length: 20 }, () => printer.status());
    const others: Promise<Reply<unknown>>[] = [
      printer.print(slip('a')),
      printer.probe(),
      printer.recover(),
    ];
    const answers = (await clock.until(Promise.all(asked))).map(codeOf);
    assert.equal(answers, [...Array(8).fill('ok'), ...Array(12).fill('link-busy none')]);
    for (const reply of others) assert.is(codeOf(await clock.until(reply)), 'link-busy none');
    assert.is(printer.counters().dropped, 15);
    assert.is(
      codeOf(await clock.until(printer.print(slip('b')))),
      'ok',
      'and then it serves again',
    );
  },
);

printing.run();
