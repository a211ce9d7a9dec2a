/** The page around the simulated kiosk: tray, kiosk in a frame, paper. */

import { fileURLToPath } from 'node:url';
import { bundle } from '../../controller/web/bundle.ts';
import { type Asset, startWebServer, type WebServer } from '../../controller/web/server.ts';
import { htmlShell } from '../../controller/web/shell.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import { parseStageCommand } from './command.ts';
import type { Stage } from './stage.ts';

export interface StageServerOptions {
  readonly stage: Stage;
  readonly port: number;
  readonly clock: Clock;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#0d5c63"/>
<rect x="6" y="10" width="20" height="13" rx="2" fill="none" stroke="#fff" stroke-width="2.6"/>
</svg>
`;

/** Pages of this machine that may show the kiosk in a frame. */
export const STAGE_ORIGINS = 'http://127.0.0.1:* http://localhost:*';
const PAGES_MAX = 8;

/** Rejects with an `Error` that says what to do when the port cannot be had. */
export async function startStage({ stage, port, clock }: StageServerOptions): Promise<WebServer> {
  return startWebServer({
    ...{ port, clock, host: '127.0.0.1', portOption: '--port', pages_max: PAGES_MAX },
    assets: new Map<string, Asset>([
      ['/', { type: 'text/html; charset=utf-8', body: htmlShell('tapway kiosk') }],
      ['/icon.svg', { type: 'image/svg+xml', body: ICON }],
      ['/app.js', { type: 'text/javascript; charset=utf-8', body: bundle(local('page/main.tsx')) }],
      ['/style.css', { type: 'text/css; charset=utf-8', body: bundle(local('page/style.css')) }],
    ]),
    answer(path) {
      if (path === '/state.json')
        return { type: 'application/json', body: JSON.stringify(stage.state()) };
      return path === '/paper.svg' ? { type: 'image/svg+xml', body: stage.paper() } : null;
    },
    policy: { 'frame-src': STAGE_ORIGINS },
    source: stage,
    take(text) {
      const parsed = parseStageCommand(text);
      if (parsed.ok) stage.command(parsed.command);
      return parsed.ok ? null : parsed.error;
    },
  });
}

function local(entry: string): string {
  return fileURLToPath(new URL(entry, import.meta.url));
}
