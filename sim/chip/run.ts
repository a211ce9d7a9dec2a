/** One command under way in the chip; the host may abort it at any time. */

import type { Clock } from '../../firmware-bridge/ports.ts';

export type Data = Buffer | readonly number[];

export interface Run {
  /**
   * Calls `then` after the delay unless the run has ended: at once for 0, never for Infinity.
   * Returns the function that calls it off.
   */
  after(delay_ms: number, then: () => void): () => void;
  /** Called when the run ends, however it ends. */
  atEnd(cleanup: () => void): void;
  /** Ends the run with a response: the bytes after the response code. */
  answer(data: Data): void;
  /** Ends the run with the error frame (syntax error). */
  refuse(): void;
}

/** `args` are the bytes after the command code. */
export type Handler = (args: Buffer, run: Run) => void;

export interface RunControl {
  readonly run: Run;
  abort(): void;
}

/** `ended` gets the response data, or null for the error frame; it is not called on abort. */
export function createRun(clock: Clock, ended: (data: Data | null) => void): RunControl {
  let live = true;
  const cleanups = new Set<() => void>();
  const end = () => {
    live = false;
    for (const cleanup of cleanups) cleanup();
    cleanups.clear();
  };
  const finish = (data: Data | null) => {
    if (!live) return;
    end();
    ended(data);
  };
  const run: Run = {
    after(delay_ms, then) {
      if (!live || delay_ms === Number.POSITIVE_INFINITY) return () => {};
      if (delay_ms <= 0) {
        then();
        return () => {};
      }
      const cancel = () => {
        clock.clearTimeout(timer);
        cleanups.delete(cancel);
      };
      const timer = clock.setTimeout(() => {
        cleanups.delete(cancel);
        then();
      }, delay_ms);
      cleanups.add(cancel);
      return cancel;
    },
    atEnd: (cleanup) => {
      cleanups.add(cleanup);
    },
    answer: finish,
    refuse: () => finish(null),
  };
  return { run, abort: () => live && end() };
}
