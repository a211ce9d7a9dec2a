import * as assert from 'uvu/assert';
import type { Screen } from '../../controller/kiosk/view.ts';
import { failed, ok } from '../../firmware-bridge/ports.ts';
import { feature } from '../kit/feature.ts';
import { gate, type KioskBench, started } from './kiosk-bench.ts';

const vanish = feature('devices of the kiosk that vanish');
const GONE = failed('link-lost', 'none', 'scripted');

type Scene = (bench: KioskBench) => Promise<void>;

/** How a person comes to each screen with a card in the slot. */
const SCENES: Readonly<Record<string, Scene>> = {
  welcome: async () => {},
  guide: (bench) => bench.do({ type: 'guide', id: 'get' }),
  reading: async (bench) => {
    bench.whileReading = () => new Promise(() => {});
    await bench.insert();
  },
  card: (bench) => bench.insert(),
  pin: async (bench) => {
    await bench.insert();
    await bench.do({ type: 'service', service: 'insurance' });
  },
  'confirm-pay': async (bench) => {
    await bench.insert();
    await bench.do({ type: 'pay', item: 'copy' });
  },
  printed: async (bench) => {
    await bench.insert();
    await bench.do({ type: 'print', what: 'balance', full: false });
  },
  'take-card': async (bench) => {
    await bench.insert();
    await bench.do({ type: 'finish' });
  },
};

for (const [name, reach] of Object.entries(SCENES)) {
  if (name === 'reading') continue;
  vanish.test(`GIVEN the screen ${name} WHEN the slot vanishes THEN nothing is left`, async () => {
    const bench = await started();
    await reach(bench);
    assert.is(bench.view.screen.kind, name);
    bench.slot = GONE;
    await bench.moment(4_000);
    assert.not.match(JSON.stringify(bench.view), /330203|张龴|张＊/);
    // The pad still serves, and the kiosk with it.
    const shown: readonly Screen['kind'][] = ['welcome', 'guide', 'printed'];
    assert.ok(shown.includes(bench.view.screen.kind), bench.view.screen.kind);
    bench.slot = ok(false);
    await bench.moment(20_000);
    await bench.insert();
    assert.is(bench.view.screen.kind, 'card');
    await bench.stop();
  });

  vanish.test(`GIVEN the screen ${name} WHEN both readers vanish THEN out of service`, async () => {
    const bench = await started({ without: ['contactless'] });
    await reach(bench);
    bench.slot = GONE;
    await bench.moment(20_000);
    assert.is(bench.screen('out-of-service').advice.title, '本机暂停服务');
    bench.slot = ok(false);
    await bench.moment(3_000);
    assert.is(bench.view.screen.kind, 'welcome');
    await bench.insert();
    assert.is(bench.view.screen.kind, 'card');
    await bench.stop();
  });

  vanish.test(`GIVEN the screen ${name} WHEN printer and SAM vanish THEN it goes on`, async () => {
    const bench = await started();
    await reach(bench);
    bench.printer = failed('printer-lost', 'none', 'scripted');
    bench.psam.reset = async () => failed('sam-absent', 'none', 'scripted');
    bench.psam.transceive = async () => failed('sam-absent', 'none', 'scripted');
    await bench.moment(4_000);
    assert.is(bench.view.screen.kind, name);
    assert.is(bench.view.canPrint, false);
    await bench.stop();
  });
}

vanish.test(
  'GIVEN a reading that hangs WHEN the kiosk is stopped THEN it ends in time',
  async () => {
    const bench = await started();
    await SCENES.reading?.(bench);
    assert.is(bench.view.screen.kind, 'reading');
    await bench.stop();
  },
);

