import axe from 'axe-core';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { type Panel, startPanel } from '../../sim/panel/server.ts';
import type { PanelState } from '../../sim/panel/state.ts';
import { type Visit, type VisitOptions, withPage } from '../kit/browser.ts';
import { feature, PROGRAMS } from '../kit/feature.ts';
import {
  busyState,
  createFakeWorld,
  type FakeWorld,
  quietState,
  realClock,
  until,
} from './fake-world.ts';

const page = feature('panel page');
const DEADLINE_MS = 60_000;

interface Stage extends Visit {
  readonly world: FakeWorld;
  readonly panel: Panel;
}

/** Opens the page on a fake lane; afterwards nothing may have complained or left the machine. */
async function withLane(
  body: (stage: Stage) => Promise<void>,
  options: VisitOptions & { state?: PanelState; mayComplain?: boolean } = {},
): Promise<void> {
  const world = createFakeWorld(options.state ?? quietState());
  const panel = await start(world, 0);
  try {
    await withPage(
      panel.url,
      async (visit) => {
        await visit.page.getByTestId('chart').locator('svg').waitFor();
        await body({ ...visit, world, panel });
        if (!options.mayComplain) assert.equal(visit.complaints, []);
        const { host } = new URL(panel.url);
        for (const address of visit.requests) assert.is(new URL(address).host, host, address);
      },
      options,
    );
  } finally {
    await panel.close();
  }
}

function start(world: FakeWorld, port: number): Promise<Panel> {
  return startPanel({ world, host: '127.0.0.1', port, clock: realClock });
}

function test(title: string, body: () => Promise<void>): void {
  page.testWith(PROGRAMS.chromium, title, body, DEADLINE_MS);
}

const textOf = (on: Page, id: string) => on.getByTestId(id).innerText();

test('GIVEN the tray WHEN each card is clicked THEN each sends its tap', () =>
  withLane(async ({ page, world }) => {
    for (const { id } of world.state().tray) await page.getByTestId(`tray-${id}`).click();
    const taps = world.state().tray.map(({ id }) => ({ type: 'tap', card: id }));
    await until(() => world.commands.length === taps.length);
    assert.equal(world.commands, taps);
  }));

test('GIVEN only a keyboard WHEN tabbing through THEN every card and switch can be worked', () =>
  withLane(async ({ page, world }) => {
    const reached = new Set<string>();
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      const id = await page.evaluate('document.activeElement?.dataset?.testid ?? ""');
      if (typeof id !== 'string' || !/^(tray|switch)-/.test(id) || reached.has(id)) continue;
      reached.add(id);
      await page.keyboard.press(reached.size % 2 ? 'Enter' : 'Space');
    }
    const { tray } = world.state();
    await until(() => world.commands.length === tray.length + 3);
    const key = (value: unknown) => JSON.stringify(value);
    const expected = [
      { type: 'fire', on: true },
      { type: 'maintenance', on: true },
      { type: 'walk', through: false },
      ...tray.map(({ id }) => ({ type: 'tap', card: id })),
    ];
    assert.equal(world.commands.map(key).sort(), expected.map(key).sort());
  }));

test('GIVEN a quiet lane WHEN the state becomes busy THEN every part shows it', () =>
  withLane(async ({ page, world }) => {
    assert.is(await textOf(page, 'sign-title'), '请刷卡');
    assert.is(await page.getByTestId('ledger-row').count(), 0);
    world.show(busyState());
    await until(async () => (await textOf(page, 'sign-title')) === '请通行');
    assert.is(await textOf(page, 'sign-advice'), '扣款 ¥2.00，余额 ¥48.00');
    assert.is(await textOf(page, 'sound'), '通过音');
    assert.is(await page.getByTestId('barrier').getAttribute('data-position'), 'open');
    assert.is(await textOf(page, 'zone'), '通道内有人');
    assert.is(await page.getByTestId('tap-row').count(), world.state().taps.length);
    assert.is(await page.getByTestId('span').count(), 10);
    assert.match(await textOf(page, 'tap-total'), /204 ms/);
    assert.is(await page.getByTestId('ledger-row').count(), world.state().ledger.length);
    assert.match(await textOf(page, 'ledger-length'), /132/);
    assert.is(await textOf(page, 'takings'), '¥128.50');
    assert.match(await textOf(page, 'tray-adult'), /感应中/);
  }));

test('GIVEN a machine WHEN its state changes THEN its chart marks the new one and no other', () =>
  withLane(async ({ page, world }) => {
    const lit = () =>
      page.evaluate('[...document.querySelectorAll(".chart .active")].map((n) => n.id).sort()');
    assert.equal(await lit(), ['state-lane-inService']);
    await page.getByTestId('tab-passage').click();
    assert.equal(await lit(), ['state-passage-closed']);
    world.show({ active: { ...world.state().active, passage: ['open.obstructed'] } });
    await until(async () => (await textOf(page, 'active-passage')) === 'open.obstructed');
    assert.equal(await lit(), ['state-passage-open', 'state-passage-open.obstructed']);
    assert.match(await textOf(page, 'moves'), /ZONE_FREE → open\.waiting/);
    await page.keyboard.press('ArrowLeft');
    await page.locator('#state-tap-idle.active').waitFor();
  }));

