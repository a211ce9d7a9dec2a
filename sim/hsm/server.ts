/** A virtual HSM on a TCP port of this machine: lines in, lines out, faults of a network. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import { answerLine, refusal } from './requests.ts';

/**
 * mute: takes requests, never answers; slow: answers after `slow_ms`; refusing: knows the request
 * and declines; wrongAnswer: data of the right form, but false; cut: the connection breaks in the
 * middle of the answer.
 */
export const HSM_FAULTS = ['none', 'mute', 'slow', 'refusing', 'wrongAnswer', 'cut'] as const;

export type HsmFault = (typeof HSM_FAULTS)[number];

export interface HsmOptions {
  readonly clock: Clock;
  /** Default 5000. */
  readonly slow_ms?: number;
  /** PEM of a certificate and its key; absent: plain TCP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface VirtualHsm {
  /** @param port 0 for any free one; resolves to the one taken */
  listen(port: number): Promise<number>;
  /** Holds from the next request on. */
  setFault(fault: HsmFault): void;
  /** Requests since the beginning. */
  readonly requests: number;
  /** Connections break, the port is free. */
  close(): Promise<void>;
}

const LINE_MAX = 512;

export function createVirtualHsm({ clock, tls, slow_ms = 5_000 }: HsmOptions): VirtualHsm {
  const lines = new Set<Socket>();
  const late = new Set<Timer>();
  const server = tls ? createTlsServer(tls, serve) : createServer({ noDelay: true }, serve);
  let fault: HsmFault = 'none';
  let requests = 0;
  server.on('connection', (line: Socket) => {
    lines.add(line);
    line.on('close', () => lines.delete(line));
  });

  function serve(socket: Socket): void {
    let rest = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      rest += text;
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        respond(socket, rest.slice(0, end));
        rest = rest.slice(end + 1);
      }
      if (rest.length > LINE_MAX) socket.end(`${refusal('01', 'the line has no end')}\n`);
    });
  }

  function respond(socket: Socket, line: string): void {
    requests += 1;
    const told = `${answerLine(line)}\n`;
    const write = (text: string) => {
      if (socket.writable) socket.write(text);
    };
    switch (fault) {
      case 'none':
        write(told);
        break;
      case 'mute':
        break;
      case 'slow':
        late.add(clock.setTimeout(() => write(told), slow_ms));
        break;
      case 'refusing':
        write(`${refusal('04', 'not for this terminal')}\n`);
        break;
      case 'wrongAnswer':
        write(spoilt(told));
        break;
      case 'cut':
        socket.write(told.slice(0, 5), () => socket.destroy());
        break;
    }
  }

  return {
    async listen(port) {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return address && typeof address === 'object' ? address.port : port;
    },
    setFault(next) {
      fault = next;
    },
    get requests() {
      return requests;
    },
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const timer of late) clock.clearTimeout(timer);
      for (const socket of lines) socket.destroy();
      await closed;
    },
  };
}

/** Another first digit: of the right form, and false. */
function spoilt(told: string): string {
  if (told.startsWith('!')) return told;
  return (told.startsWith('0') ? '1' : '0') + told.slice(1);
}