vanish.test('GIVEN a slot that comes back with its card THEN it is no new card', async () => {
  const bench = await started();
  await bench.insert();
  await bench.do({ type: 'finish' });
  bench.slot = GONE;
  await bench.moment(4_000);
  bench.slot = ok(true);
  await bench.moment(20_000);
  // Forgotten by its holder: nobody else is shown what it says, nor does it get another proof.
  assert.is(bench.view.screen.kind, 'welcome');
  assert.is(bench.view.notice?.code, 'reader-trouble');
  const other = bench.purse();
  await bench.lay(other);
  assert.is(bench.screen('card').card.face, 'contactless');
  await bench.lift(other);
  await bench.takeOut();
  await bench.insert();
  assert.is(bench.screen('card').card.face, 'contact');
  await bench.stop();
});

vanish.test('GIVEN every device gone from the beginning THEN it says so, and heals', async () => {
  const bench = await started({ without: ['contactless', 'printer', 'till'] });
  bench.slot = GONE;
  await bench.moment(3_000);
  assert.is(bench.kiosk.mode, 'outOfService');
  bench.slot = ok(false);
  await bench.moment(3_000);
  assert.is(bench.kiosk.mode, 'inService');
  await bench.stop();
});

vanish.test('GIVEN a slip on its way WHEN the card is pulled THEN it comes out whole', async () => {
  const bench = await started();
  const done = gate();
  bench.whilePrinting = () => done.opened;
  await bench.insert();
  await bench.do({ type: 'print', what: 'information', full: true });
  assert.is(bench.view.screen.kind, 'printing');
  await bench.takeOut();
  assert.is(bench.view.screen.kind, 'printing');
  assert.is(bench.kiosk.session, 'printing');
  done.open();
  await bench.moment();
  assert.is(bench.view.screen.kind, 'printed');
  const text = new TextDecoder('gb18030').decode(bench.slips[0]);
  assert.match(text, /330203194902300016/);
  // Only the paper is left: nothing more can be printed of a card that has gone.
  await bench.do({ type: 'print', what: 'information', full: true });
  assert.is(bench.slips.length, 1);
  await bench.moment(13_000);
  assert.is(bench.view.screen.kind, 'welcome');
  await bench.stop();
});

const TROUBLE = [
  ['no paper', { paper: 'out' }, 'paper-out'],
  ['an open cover', { cover: 'open' }, 'printer-broken'],
  ['a jammed cutter', { cutter: 'jammed' }, 'printer-broken'],
  ['no reason at all', { offline: true }, 'printer-broken'],
] as const;

for (const [what, status, notice] of TROUBLE) {
  vanish.test(`GIVEN a printer with ${what} WHEN asked for a slip THEN an apology`, async () => {
    const bench = await started();
    const fine = { paper: 'ok', cover: 'closed', cutter: 'ok', offline: false } as const;
    bench.printer = ok({ ...fine, ...status });
    await bench.insert();
    assert.is(bench.view.canPrint, false);
    await bench.do({ type: 'print', what: 'information', full: false });
    assert.is(bench.view.notice?.code, notice);
    assert.is(bench.view.screen.kind, 'card');
    assert.is(bench.slips.length, 0);
    bench.printer = ok(fine);
    await bench.do({ type: 'print', what: 'information', full: false });
    assert.is(bench.view.screen.kind, 'printed');
    await bench.stop();
  });
}

vanish.test(
  'GIVEN a printer that dies in the middle THEN it is said, and the data stays',
  async () => {
    const bench = await started();
    await bench.insert();
    bench.printed = failed('printer-lost', 'unknown', 'scripted');
    await bench.do({ type: 'print', what: 'validity', full: false });
    assert.is(bench.view.notice?.code, 'not-printed');
    assert.is(bench.view.screen.kind, 'card');
    await bench.stop();
  },
);

vanish.test('GIVEN noise on the line of the pad WHEN a card lies there THEN it stays', async () => {
  const bench = await started();
  await bench.insert();
  bench.slot = GONE;
  await bench.moment(90);
  bench.slot = ok(true);
  await bench.moment();
  assert.is(bench.view.screen.kind, 'card');
  await bench.stop();
});

vanish.run();