test('GIVEN fire or maintenance WHEN on THEN mode and switch say so, and switch off again', () =>
  withLane(async ({ page, world }) => {
    assert.is(await textOf(page, 'mode'), '正常服务');
    world.show({ fire: true, maintenance: true });
    await until(async () => (await textOf(page, 'mode')) === '火警');
    await page.getByTestId('switch-fire').click();
    await page.getByTestId('switch-maintenance').click();
    await until(() => world.commands.length === 2);
    assert.equal(world.commands, [
      { type: 'fire', on: false },
      { type: 'maintenance', on: false },
    ]);
    world.show({ fire: false, maintenance: false, active: { lane: ['outOfService'] } });
    await until(async () => (await textOf(page, 'mode')) === '暂停服务');
  }));

test('GIVEN Chinese WHEN English is chosen THEN all words change and a reload keeps it', () =>
  withLane(
    async ({ page }) => {
      assert.is(await page.locator('html').getAttribute('lang'), 'zh-CN');
      await page.getByTestId('lang-en').click();
      for (let visits = 0; visits < 2; visits += 1) {
        await page.getByTestId('sign-title').waitFor();
        assert.is(await page.locator('html').getAttribute('lang'), 'en');
        assert.is(await textOf(page, 'sign-title'), 'Please go through');
        assert.is(await textOf(page, 'mode'), 'In service');
        assert.match(await textOf(page, 'tray-adult'), /Social security card/);
        await page.reload();
      }
      await page.getByTestId('lang-zh-CN').click();
      assert.is(await textOf(page, 'sign-title'), '请通行');
    },
    { state: busyState() },
  ));

test('GIVEN a page WHEN the server ends and starts anew THEN it says so and reconnects', () =>
  withLane(
    async ({ page, world, panel }) => {
      const banner = page.getByTestId('banner');
      assert.is(await banner.isVisible(), false);
      await panel.close();
      await banner.waitFor({ state: 'visible' });
      assert.match(await banner.innerText(), /断开/);
      await page.getByTestId('tray-adult').click();
      const again = await start(world, Number(new URL(panel.url).port));
      try {
        await banner.waitFor({ state: 'hidden' });
        world.show({ takings_fen: 777 });
        await until(async () => (await textOf(page, 'takings')) === '¥7.77');
        await page.getByTestId('tray-two').click();
        await until(() => world.commands.length === 1);
        assert.equal(world.commands, [{ type: 'tap', card: 'two' }]);
      } finally {
        await again.close();
      }
    },
    { mayComplain: true },
  ));

test('GIVEN a card that left the tray WHEN tapped late THEN the refusal is shown', () =>
  withLane(async ({ page, world }) => {
    world.changeUnseen({ tray: world.state().tray.filter(({ id }) => id !== 'adult') });
    await page.getByTestId('tray-adult').click();
    await page.getByTestId('banner').waitFor({ state: 'visible' });
    assert.match(await textOf(page, 'banner'), /no such card/);
    await page.getByTestId('tray-two').click();
    await page.getByTestId('banner').waitFor({ state: 'hidden' });
    await until(() => world.commands.length === 1);
    assert.equal(world.commands, [{ type: 'tap', card: 'two' }]);
  }));

const SIGHTS: readonly [what: string, locale: string, options: VisitOptions][] = [
  ['on a desk, in Chinese', 'zh-CN', { width: 1440, height: 900 }],
  ['on a desk, in English', 'en', { width: 1440, height: 900 }],
  ['in a small window', 'en', { width: 1024, height: 768 }],
  ['on a phone, in Chinese', 'zh-CN', { width: 390, height: 844 }],
  ['on a phone, in English', 'en', { width: 390, height: 844 }],
];

for (const [what, locale, options] of SIGHTS) {
  test(`GIVEN the page ${what} WHEN busy or on fire THEN axe is content, nothing overflows`, () =>
    withLane(
      async ({ page, world }) => {
        await page.getByTestId(`lang-${locale}`).click();
        await page.evaluate(axe.source);
        for (const change of [{}, { fire: true, sign: alarm() }]) {
          world.show(change);
          const light = world.state().sign.light;
          await page.locator(`.lane.light-${light}`).waitFor();
          assert.equal(await page.evaluate(FINDINGS), []);
          assert.equal(await page.evaluate(OVERFLOWING), []);
        }
      },
      { ...options, state: busyState() },
    ));
}

function alarm(): PanelState['sign'] {
  const text = { title: '紧急疏散', advice: '请立即离开' };
  return { light: 'red', sound: 'alarm', text: { 'zh-CN': text, en: text } };
}

const FINDINGS = `axe.run().then((found) => found.violations.map((each) =>
  each.id + ': ' + each.nodes.map((node) => node.html).join(' | ')))`;

/** Panels that are wider than the window, and cards whose words do not fit on them. */
const OVERFLOWING = `[...document.querySelectorAll('.panel, .header, .face, footer')]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1
    || each.scrollWidth > each.clientWidth + 1 || (each.matches('.face')
    && each.scrollHeight > each.clientHeight + 1))
  .map((each) => each.className + ': ' + each.textContent.slice(0, 40))`;

page.run();
