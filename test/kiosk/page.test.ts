import axe from 'axe-core';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import type { KioskCommand, Slip } from '../../controller/kiosk/view.ts';
import { feature, PROGRAMS } from '../kit/feature.ts';
import { type FakeDesk, type ScreenName, screens, viewOf } from './fake-desk.ts';
import { LANDSCAPE, settled, withKiosk } from './page-bench.ts';

const page = feature('kiosk page');
const DEADLINE_MS = 120_000;
const PORTRAIT = { width: 1080, height: 1920 };

async function expectCommands(desk: FakeDesk, expected: readonly KioskCommand[]): Promise<void> {
  for (let tries = 0; desk.commands.length < expected.length && tries < 500; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(desk.commands, expected);
  desk.commands.length = 0;
}

function test(title: string, body: () => Promise<void>): void {
  page.testWith(PROGRAMS.chromium, title, body, DEADLINE_MS);
}

/** Screen, the controls to press one after the other, what the kiosk hears of it. */
const PATHS: readonly [ScreenName, readonly string[], readonly KioskCommand[]][] = [
  ['welcome', ['guide-get'], [{ type: 'guide', id: 'get' }]],
  ['welcome', ['lang-en'], [{ type: 'language', locale: 'en' }]],
  ['welcome', ['elder'], [{ type: 'elder', on: true }]],
  ['elder', ['elder'], [{ type: 'elder', on: false }]],
  ['welcome', ['contrast'], [{ type: 'contrast', high: true }]],
  ['welcome', ['sound'], [{ type: 'sound', on: false }]],
  ['welcome', ['staff'], [{ type: 'staff' }]],
  ['guide', ['guide-replace'], [{ type: 'guide', id: 'replace' }]],
  ['guide', ['back'], [{ type: 'back' }]],
  ['unreadable', ['back'], [{ type: 'back' }]],
  ['card', ['service-balance'], [{ type: 'service', service: 'balance' }]],
  ['card', ['service-validity'], [{ type: 'service', service: 'validity' }]],
  ['card', ['service-insurance'], [{ type: 'service', service: 'insurance' }]],
  ['card', ['finish'], [{ type: 'finish' }]],
  ['card', ['reveal', 'reveal-yes'], [{ type: 'reveal', on: true }]],
  ['card', ['reveal', 'reveal-no'], []],
  ['card-revealed', ['reveal'], [{ type: 'reveal', on: false }]],
  ['card', ['print'], [preview('information')]],
  ['card-balance', ['print'], [preview('balance')]],
  ['card-validity', ['print'], [preview('validity')]],
  ['print-preview', ['print-go'], [{ type: 'print', what: 'information', full: false }]],
  ['print-preview', ['print-full'], [preview('information', true)]],
  ['print-preview', ['print-no'], [{ type: 'back' }]],
  ['print-preview-full', ['print-go'], [{ type: 'print', what: 'information', full: true }]],
  ['print-preview-full', ['print-masked'], [preview('information')]],
  ['card-guided', ['guide-get'], [{ type: 'guide', id: 'get' }]],
  ['card-pay', ['item-registration'], [{ type: 'pay', item: 'registration' }]],
  ['confirm-pay', ['confirm'], [{ type: 'confirm' }]],
  ['confirm-pay', ['back'], [{ type: 'back' }]],
  ['paying-tap-again', ['finish'], [{ type: 'finish' }]],
  ['paid', ['receipt'], [preview('receipt')]],
  ['paid-refused', ['back'], [{ type: 'back' }]],
  ['printed', ['back'], [{ type: 'back' }]],
  ['printed', ['finish'], [{ type: 'finish' }]],
  ['pin', ['key-1', 'key-0', 'key-clear', 'key-enter'], keys('1', '0', 'clear', 'enter')],
  ['pin-last-try', ['confirm'], [{ type: 'confirm' }]],
  ['pin-last-try', ['back'], [{ type: 'back' }]],
  ['service-code', ['key-9', 'key-enter'], keys('9', 'enter')],
  ['maintenance', ['finish'], [{ type: 'finish' }]],
  ['idle-warning', ['stay'], [{ type: 'stay' }]],
  ['idle-warning', ['idle-finish'], [{ type: 'finish' }]],
];

function preview(what: Slip, full = false): KioskCommand {
  return { type: 'preview', what, full };
}

function keys(...pressed: readonly Extract<KioskCommand, { type: 'key' }>['key'][]) {
  return pressed.map((key) => ({ type: 'key', key }) as const);
}

for (const [size, viewport] of [
  ['1280x800', LANDSCAPE],
  ['1080x1920', PORTRAIT],
] as const) {
  test(`GIVEN a ${size} screen WHEN each control is touched THEN the kiosk hears of it`, () =>
    withKiosk(async ({ page, desk, show }) => {
      for (const [name, controls, commands] of PATHS) {
        await show('take-card');
        await show(name);
        for (const control of controls) await page.getByTestId(control).click();
        await settled(page);
        await expectCommands(desk, commands);
      }
    }, viewport));
}

/** Screen, keys of the keypad or keyboard, what the kiosk hears. */
const KEYED: readonly [ScreenName, readonly string[], readonly KioskCommand[]][] = [
  ['welcome', ['2'], [{ type: 'guide', id: 'replace' }]],
  ['guide', ['Escape'], [{ type: 'back' }]],
  ['card', ['3'], [{ type: 'service', service: 'validity' }]],
  ['card', ['7', '1'], [{ type: 'reveal', on: true }]],
  ['card', ['7', 'Escape'], []],
  ['card', ['8'], [preview('information')]],
  ['card-guided', ['6'], [{ type: 'guide', id: 'get' }]],
  ['print-preview', ['1'], [{ type: 'print', what: 'information', full: false }]],
  ['print-preview', ['2'], [preview('information', true)]],
  ['print-preview-full', ['1'], [{ type: 'print', what: 'information', full: true }]],
  ['print-preview', ['3'], [{ type: 'back' }]],
  ['print-preview', ['Escape'], [{ type: 'back' }]],
  ['print-preview-idle', ['1'], [{ type: 'stay' }]],
  ['card', ['9'], [{ type: 'finish' }]],
  ['card-pay', ['Tab', 'Tab', 'Tab'], []],
  ['confirm-pay', ['1'], [{ type: 'confirm' }]],
  ['confirm-pay', ['Escape'], [{ type: 'back' }]],
  ['paid', ['8'], [preview('receipt')]],
  ['pin', ['1', '2', 'Backspace', 'Enter'], keys('1', '2', 'clear', 'enter')],
  ['pin', ['Escape'], [{ type: 'back' }]],
  ['pin-last-try', ['Escape'], [{ type: 'back' }]],
  ['idle-warning', ['1'], [{ type: 'stay' }]],
  ['idle-warning', ['Escape'], [{ type: 'stay' }]],
];

test('GIVEN a keypad alone WHEN digits and Escape are pressed THEN every path can be gone', () =>
  withKiosk(async ({ page, desk, show }) => {
    for (const [name, pressed, commands] of KEYED) {
      await show('take-card');
      await show(name);
      await page.evaluate('document.activeElement.blur()');
      for (const key of pressed) {
        await page.keyboard.press(key);
        await settled(page);
      }
      await settled(page);
      await expectCommands(desk, commands);
    }
  }));

const LOOKS = [{}, { elder: true }, { highContrast: true }];
const ALL = Object.keys(screens('en')) as ScreenName[];

test('GIVEN only Tab and Enter WHEN each screen is walked THEN every button is reached', () =>
  withKiosk(async ({ page, show }) => {
    for (const name of ALL) {
      await show('take-card');
      await show(name);
      const wanted = await page.evaluate<string[]>(REACHABLE);
      const reached = new Set<unknown>();
      for (let presses = 0; presses < wanted.length + 8; presses += 1) {
        await page.keyboard.press('Tab');
        reached.add(await page.evaluate('document.activeElement?.dataset?.testid'));
      }
      const missed = wanted.filter((id) => !reached.has(id));
      assert.equal(missed, [], name);
    }
  }));

const REACHABLE = `[...([...document.querySelectorAll('dialog[open]')].at(-1) ?? document)
  .querySelectorAll('button:not(:disabled)')].map((each) => each.dataset.testid)`;

const SIGHTS = [
  ['1280x800 in Chinese', 'zh-CN', LANDSCAPE],
  ['1280x800 in English', 'en', LANDSCAPE],
  ['1080x1920 in Chinese', 'zh-CN', PORTRAIT],
  ['1080x1920 in English', 'en', PORTRAIT],
] as const;

for (const [what, language, size] of SIGHTS) {
  test(`GIVEN ${what} WHEN each screen shows, in large text or high contrast THEN all fits`, () =>
    withKiosk(
      async ({ page, show }) => {
        for (const look of LOOKS) {
          for (const name of ALL) {
            await show(name, { ...viewOf(name, language), ...look });
            assert.equal(await page.evaluate(CUT_OFF), [], `${name} ${Object.keys(look)}`);
          }
        }
      },
      { ...size, language },
    ));
}

// Large text, language and shape change sizes alone, not colours and names.
test('GIVEN plain colours and high contrast WHEN axe looks at each screen THEN it is content', () =>
  withKiosk(async ({ page, show }) => {
    await page.evaluate(axe.source);
    for (const highContrast of [false, true]) {
      for (const name of ALL) {
        await show(name, { highContrast });
        assert.equal(await page.evaluate(FINDINGS), [], `${name} ${highContrast}`);
      }
    }
  }));

const FINDINGS = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(
  (each) => each.id + ': ' + each.nodes.map((node) => node.html).join(' | ')))`;

/** What does not fit into its place, or lies outside the window; some lists scroll on purpose. */
const CUT_OFF = `[...document.querySelectorAll(
    '.header, .screen, .footer, .panel, .notice, .side, .present, .code, button, dialog')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1
    || each.scrollHeight > each.clientHeight + 1
    || each.getBoundingClientRect().bottom > innerHeight + 1
    || each.getBoundingClientRect().right > innerWidth + 1)
  .filter((each) => !each.closest('.scroll-box'))
  .map((each) => each.className + ': ' + each.textContent.slice(0, 40))`;

test('GIVEN a touch screen WHEN buttons are measured THEN a finger hits each of them', () =>
  withKiosk(async ({ page, show }) => {
    for (const name of ALL) {
      await show(name);
      assert.equal(await page.evaluate(SMALL), [], name);
    }
  }));

/** 44 CSS pixels: WCAG 2.1, 2.5.5 target size. */
const SMALL = `[...document.querySelectorAll('button')].filter((each) => {
  const { width, height } = each.getBoundingClientRect();
  return width < 44 || height < 44;
}).map((each) => each.dataset.testid)`;

test('GIVEN a payment without a receipt WHEN its result shows THEN no button offers one', () =>
  withKiosk(async ({ page, show }) => {
    for (const [name, offers] of [
      ['paid', 1],
      ['paid-uncertain', 1],
      ['paid-refused', 0],
      ['paid-unproved', 0],
    ] as const) {
      await show(name);
      assert.is(await page.getByTestId('receipt').count(), offers, name);
    }
  }));

test('GIVEN a person on the screen WHEN the line is cut THEN nothing of him stays', () =>
  withKiosk(
    async ({ page, server, show }) => {
      await show('card-revealed');
      assert.match(await page.content(), /330203195001010018/);
      await server.close();
      await page.getByTestId('connecting').waitFor();
      assert.not.match(await page.content(), /330203|测试甲/);
      assert.equal(await page.evaluate(KEPT), NOTHING_KEPT);
    },
    { mayComplain: true },
  ));

/** From the welcome to the card taken back. */
const ORDINARY: readonly ScreenName[] = [
  ...(['reading', 'card', 'card-revealed', 'card-balance', 'pin-typed', 'card-insurance'] as const),
  ...(['print-preview-full', 'printing', 'printed', 'take-card', 'welcome'] as const),
];

test('GIVEN an ordinary session WHEN it is over THEN the browser keeps nothing of it', () =>
  withKiosk(async ({ page, requests, show }) => {
    for (const name of ORDINARY) await show(name);
    assert.not.match(await page.content(), /330203|测试甲|data:image/);
    assert.equal(await page.evaluate(KEPT), NOTHING_KEPT);
    const asked = requests.filter((address) => !address.startsWith('data:'));
    assert.equal(
      asked.filter((address) => !/speech|live|[/](app|style|icon)|[/]$/.test(address)),
      [],
    );
  }));

const KEPT = `Promise.all([indexedDB.databases(), caches.keys()]).then(([databases, stores]) => ({
  local: localStorage.length, session: sessionStorage.length, cookie: document.cookie,
  databases: databases.length, stores: stores.length, history: history.length,
  state: history.state }))`;
/** `about:blank` and the page itself stand in the history. */
const NOTHING_KEPT = {
  ...{ local: 0, session: 0, cookie: '', databases: 0, stores: 0 },
  ...{ history: 2, state: null },
};

test('GIVEN sound WHEN a new prompt comes THEN it is fetched, once, unless sound is off', () =>
  withKiosk(async ({ requests, show }) => {
    const spoken = () => requests.filter((address) => address.includes('/speech/'));
    const before = spoken().length;
    await show('card', { says: { id: 'zh-CN.card', prompt: '卡片信息' } });
    await show('card', { says: { id: 'zh-CN.card', prompt: '卡片信息' } });
    await show('card', { says: { id: 'zh-CN.take', prompt: '请取卡' }, sound: false });
    assert.is(spoken().length, before + 1);
    assert.match(spoken().at(-1) ?? '', /zh-CN\.card$/);
  }));

test('GIVEN 适老 WHEN a prompt is played THEN it is spoken slower, at its own pitch', () =>
  withKiosk(async ({ page, show }) => {
    await page.evaluate(HEARD);
    await show('card', { says: { id: 'zh-CN.card.1', prompt: '一' } });
    await show('card', { elder: true, pace: 0.8, says: { id: 'zh-CN.card.2', prompt: '二' } });
    await show('card', { says: { id: 'zh-CN.card.3', prompt: '三' } });
    const plain = [1, true];
    assert.equal(await page.evaluate('window.heard'), [plain, [0.8, true], plain]);
  }));

/** What is played from now on: speed and whether the pitch is kept. */
const HEARD = `window.heard = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    window.heard.push([this.playbackRate, this.preservesPitch]);
    return play.call(this);
  };`;

test('GIVEN a long list WHEN the big arrow is pressed THEN the rest comes into sight', () =>
  withKiosk(async ({ page, show }) => {
    await show('card', { elder: true });
    const last = page.getByText('卡识别码');
    assert.not(await inSight(last));
    for (let turns = 0; turns < 4 && !(await inSight(last)); turns += 1) {
      await page.getByTestId('more').click();
      await page.waitForTimeout(50);
    }
    assert.ok(await inSight(last));
    assert.ok(await page.getByTestId('less').isEnabled());
  }));

test('GIVEN a slip longer than its place WHEN looked at THEN the big arrow shows the rest', () =>
  withKiosk(async ({ page, show }) => {
    await show('print-preview');
    const slip = page.locator('.slip');
    const bottom = () => slip.evaluate((node) => node.getBoundingClientRect().bottom);
    const before = await bottom();
    const dialog = page.getByTestId('ask-print');
    await dialog.getByTestId('more').click();
    await page.waitForTimeout(50);
    assert.ok((await bottom()) < before);
    assert.ok(await dialog.getByTestId('less').isEnabled());
  }));

/** Where its arrows made the slip narrower, and thereby short enough to need none. */
test('GIVEN a slip that nearly fits WHEN looked at THEN nothing flickers', () =>
  withKiosk(
    async ({ page, show }) => {
      await show('print-preview');
      await page.waitForTimeout(200);
      assert.is(await page.evaluate(CHANGES), 0);
    },
    { width: 1080, height: 2240 },
  ));

const CHANGES = `new Promise((tell) => {
  let changes = 0;
  const watch = new MutationObserver((each) => { changes += each.length; });
  watch.observe(document.querySelector('dialog'),
    { subtree: true, childList: true, attributes: true });
  setTimeout(() => tell(changes), 300);
})`;

function inSight(part: ReturnType<Page['getByText']>): Promise<boolean> {
  return part.evaluate((node) => {
    const { top, bottom } = node.getBoundingClientRect();
    const box = node.closest('.scroll-box')?.getBoundingClientRect();
    return !!box && top >= box.top - 1 && bottom <= box.bottom + 1;
  });
}

page.run();
