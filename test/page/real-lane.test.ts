/** The page over the real simulated lane: every card of the tray is tapped in Chromium. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import type { PanelState, TapView } from '../../sim/panel/state.ts';
import { withPage } from '../kit/browser.ts';
import { feature, PROGRAMS } from '../kit/feature.ts';

const lane = feature('page of the simulated lane');

/** Tray card → what the flat lane says to it, and what it takes. */
const EXPECTED: Readonly<Record<string, readonly [message: string, amount_fen: number | null]>> = {
  adult: ['pass', 200],
  elderly: ['pass-free', 0],
  disabled: ['pass-free', 0],
  student: ['pass-concession', 100],
  'low-balance': ['insufficient', null],
  expired: ['expired', null],
  blacklisted: ['listed-lost', null],
  superseded: ['listed-superseded', null],
  'generation-2': ['unseen', null],
  'foreign-city': ['pass', 200],
  'local-only-foreign': ['not-interoperable', null],
  tdes: ['pass', 200],
  torn: ['retry-same-card', null],
  two: ['several-cards', null],
  bank: ['unsupported-card', null],
  mifare: ['unsupported-card', null],
  forged: ['mac2-wrong', null],
};

lane.testWith(
  PROGRAMS.chromium,
  'GIVEN a started lane WHEN every card of the tray is tapped THEN each gets its answer',
  () =>
    withStation(async (url, page) => {
      for (const [id, [message, amount_fen]] of Object.entries(EXPECTED)) {
        const tap = await tapCard(url, page, id);
        assert.equal([id, tap.message, tap.amount_fen], [id, message, amount_fen]);
        if (message !== 'unseen') {
          await page
            .getByTestId('tap-row')
            .first()
            .locator('b', { hasText: titleOf(tap) })
            .waitFor();
        }
      }
      const { tray, takings_fen } = await stateOf(url);
      assert.equal(tray.map(({ id }) => id).sort(), Object.keys(EXPECTED).sort());
      assert.is(takings_fen, 700);
    }),
  120_000,
);

lane.testWith(
  PROGRAMS.chromium,
  'GIVEN a torn tap WHEN the same card comes again THEN it passes and pays once',
  () =>
    withStation(async (url, page) => {
      assert.is((await tapCard(url, page, 'torn')).message, 'retry-same-card');
      const again = await tapCard(url, page, 'torn');
      assert.is(again.message, 'pass-recovered');
      assert.is(again.balance_fen, 4_800);
      assert.is((await stateOf(url)).takings_fen, 200);
      await settled(url);
      assert.is((await tapCard(url, page, 'torn')).message, 'passback');
      await page.getByTestId('skip').click();
      assert.is((await tapCard(url, page, 'torn')).message, 'retry-same-card');
    }),
  60_000,
);

lane.testWith(
  PROGRAMS.chromium,
  'GIVEN a passenger who stands still WHEN fire breaks out THEN the gate opens and nobody pays',
  () =>
    withStation(async (url, page) => {
      await page.getByTestId('switch-fire').click();
      await until(url, ({ barrier }) => barrier.position === 'open');
      assert.equal((await stateOf(url)).active.lane, ['emergency']);
      await page.getByTestId('switch-fire').click();
      await until(url, ({ active }) => active.lane?.[0] === 'inService');
      assert.is((await tapCard(url, page, 'adult')).message, 'pass');
    }),
  60_000,
);

lane.run();

async function withStation(body: (url: string, page: Page) => Promise<void>): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'tapway-page-'));
  const args = ['--import', 'tsx', 'sim/cli.ts', '--no-timing', '--port', '0', '--data', data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await addressOf(child);
    await withPage(url, async ({ page, complaints }) => {
      await page.getByTestId('tray-adult').waitFor();
      await body(url, page);
      assert.equal(complaints, []);
    });
  } finally {
    child.kill('SIGINT');
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(data, { recursive: true });
  }
}

/** Reads on afterwards: a lane whose output nobody takes any more ends. */
function addressOf({ stdout }: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
      if (found) resolve(found[0]);
    });
    stdout?.on('end', () => reject(new Error(`ended before it said where its page is: ${said}`)));
  });
}

function titleOf({ title, message }: TapView): string {
  return title?.['zh-CN'] ?? message;
}

/** Clicks a card and waits for the row that this tap adds. */
async function tapCard(url: string, page: Page, id: string): Promise<TapView> {
  const before = (await stateOf(url)).taps[0]?.id ?? 0;
  await page.getByTestId(`tray-${id}`).click();
  const { taps } = await until(url, ({ taps }) => (taps[0]?.id ?? 0) > before);
  await settled(url);
  const [tap] = taps;
  if (!tap) throw new Error('no tap');
  return tap;
}

async function settled(url: string): Promise<void> {
  const shut = ({ active, tray }: PanelState) =>
    active.passage?.[0] === 'closed' && tray.every(({ inField }) => !inField);
  await until(url, shut);
}

async function stateOf(url: string): Promise<PanelState> {
  const answer = await fetch(`${url}state.json`);
  return (await answer.json()) as PanelState;
}

/** Fails with what the lane says, so that a stuck lane can be understood. */
async function until(url: string, reached: (state: PanelState) => boolean): Promise<PanelState> {
  const end_ms = performance.now() + 15_000;
  for (;;) {
    const state = await stateOf(url);
    if (reached(state)) return state;
    if (performance.now() > end_ms) {
      const { active, barrier, taps, tray } = state;
      const inField = tray.filter((card) => card.inField).map(({ id }) => id);
      throw new Error(`stuck: ${JSON.stringify({ active, barrier, tap: taps[0], inField })}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
