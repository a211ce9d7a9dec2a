/**
 * The web page of the simulated lane: HTTP for fixed files and the current state, a WebSocket for
 * live states and commands. For one person on this machine: it listens on loopback only, and turns
 * away what another web site could send here (Host and Origin are checked, nothing inline runs).
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../firmware-bridge/ports.ts';
import { type Asset, makeAssets } from './assets.ts';
import { parseCommand } from './command.ts';
import { startPushing } from './push.ts';
import type { PanelWorld } from './state.ts';

export interface PanelOptions {
  readonly world: PanelWorld;
  readonly host: '127.0.0.1';
  /** 0 takes any free port. */
  readonly port: number;
  /** Real time, for the rate of pushes; the lane may live in another. */
  readonly clock: Clock;
}

export interface Panel {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** `pages` connected, states `skipped` for slow ones, `refused` requests and commands. */
  counters(): Readonly<Record<'pages' | 'skipped' | 'refused', number>>;
  /** Ends the server and every connection at once; may be called twice. */
  close(): Promise<void>;
}

const COMMAND_MAX_BYTES = 1_024;
const PAGES_MAX = 32;

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Rejects with an `Error` that says what to do when the port cannot be had. */
export async function startPanel(options: PanelOptions): Promise<Panel> {
  const { world, clock } = options;
  const assets = await makeAssets(world.machines);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: COMMAND_MAX_BYTES });
  const http = createServer((request, response) => {
    if (!answer(request, response, { assets, world })) refused += 1;
  });
  let refused = 0;

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const status = upgradeStatus(request, sockets.clients.size);
    if (status === null) sockets.handleUpgrade(request, socket, head, serve);
    else {
      refused += 1;
      socket.on('error', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  await listen(http, options);
  const pusher = startPushing(world, clock);

  function serve(page: WebSocket): void {
    pusher.add(page);
    page.on('close', () => pusher.remove(page));
    page.on('error', () => page.terminate());
    page.on('message', (data: RawData) => {
      const cards = world.state().tray.map((card) => card.id);
      const parsed = parseCommand(data.toString(), cards);
      if (parsed.ok) world.command(parsed.command);
      else {
        refused += 1;
        page.send(JSON.stringify({ error: parsed.error }));
      }
    });
  }

  let closing: Promise<void> | undefined;
  return {
    url: `http://${options.host}:${(http.address() as AddressInfo).port}/`,
    counters: () => ({ pages: sockets.clients.size, skipped: pusher.skipped(), refused }),
    close() {
      closing ??= new Promise((resolve) => {
        pusher.stop();
        for (const page of sockets.clients) page.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      });
      return closing;
    },
  };
}

interface Content {
  readonly assets: ReadonlyMap<string, Asset>;
  readonly world: PanelWorld;
}

/** Returns false when the request was turned away. */
function answer(request: IncomingMessage, response: ServerResponse, content: Content): boolean {
  const refuse = (status: number, text: string) => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${text}\n`);
    return false;
  };
  if (!isLoopback(request.headers.host)) {
    return refuse(403, 'open this page as http://127.0.0.1 or http://localhost');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'GET only');
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const asset =
    path === '/state.json'
      ? { type: 'application/json', body: JSON.stringify(content.world.state()) }
      : content.assets.get(path);
  if (!asset) return refuse(404, 'no such page; see / and /state.json');
  response.writeHead(200, { ...HEADERS, 'Content-Type': asset.type });
  response.end(request.method === 'HEAD' ? undefined : asset.body);
  return true;
}

/** The status line that refuses a WebSocket, or null to accept it. */
function upgradeStatus(request: IncomingMessage, pages: number): string | null {
  const { host, origin } = request.headers;
  if (request.url !== '/live') return '404 Not Found';
  if (!isLoopback(host)) return '403 Forbidden';
  // Browsers let any web site open a WebSocket to this machine: only our own page may.
  if (origin !== undefined && origin !== `http://${host}`) return '403 Forbidden';
  return pages >= PAGES_MAX ? '503 Service Unavailable' : null;
}

/** Against DNS rebinding: a foreign name that resolves to this machine is still a foreign name. */
function isLoopback(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '');
}

function listen(http: Server, { host, port }: PanelOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use by another program' : error.message;
      reject(
        new Error(
          `port ${port} on ${host}: ${why}; ` +
            `choose another with --port, such as --port ${port + 1}, or --port 0 for any free one`,
          { cause: error },
        ),
      );
    });
    http.listen(port, host, resolve);
  });
}
