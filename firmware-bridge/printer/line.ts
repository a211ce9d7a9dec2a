/** One connection to a printer: bytes out, and the words that come back, one at a time. */

import { sleep, within } from '../clock.ts';
import { failed, ok, type Reply } from '../faults.ts';
import type { Link } from '../link/link.ts';
import type { Clock } from '../ports.ts';
import { createEar, type PrinterWord, type StatusPage, type StatusPages } from './status.ts';

export interface LineCounts {
  questions: number;
  timeouts: number;
  /** What nobody had asked for: automatic status, flow control, noise. */
  stray_bytes: number;
}

export interface Line {
  /** Why it is dead; null while it lives. */
  readonly lost: string | null;
  /** Queues the bytes, however long the link is busy, until `deadline_ms` (monotonic). */
  write(bytes: Buffer, deadline_ms: number): Promise<Reply<void>>;
  /** The next word, or null after `limit_ms` or when the line is lost. */
  hear(limit_ms: number): Promise<PrinterWord | null>;
  /** Whatever was said and not heard is forgotten. */
  forget(): void;
  ask(page: StatusPage): Promise<Reply<number>>;
  /** All four pages of the real-time status. */
  askAll(): Promise<Reply<StatusPages>>;
  close(): Promise<void>;
}

/** A status is answered at once, whatever the printer is doing. */
const ANSWER_MS = 300;
const BUSY_MS = 20;
/** Words that wait to be heard; a printer that babbles is not remembered. */
const WORDS_MAX = 16;

export function createLine(link: Link, clock: Clock, counts: LineCounts): Line {
  let lost: string | null = null;
  let words: PrinterWord[] = [];
  let wake: () => void = () => {};
  const ear = createEar((word) => {
    if (word.kind === 'stray') counts.stray_bytes += word.bytes;
    else if (words.length < WORDS_MAX) words.push(word);
    else counts.stray_bytes += 1;
    wake();
  });
  link.listen({
    data: (bytes) => ear.take(bytes),
    lost({ detail }) {
      lost = detail;
      wake();
    },
  });
  const line: Line = {
    get lost() {
      return lost;
    },
    async write(bytes, deadline_ms) {
      for (;;) {
        const sent = link.write(bytes);
        if (sent.ok || sent.fault.code !== 'link-busy') return sent;
        if (clock.now_ms() >= deadline_ms) return sent;
        await sleep(clock, BUSY_MS);
      }
    },
    async hear(limit_ms) {
      const until_ms = clock.now_ms() + limit_ms;
      while (words.length === 0 && lost === null) {
        const left_ms = until_ms - clock.now_ms();
        if (left_ms <= 0) return null;
        const woken = new Promise<true>((resolve) => {
          wake = () => resolve(true);
        });
        await within(clock, left_ms, woken);
      }
      return words.shift() ?? null;
    },
    forget() {
      words = [];
      ear.forget();
    },
    async ask(page) {
      counts.questions += 1;
      line.forget();
      const sent = link.write(Buffer.of(0x10, 0x04, page));
      if (!sent.ok) return failed('printer-lost', 'none', sent.fault.detail);
      const until_ms = clock.now_ms() + ANSWER_MS;
      for (;;) {
        const word = await line.hear(until_ms - clock.now_ms());
        if (word?.kind === 'status') return ok(word.byte);
        if (word) continue;
        counts.timeouts += 1;
        const why = lost ?? `no answer to status question ${page}`;
        return failed('printer-lost', 'none', `${link.name}: ${why}`);
      }
    },
    async askAll() {
      const answers: number[] = [];
      for (const page of [1, 2, 3, 4] as const) {
        const answer = await line.ask(page);
        if (!answer.ok) return answer;
        answers.push(answer.value);
      }
      const [printer = 0, cause = 0, error = 0, paper = 0] = answers;
      return ok({ printer, cause, error, paper });
    },
    async close() {
      lost ??= 'closed';
      wake();
      await link.close();
    },
  };
  return line;
}
