/**
 * The kiosk's screen as a web page for the browser on the same machine: fixed files, the newest
 * view over `/live`, spoken prompts under `/speech/<id>`. One page at a time: a second one would
 * be somebody else who looks on.
 */

import type { Clock } from '../../../firmware-bridge/ports.ts';
import { type Asset, startWebServer, type WebServer } from '../../web/server.ts';
import type { KioskDesk } from '../view.ts';
import { parseCommand } from './command.ts';

export interface ScreenOptions {
  readonly desk: KioskDesk;
  readonly host: '127.0.0.1';
  /** 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  /** The page's files; see `makeAssets`. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** Pages that may be open at once; 1 on a real kiosk. */
  readonly pages_max?: number;
  /** Who may show this page in a frame; nobody on a real kiosk. */
  readonly framedBy?: string;
}

const SPEECH = '/speech/';

/** Rejects with an `Error` that says what to do when the port cannot be had. */
export async function startScreen(options: ScreenOptions): Promise<WebServer> {
  const { desk, host, port, clock, assets, pages_max = 1, framedBy } = options;
  return startWebServer({
    ...{ host, port, clock, assets, pages_max, portOption: 'screen.port' },
    policy: {
      // The photo on the card comes with the view.
      'img-src': "'self' data:",
      'media-src': "'self'",
      ...(framedBy !== undefined && { 'frame-ancestors': framedBy }),
    },
    answer: (path) => (path.startsWith(SPEECH) ? speech(desk, path.slice(SPEECH.length)) : null),
    source: { state: () => desk.view(), onChange: (listener) => desk.onChange(listener) },
    take(text) {
      const parsed = parseCommand(text);
      if (parsed.ok) desk.command(parsed.command);
      return parsed.ok ? null : parsed.error;
    },
  });
}

async function speech(desk: KioskDesk, id: string) {
  const wav = await desk.speech(id);
  return wav && { type: 'audio/wav', body: wav };
}
