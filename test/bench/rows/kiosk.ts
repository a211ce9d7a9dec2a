import { gzipSync } from 'node:zlib';
import { makeAssets } from '../../../controller/kiosk/screen/assets.ts';
import { startScreen } from '../../../controller/kiosk/screen/server.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { withPage } from '../../kit/browser.ts';
import { isInstalled, PROGRAMS } from '../../kit/feature.ts';
import { type BenchKiosk, startBenchKiosk } from '../kit/kiosk.ts';
import { figureOf, type Line, lineOf, quantilesOf, type Row } from '../measure.ts';

const CHROMIUM = PROGRAMS.chromium;

export const kiosk: Row = {
  name: 'kiosk',
  what: 'card presented to information in the view, without card and HSM; the page in Chromium',
  lacking: () => (isInstalled(CHROMIUM.command) ? null : CHROMIUM.install),
  async run({ quick }) {
    const bench = await startBenchKiosk();
    try {
      return [await share(bench, quick), ...(await page(bench, quick))];
    } finally {
      await bench.close();
    }
  },
};

async function share(bench: BenchKiosk, quick: boolean): Promise<Line> {
  const rounds: number[][] = [];
  for (let round = 0; round <= (quick ? 3 : 10); round += 1) {
    const times: number[] = [];
    for (let card = 0; card < (quick ? 20 : 100); card += 1) {
      times.push(await bench.insert());
      await bench.pull();
    }
    // The first round warms up.
    if (round > 0) rounds.push(times);
  }
  return lineOf('kiosk, own share: card to view', 'ms', {
    ...quantilesOf(rounds),
    target: { p99: 30 },
  });
}

/** First paint from the request, interaction from the finger to the next frame with its answer. */
async function page(bench: BenchKiosk, quick: boolean): Promise<Line[]> {
  const assets = await makeAssets();
  const script = Buffer.from(assets.get('/app.js')?.body ?? '');
  const { desk } = bench;
  const screen = await startScreen({
    ...{ desk, host: '127.0.0.1', port: 0, clock: systemClock, assets },
  });
  const paints: number[] = [];
  const taps: number[] = [];
  try {
    await withPage(screen.url, async ({ page }) => {
      for (let visit = 0; visit < (quick ? 5 : 20); visit += 1) {
        await page.reload();
        await page.getByTestId('welcome').waitFor();
        paints.push(await page.evaluate<number>(FIRST_PAINT));
      }
      for (let tap = 0; tap < (quick ? 20 : 100); tap += 1) {
        taps.push(await page.evaluate<number>(INTERACTION));
      }
    });
  } finally {
    await screen.close();
  }
  return [
    figureOf('kiosk page, first paint', 'ms', { values: paints, target: { p50: 300 } }),
    lineOf('kiosk page, touch to its answer on screen', 'ms', {
      ...quantilesOf([taps]),
      target: { p99: 50 },
    }),
    figureOf('kiosk page, script, gzip', 'kB', {
      values: [gzipSync(script).length / 1_000],
      target: { p50: 60 },
    }),
  ];
}

const FIRST_PAINT = `new Promise((resolve) => {
  const look = () => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    if (paint) resolve(paint.startTime); else setTimeout(look, 5);
  };
  look();
})`;

/** Large text on and off: the command goes to the controller, the new view comes and is drawn. */
const INTERACTION = `new Promise((resolve) => {
  const button = document.querySelector('[data-testid="elder"]');
  const was = button.getAttribute('aria-pressed');
  const from = performance.now();
  button.click();
  const look = () => {
    if (document.querySelector('[data-testid="elder"]').getAttribute('aria-pressed') === was) {
      requestAnimationFrame(look);
    } else requestAnimationFrame(() => resolve(performance.now() - from));
  };
  look();
})`;
