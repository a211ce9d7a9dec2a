/** Sends the newest state to every page: at most 30 times a second, never more than it can take. */

import type { WebSocket } from 'ws';
import type { Clock, Timer } from '../../firmware-bridge/ports.ts';

/** What is sent: the whole state, as JSON, again after each change. */
export interface Source {
  state(): unknown;
  /** Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void;
}

const PERIOD_MS = 1_000 / 30;
/** A page that has this much unread is skipped until it has caught up. */
const UNREAD_MAX_BYTES = 256 * 1024;

/** What is needed of a connection. */
export type Page = Pick<WebSocket, 'bufferedAmount' | 'send'>;

export interface Pusher {
  add(page: Page): void;
  remove(page: Page): void;
  /** How often a state was held back because a page had not read the ones before. */
  skipped(): number;
  stop(): void;
}

export function startPushing(source: Source, clock: Clock): Pusher {
  const pages = new Set<Page>();
  const stale = new Set<Page>();
  let timer: Timer | null = null;
  let last_ms = Number.NEGATIVE_INFINITY;
  let skipped = 0;

  const unsubscribe = source.onChange(() => {
    for (const page of pages) stale.add(page);
    schedule();
  });

  function schedule(): void {
    if (timer !== null || stale.size === 0) return;
    timer = clock.setTimeout(push, Math.max(0, last_ms + PERIOD_MS - clock.now_ms()));
  }

  function push(): void {
    timer = null;
    last_ms = clock.now_ms();
    const ready = [...stale].filter((page) => page.bufferedAmount <= UNREAD_MAX_BYTES);
    skipped += stale.size - ready.length;
    if (ready.length > 0) {
      const text = JSON.stringify(source.state());
      for (const page of ready) {
        stale.delete(page);
        page.send(text);
      }
    }
    schedule();
  }

  return {
    add(page) {
      pages.add(page);
      stale.add(page);
      schedule();
    },
    remove(page) {
      pages.delete(page);
      stale.delete(page);
    },
    skipped: () => skipped,
    stop() {
      unsubscribe();
      stale.clear();
      if (timer !== null) clock.clearTimeout(timer);
    },
  };
}
