import * as assert from 'uvu/assert';
import type { Preview } from '../../controller/kiosk/view.ts';
import { linesOf } from '../../sim/printer/paper.ts';
import { createVirtualPrinter } from '../../sim/printer/printer.ts';
import { report } from '../controller/kiosk/slip/samples.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { feature } from '../kit/feature.ts';
import { type KioskBench, started } from './kiosk-bench.ts';

const preview = feature('a slip before it is printed');
const { name = '', citizenNumber = '' } = report.ssc?.holder ?? {};
const ask = (full: boolean) => ({ type: 'preview', what: 'information', full }) as const;

function shown(bench: KioskBench): Preview {
  const { preview: now } = bench.view;
  if (!now) throw new Error('no preview is shown');
  return now;
}

function svgOf({ picture }: Preview): string {
  const [kind = '', data = ''] = picture.split(',');
  assert.is(kind, 'data:image/svg+xml;base64');
  return Buffer.from(data, 'base64').toString();
}

/** What can be read on it, without blanks. */
function textOf(now: Preview): string {
  return svgOf(now)
    .replace(/<[^>]*>/g, '')
    .replace(/&#?\w+;/g, '')
    .replace(/\s/g, '');
}

/** The same of what came out of the printer. */
async function printedText(slip: Buffer | undefined): Promise<string> {
  const clock = createFakeClock();
  const printer = createVirtualPrinter({ clock, columns: 48, speed_mm_s: 1_000_000 });
  printer.receive(slip ?? Buffer.alloc(0));
  await clock.advance(1_000);
  const lines = linesOf(printer.paper).map(({ text }) => text);
  return lines.join('').replace(/[\s─]|\[cut\]/g, '');
}

async function withCard(): Promise<KioskBench> {
  const bench = await started();
  await bench.insert();
  return bench;
}

for (const full of [false, true]) {
  preview.test(
    `GIVEN a preview, ${full ? 'full' : 'masked'} WHEN printed THEN the same`,
    async () => {
      const bench = await withCard();
      await bench.do(ask(false));
      assert.equal([shown(bench).full, shown(bench).canFull], [false, true]);
      assert.not.match(textOf(shown(bench)), new RegExp(`${name}|${citizenNumber}`));
      if (full) {
        await bench.do(ask(true));
        assert.match(textOf(shown(bench)), new RegExp(`${name}.*${citizenNumber}`));
      }
      const text = textOf(shown(bench));
      await bench.do({ type: 'print', what: 'information', full });
      assert.is(bench.view.screen.kind, 'printed');
      assert.is(bench.view.preview, null);
      assert.is(text, await printedText(bench.slips[0]));
      await bench.stop();
    },
  );
}

preview.test('GIVEN a preview WHEN language or size change THEN it is drawn anew', async () => {
  const bench = await withCard();
  await bench.do(ask(false));
  assert.match(textOf(shown(bench)), '社会保障号码');
  const plain = shown(bench).picture;
  await bench.do({ type: 'elder', on: true });
  assert.is.not(shown(bench).picture, plain);
  await bench.do({ type: 'language', locale: 'en' });
  assert.match(textOf(shown(bench)), 'Socialsec.no.');
  await bench.stop();
});

preview.test(
  'GIVEN a preview WHEN back is pressed THEN it closes, and the card stays',
  async () => {
    const bench = await withCard();
    await bench.do({ type: 'service', service: 'balance' }, { ...ask(false), what: 'balance' });
    assert.equal([shown(bench).what, shown(bench).canFull], ['balance', false]);
    await bench.do({ type: 'back' });
    assert.is(bench.view.preview, null);
    assert.is(bench.screen('card').service, 'balance');
    await bench.do({ type: 'back' });
    assert.is(bench.screen('card').service, 'information');
    await bench.stop();
  },
);

preview.test('GIVEN a full preview WHEN the card is taken THEN nothing of it stays', async () => {
  const bench = await withCard();
  await bench.do(ask(true));
  await bench.takeOut();
  assert.is(bench.view.screen.kind, 'welcome');
  assert.is(bench.view.preview, null);
  await bench.insert();
  assert.is(bench.view.preview, null);
  await bench.do(ask(true));
  await bench.moment(60_000);
  assert.is(bench.view.screen.kind, 'take-card');
  assert.is(bench.view.preview, null);
  await bench.stop();
});

preview.test(
  'GIVEN a receipt that is looked at WHEN the card goes THEN it can be printed',
  async () => {
    const bench = await started();
    const card = bench.purse();
    await bench.lay(card);
    await bench.do({ type: 'pay', item: 'registration' }, { type: 'confirm' });
    await bench.do({ type: 'preview', what: 'receipt', full: false });
    await bench.lift(card);
    assert.match(textOf(shown(bench)), /付款凭条.*挂号费.*￥5\.00/);
    await bench.do({ type: 'print', what: 'receipt', full: false });
    assert.is(bench.slips.length, 1);
    await bench.stop();
  },
);

preview.test('GIVEN nothing to print WHEN a preview is asked for THEN none is shown', async () => {
  const bench = await started();
  await bench.do(ask(false), { type: 'preview', what: 'receipt', full: false });
  assert.is(bench.view.preview, null);
  assert.is(bench.kiosk.counters().ignored, 2);
  await bench.stop();
});

preview.test(
  'GIVEN a name that looks like a program WHEN drawn THEN it is text alone',
  async () => {
    const bench = await started();
    const { ssc } = report;
    const evil = '<script>alert(1)</script>"/><image href="http://x.example/"/>';
    const holder = ssc?.holder && { ...ssc.holder, name: evil };
    await bench.insert({ ...report, ssc: ssc && { ...ssc, holder: holder ?? null } });
    await bench.do(ask(true));
    const svg = svgOf(shown(bench));
    const tags = new Set(Array.from(svg.matchAll(/<(\w+)/g), ([, tag]) => tag));
    const known = ['svg', 'defs', 'filter', 'feFlood', 'feComposite', 'g', 'text', 'tspan', 'path'];
    assert.equal(
      [...tags].filter((tag) => !known.includes(tag ?? '')),
      [],
    );
    assert.not.match(svg, /\s(href|on\w+)=|url\((?!#)/);
    await bench.stop();
  },
);

preview.run();
