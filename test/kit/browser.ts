/** A real Chromium for tests of pages: headless, fresh profile, gone afterwards. */

import { spawnSync } from 'node:child_process';
import { chromium, type Page } from 'playwright-core';

export interface Visit {
  readonly page: Page;
  /** What the page wrote to the console as a warning or error, and what it threw. */
  readonly complaints: readonly string[];
  /** Every address that was asked for. */
  readonly requests: readonly string[];
}

export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens `url`, hands the page to `body`, and ends the browser whatever happens. */
export async function withPage(
  url: string,
  body: (visit: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  const { width = 1440, height = 900, reducedMotion = 'reduce' } = options;
  const complaints: string[] = [];
  const requests: string[] = [];
  const found = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  const browser = await chromium.launch({ executablePath: found.stdout.trim(), args: ARGS });
  try {
    const page = await browser.newPage({ viewport: { width, height }, reducedMotion });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    page.on('websocket', (socket) => requests.push(socket.url()));
    await page.goto(url);
    await body({ page, complaints, requests });
  } finally {
    await browser.close();
  }
}
