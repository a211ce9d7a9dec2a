/** The kiosk's page in Chromium, on a scripted desk. */

import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { makeAssets } from '../../controller/kiosk/screen/assets.ts';
import { startScreen } from '../../controller/kiosk/screen/server.ts';
import type { WebServer } from '../../controller/web/server.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { type Visit, type VisitOptions, withPage } from '../kit/browser.ts';
import { createFakeDesk, type FakeDesk, type ScreenName, viewOf } from './fake-desk.ts';

export const LANDSCAPE = { width: 1280, height: 800 };

interface Stage extends Visit {
  readonly desk: FakeDesk;
  readonly server: WebServer;
  /** Shows a scripted view and waits until it is there. */
  show(name: ScreenName, change?: Parameters<FakeDesk['show']>[0]): Promise<void>;
}

/** Opens the kiosk's page on a scripted desk; afterwards nothing may have left the machine. */
export async function withKiosk(
  body: (stage: Stage) => Promise<void>,
  options: VisitOptions & { mayComplain?: boolean; language?: 'zh-CN' | 'en' } = {},
): Promise<void> {
  const { language = 'zh-CN', mayComplain = false, ...visitOptions } = options;
  const desk = createFakeDesk(language);
  const assets = await makeAssets();
  const server = await startScreen({
    desk,
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    assets,
  });
  try {
    await withPage(
      server.url,
      async (visit) => {
        const shown = visit.page.getByTestId('screen');
        await shown.waitFor();
        const show: Stage['show'] = async (name, change = {}) => {
          const view = { ...viewOf(name, language), ...change };
          desk.show(view);
          await visit.page.locator(`[data-screen="${view.screen.kind}"]`).waitFor();
          await settled(visit.page);
        };
        await body({ ...visit, desk, server, show });
        if (!mayComplain) assert.equal(visit.complaints, []);
        const { host } = new URL(server.url);
        for (const address of visit.requests) {
          if (!address.startsWith('data:')) assert.is(new URL(address).host, host, address);
        }
      },
      { ...LANDSCAPE, ...visitOptions },
    );
  } finally {
    await server.close();
  }
}

/** Two frames: what was sent is drawn. */
export function settled(on: Page): Promise<unknown> {
  return on.evaluate('new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))');
}
