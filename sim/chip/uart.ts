/** The chip's serial line: paces bytes in both directions by the baud rate, 8N1. */

import type { Clock, Timer } from '../../firmware-bridge/ports.ts';
import type { Timing } from './timing.ts';

export interface UartOptions {
  readonly clock: Clock;
  readonly timing: Timing;
  readonly baud: number;
  /** The first byte has arrived in full at `start_ms + byte_ms`, each later one `byte_ms` after. */
  readonly heard: (bytes: Buffer, start_ms: number, byte_ms: number) => void;
  /** So many bytes came faster than the line carries them and were thrown away. */
  readonly dropped: (bytes: number) => void;
}

export interface Uart {
  baud: number;
  receive(bytes: Buffer): void;
  send(bytes: Buffer): void;
  onSend(listener: (bytes: Buffer) => void): void;
  /** Throws away what is on the line in both directions. */
  hush(): void;
}

/** A real line has no such store: the sender waits. A memory link or pty does not make it wait. */
const MAX_BACKLOG = 65_536;

export function createUart({ clock, timing, baud, heard, dropped }: UartOptions): Uart {
  const incoming = createSequence(clock);
  const outgoing = createSequence(clock);
  let backlog = 0;
  let listener = (_bytes: Buffer) => {};
  const free = { in_ms: 0, out_ms: 0 };

  const uart: Uart = {
    baud,
    receive(bytes) {
      if (backlog + bytes.length > MAX_BACKLOG) {
        dropped(bytes.length);
        return;
      }
      backlog += bytes.length;
      const start_ms = Math.max(clock.now_ms(), free.in_ms);
      const byte_ms = timing.uart_ms(1, uart.baud);
      free.in_ms = start_ms + timing.uart_ms(bytes.length, uart.baud);
      incoming.at(free.in_ms, () => {
        backlog -= bytes.length;
        heard(bytes, start_ms, byte_ms);
      });
    },
    send(bytes) {
      const start_ms = Math.max(clock.now_ms(), free.out_ms);
      free.out_ms = start_ms + timing.uart_ms(bytes.length, uart.baud);
      outgoing.at(free.out_ms, () => listener(bytes));
    },
    onSend(next) {
      listener = next;
    },
    hush() {
      incoming.clear();
      outgoing.clear();
      backlog = 0;
      free.in_ms = 0;
      free.out_ms = 0;
    },
  };
  return uart;
}

interface Sequence {
  at(due_ms: number, job: () => void): void;
  clear(): void;
}

/** Jobs in order, each when it is due: however late a timer is, nothing overtakes anything. */
function createSequence(clock: Clock): Sequence {
  const jobs: { due_ms: number; job: () => void }[] = [];
  let timer: Timer | undefined;
  const next = () => {
    timer = undefined;
    jobs.shift()?.job();
    proceed();
  };
  const proceed = () => {
    for (let first = jobs.at(0); first && timer === undefined; first = jobs.at(0)) {
      const delay_ms = first.due_ms - clock.now_ms();
      if (delay_ms > 0) timer = clock.setTimeout(next, delay_ms);
      else {
        jobs.shift();
        first.job();
      }
    }
  };
  return {
    at(due_ms, job) {
      jobs.push({ due_ms, job });
      proceed();
    },
    clear() {
      clock.clearTimeout(timer);
      timer = undefined;
      jobs.length = 0;
    },
  };
}
