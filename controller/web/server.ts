/**
 * A small web server for one person on this machine: HTTP for files, a WebSocket for live states
 * and commands. It listens on loopback only, and turns away what another web site could send here
 * (Host and Origin are checked, nothing inline runs).
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../firmware-bridge/ports.ts';
import { type Source, startPushing } from './push.ts';

export interface Asset {
  readonly type: string;
  readonly body: string | Buffer;
}

export interface WebOptions {
  readonly host: '127.0.0.1';
  /** 0 takes any free port. */
  readonly port: number;
  /** How the person who started the program chooses a port, e.g. `--port`. */
  readonly portOption: string;
  /** Real time, for the rate of pushes. */
  readonly clock: Clock;
  /** Fixed files by path. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** What is made when it is asked for; null: there is no such page. */
  readonly answer?: (path: string) => Asset | null | Promise<Asset | null>;
  /** States that go out over `/live`. */
  readonly source: Source;
  /** A text that came over `/live`; returns what is wrong with it, or null. */
  readonly take: (text: string) => string | null;
  /** Pages that may be open at once. */
  readonly pages_max: number;
  /** Further sources for the Content-Security-Policy, e.g. `img-src: 'self' data:`. */
  readonly policy?: Readonly<Record<string, string>>;
}

export interface WebServer {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** `pages` connected, states `skipped` for slow ones, `refused` requests and commands. */
  counters(): Readonly<Record<'pages' | 'skipped' | 'refused', number>>;
  /** Ends the server and every connection at once; may be called twice. */
  close(): Promise<void>;
}

const COMMAND_MAX_BYTES = 1_024;

const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Rejects with an `Error` that says what to do when the port cannot be had. */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const { source, clock, take, pages_max } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: COMMAND_MAX_BYTES });
  let refused = 0;
  const http = createServer((request, response) => {
    void answer(request, response, options).then((answered) => {
      if (!answered) refused += 1;
    });
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const status = upgradeStatus(request, pages_max - sockets.clients.size);
    if (status === null) sockets.handleUpgrade(request, socket, head, serve);
    else {
      refused += 1;
      socket.on('error', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  await listen(http, options);
  const pusher = startPushing(source, clock);

  function serve(page: WebSocket): void {
    pusher.add(page);
    page.on('close', () => pusher.remove(page));
    page.on('error', () => page.terminate());
    page.on('message', (data: RawData) => {
      const error = take(data.toString());
      if (error === null) return;
      refused += 1;
      page.send(JSON.stringify({ error }));
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

/** Resolves with false when the request was turned away. Never rejects. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: WebOptions,
): Promise<boolean> {
  const headers = { ...HEADERS, 'Content-Security-Policy': policyOf(options) };
  const refuse = (status: number, text: string) => {
    response.writeHead(status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${text}\n`);
    return false;
  };
  if (!isLoopback(request.headers.host)) {
    return refuse(403, 'open this page as http://127.0.0.1 or http://localhost');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'GET only');
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const asset = options.assets.get(path) ?? (await made(path, options));
  if (!asset) return refuse(404, 'no such page; begin at /');
  response.writeHead(200, { ...headers, 'Content-Type': asset.type });
  response.end(request.method === 'HEAD' ? undefined : asset.body);
  return true;
}

async function made(path: string, options: WebOptions): Promise<Asset | null> {
  try {
    return (await options.answer?.(path)) ?? null;
  } catch {
    return null;
  }
}

function policyOf({ policy = {} }: WebOptions): string {
  return Object.entries({ ...POLICY, ...policy })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}

/** The status line that refuses a WebSocket, or null to accept it. */
function upgradeStatus(request: IncomingMessage, room: number): string | null {
  const { host, origin } = request.headers;
  if (request.url !== '/live') return '404 Not Found';
  if (!isLoopback(host)) return '403 Forbidden';
  // Browsers let any web site open a WebSocket to this machine: only our own page may.
  if (origin !== undefined && origin !== `http://${host}`) return '403 Forbidden';
  return room <= 0 ? '503 Service Unavailable' : null;
}

/** Against DNS rebinding: a foreign name that resolves to this machine is still a foreign name. */
function isLoopback(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '');
}

function listen(http: Server, { host, port, portOption }: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use by another program' : error.message;
      reject(
        new Error(
          `port ${port} on ${host}: ${why}; choose another with ${portOption}, ` +
            `such as ${portOption} ${port + 1}, or ${portOption} 0 for any free one`,
          { cause: error },
        ),
      );
    });
    http.listen(port, host, resolve);
  });
}
