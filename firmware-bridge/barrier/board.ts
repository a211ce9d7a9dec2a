/** Requests to one I/O board, one at a time, each with its deadline. One object per connection. */

import { sleep, within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Link } from '../link/link.ts';
import type { Clock } from '../ports.ts';
import { RtuPort } from './wire.ts';

export interface BoardCounts {
  requests: number;
  timeouts: number;
  /** Wrong CRC, or an answer to something else. */
  garbled: number;
  /** The board refused a request. */
  exceptions: number;
  stray_bytes: number;
}

export interface Board {
  /** Why the line is dead; null while it lives. */
  readonly lost: string | null;
  /** Reading makes sense from then on: the late answer to a reading must not pass for the next. */
  readonly readable_ms: number;
  readInputs(first: number, count: number): Promise<Reply<readonly boolean[]>>;
  writeCoil(address: number, on: boolean): Promise<Reply<void>>;
  writeRegister(address: number, value: number): Promise<Reply<void>>;
  close(): Promise<void>;
}

export interface BoardOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly unit: number;
  readonly baud: number;
  readonly timeout_ms: number;
  readonly counts: BoardCounts;
  readonly onLost: () => void;
}

/** Silence between frames: 3.5 characters of 11 bits, at least 1.75 ms (Serial Line, 2.5.1). */
function gapOf(baud: number): number {
  return Math.max(1.75, (3.5 * 11 * 1_000) / baud);
}

const load = async () => (await import('modbus-serial')).default.default;
let library: ReturnType<typeof load> | undefined;

/** Loads `modbus-serial`, once, and not before a board is configured. */
export function loadLibrary() {
  library ??= load();
  return library;
}

/** Rejects when the library cannot be loaded. */
export async function openBoard(options: BoardOptions): Promise<Board> {
  const { link, clock, unit, baud, timeout_ms, counts, onLost } = options;
  const Modbus = await loadLibrary();
  const port = new RtuPort(link);
  const client = new Modbus(port);
  client.open();
  client.setID(unit);
  let lost: string | null = null;
  let free_ms = 0;
  let readable_ms = 0;
  link.listen({
    data: (bytes) => port.take(bytes),
    lost({ detail }) {
      lost = detail;
      onLost();
    },
  });

  return {
    get lost() {
      return lost;
    },
    get readable_ms() {
      return readable_ms;
    },
    async readInputs(first, count) {
      const { timeouts } = counts;
      const answer = await ask(`inputs ${first}…`, () => client.readDiscreteInputs(first, count));
      if (counts.timeouts > timeouts) readable_ms = clock.now_ms() + timeout_ms;
      return answer.ok ? ok(answer.value.data.slice(0, count)) : answer;
    },
    async writeCoil(address, on) {
      const what = `coil ${address}`;
      const answer = await ask(what, () => client.writeCoil(address, on));
      if (!answer.ok) return answer;
      const { address: echoed, state } = answer.value;
      return echoed === address && state === on ? ok(undefined) : garbled(what);
    },
    async writeRegister(address, value) {
      const what = `register ${address}`;
      const answer = await ask(what, () => client.writeRegister(address, value));
      if (!answer.ok) return answer;
      const { address: echoed, value: set } = answer.value;
      return echoed === address && set === value ? ok(undefined) : garbled(what);
    },
    async close() {
      client.close(() => {});
      await link.close();
    },
  };

  async function ask<T>(what: string, request: () => Promise<T>): Promise<Reply<T>> {
    const wait_ms = free_ms - clock.now_ms();
    if (wait_ms > 0) await sleep(clock, wait_ms);
    counts.requests += 1;
    const answer = await within(clock, timeout_ms, settled(request()));
    port.forget();
    counts.stray_bytes += port.strays;
    port.strays = 0;
    free_ms = clock.now_ms() + gapOf(baud);
    if (!answer) {
      counts.timeouts += 1;
      return failed('barrier-lost', 'none', `unit ${unit}: no answer for ${what}`);
    }
    if ('value' in answer) return ok(answer.value);
    if (!isException(answer.error)) return garbled(what);
    counts.exceptions += 1;
    const why = `${answer.error.message}; check the addresses in \`barrier\``;
    return failed('barrier-lost', 'none', `unit ${unit} refuses ${what}: ${why}`);
  }

  function garbled(what: string) {
    counts.garbled += 1;
    return failed('barrier-lost', 'none', `unit ${unit}: garbled answer for ${what}`);
  }
}

function isException(error: unknown): error is Error & { modbusCode: number } {
  return error instanceof Error && 'modbusCode' in error;
}

/** Never rejects. */
function settled<T>(promise: Promise<T>): Promise<{ value: T } | { error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
