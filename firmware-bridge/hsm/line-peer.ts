/**
 * A peer on TCP or TLS that answers each line with one line, one request at a time. A connection on
 * which anything went wrong is thrown away: a late answer must not meet the next question.
 */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Clock, LinePeer } from '../ports.ts';

export interface LinePeerOptions {
  readonly address: string;
  readonly port: number;
  /** Null: plain TCP. */
  readonly tls: {
    /** PEM of the trusted authority; absent: those of the system. */
    readonly ca?: string | undefined;
    readonly serverName?: string | undefined;
  } | null;
  readonly clock: Clock;
  /** One request, connecting included. */
  readonly timeout_ms: number;
}

const WAITING_MAX = 8;
const LINE_BYTES_MAX = 4_096;

export function createLinePeer(options: LinePeerOptions): LinePeer {
  const { address, port, clock, timeout_ms } = options;
  const name = `${address}:${port}`;
  const counts = { requests: 0, connections: 0, timeouts: 0, lost: 0, dropped: 0 };
  let line: Line | null = null;
  let waiting = 0;
  /** Work whose deadline has passed belongs to an older turn and touches nothing any more. */
  let turn = 0;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function inTurn<T>(work: (mine: number) => Promise<Reply<T>>): Promise<Reply<T>> {
    if (waiting >= WAITING_MAX) {
      counts.dropped += 1;
      return failed('link-busy', 'none', `${name}: ${WAITING_MAX} requests wait already`);
    }
    waiting += 1;
    const mine = queue.then(async () => {
      if (closed) return lost('is closed');
      turn += 1;
      const reply = await within(clock, timeout_ms, work(turn));
      if (reply) return reply;
      turn += 1;
      counts.timeouts += 1;
      dropLine();
      return lost(`no answer in ${timeout_ms} ms`);
    });
    queue = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  }

  async function ask(request: string, mine: number): Promise<Reply<string>> {
    counts.requests += 1;
    const kept = line?.open ? line : null;
    const first = kept ? await kept.ask(request) : null;
    // A connection kept from before may have died unseen: once a new one is tried.
    if (first?.ok) return first;
    if (mine !== turn) return lost('too late');
    const fresh = await connected();
    if (!fresh.ok) return fresh;
    const answer = await fresh.value.ask(request);
    return answer.ok ? answer : lost(answer.fault.detail);
  }

  async function connected(): Promise<Reply<Line>> {
    dropLine();
    // Closed with a question under way: nobody would ever end a new line.
    if (closed) return lost('is closed');
    counts.connections += 1;
    const opening = new Line(options);
    line = opening;
    const why = await opening.ready;
    return why === null ? ok(opening) : lost(why);
  }

  function dropLine(): void {
    line?.end('dropped');
    line = null;
  }

  function lost(why: string) {
    counts.lost += 1;
    return failed('hsm-lost', 'none', `${name}: ${why}`);
  }

  return {
    name,
    ask(request) {
      if (/[\r\n]/.test(request)) throw new RangeError('a request is one line');
      return inTurn((mine) => ask(request, mine));
    },
    probe: () =>
      inTurn(async () => {
        if (line?.open) return ok(`connected to ${name}`);
        const fresh = await connected();
        return fresh.ok ? ok(`connected to ${name}`) : fresh;
      }),
    counters: () => ({ ...counts }),
    async close() {
      closed = true;
      dropLine();
    },
  };
}

/** One connection. */
class Line {
  /** Null once it stands; else why it does not. */
  readonly ready: Promise<string | null>;
  open = true;
  private readonly socket: Socket;
  private received = Buffer.alloc(0);
  private answer: ((reply: Reply<string>) => void) | null = null;
  private settle: (why: string | null) => void = () => {};

  constructor({ address, port, tls }: LinePeerOptions) {
    this.ready = new Promise((resolve) => {
      this.settle = resolve;
    });
    const where = { host: address, port };
    if (tls) {
      const { ca, serverName } = tls;
      // RFC 6066: an IP address is no server name.
      const named = serverName ?? (isIP(address) ? undefined : address);
      this.socket = connectTls(
        { ...where, ...(ca && { ca }), ...(named && { servername: named }) },
        () => this.settle(null),
      );
    } else this.socket = connectTcp(where, () => this.settle(null));
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes) => this.take(bytes));
    this.socket.on('error', (error) => this.end(error.message));
    this.socket.on('close', () => this.end('the connection was closed'));
  }

  async ask(request: string): Promise<Reply<string>> {
    return new Promise((resolve) => {
      if (!this.open) return resolve(failed('hsm-lost', 'none', 'the connection was closed'));
      this.answer = resolve;
      this.socket.write(`${request}\n`);
    });
  }

  end(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.socket.destroy();
    this.settle(why);
    this.answer?.(failed('hsm-lost', 'none', why));
    this.answer = null;
  }

  private take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    const at = this.received.indexOf(0x0a);
    if (at < 0) {
      if (this.received.length > LINE_BYTES_MAX) this.end('a line without end');
      return;
    }
    const { answer } = this;
    this.answer = null;
    const text = this.received.toString('latin1', 0, at).replace(/\r$/, '');
    // An answer that nobody asked for, or more than one: who knows which is which.
    if (!answer || at + 1 < this.received.length) this.end('lines that nobody asked for');
    this.received = Buffer.alloc(0);
    answer?.(ok(text));
  }
}
