/** What the gate asks the ledger between two taps, answered from memory. Bounded. */

import type { LedgerRecord, Passage, Story } from './records.ts';
import { extend, isRemembered, type Later } from './stories.ts';

interface IndexLimits {
  readonly open_max: number;
  readonly closed_max: number;
  readonly closed_hours: number;
}

export const INDEX_LIMITS: IndexLimits = {
  open_max: 200_000,
  closed_max: 200_000,
  closed_hours: 24,
};

export class StoryIndex {
  /** Stories dropped to stay within the limits. */
  readonly forgotten = { open: 0, closed: 0 };
  /** The highest termSeq that any SAM gave, 0 when none. */
  lastTermSeq = 0;
  readonly #limits: IndexLimits;
  /** By ref, oldest first. */
  readonly #open = new Map<number, Story>();
  readonly #openRefs = new Map<string, readonly number[]>();
  /** By card, the oldest outcome first. */
  readonly #closed = new Map<string, Closed>();
  readonly #closedCards = new Map<number, string>();
  /** Counts the stories that ended. */
  #ends = 0;
  /** Ends that no later one exceeds in `at`, so falling: one alone while no clock goes back. */
  #peaks: { readonly end: number; readonly at: string }[] = [];

  constructor(limits: IndexLimits = INDEX_LIMITS) {
    this.#limits = limits;
  }

  apply(seq: number, record: LedgerRecord): void {
    if (record.type === 'intent') this.#begin({ ref: seq, intent: record, passed: false });
    if (record.type === 'passage') this.#pass(record);
    if ('term_seq' in record) this.sawTermSeq(Number.parseInt(record.term_seq, 16));
    if ('ref' in record) this.#continue(record);
  }

  sawTermSeq(termSeq: number): void {
    this.lastTermSeq = Math.max(this.lastTermSeq, termSeq);
  }

  /** A story without an outcome, from files that are not read again. In order of `ref`. */
  adopt(story: Story): void {
    this.#begin(story);
  }

  /** The first record that `lastClosed` still needs; Infinity when it needs none. */
  oldestClosedRef(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const ref of this.#closedCards.keys()) oldest = Math.min(oldest, ref);
    return oldest;
  }

  openStory(card: string): Story | undefined {
    return this.#open.get(this.#openRefs.get(card)?.at(-1) ?? 0);
  }

  unsettled(): Story[] {
    return [...this.#open.values()];
  }

  lastClosed(card: string): Story | undefined {
    const closed = this.#closed.get(card);
    return closed && !this.#isOld(closed) ? closed.story : undefined;
  }

  #begin(story: Story): void {
    const { card } = story.intent;
    this.#open.set(story.ref, story);
    this.#openRefs.set(card, [...(this.#openRefs.get(card) ?? []), story.ref]);
    for (const oldest of this.#open.values()) {
      if (this.#open.size <= this.#limits.open_max) break;
      this.#close(oldest);
      this.forgotten.open += 1;
    }
  }

  #continue(record: Later): void {
    const story = this.#open.get(record.ref);
    if (!story) return;
    const longer = extend(story, record);
    this.#open.set(story.ref, longer);
    if (!longer.outcome) return;
    this.#close(longer);
    if (isRemembered(longer.outcome)) this.#remember(longer);
  }

  #close({ ref, intent: { card } }: Story): void {
    this.#open.delete(ref);
    const others = (this.#openRefs.get(card) ?? []).filter((other) => other !== ref);
    if (others.length > 0) this.#openRefs.set(card, others);
    else this.#openRefs.delete(card);
  }

  #remember(story: Story): void {
    const { card, at } = story.intent;
    this.#ends += 1;
    while ((this.#peaks.at(-1)?.at ?? '~') <= at) this.#peaks.pop();
    this.#peaks.push({ end: this.#ends, at });
    const before = this.lastClosed(card);
    if (before && before.ref > story.ref) return; // an old story settled late
    this.#forget(card);
    this.#closed.set(card, { story, end: this.#ends });
    this.#closedCards.set(story.ref, card);
    for (const [oldest, closed] of this.#closed) {
      if (!this.#isOld(closed) && this.#closed.size <= this.#limits.closed_max) break;
      this.#forget(oldest);
      this.forgotten.closed += 1;
    }
    const [first] = this.#closed.values();
    this.#peaks = this.#peaks.filter(({ end }) => !first || end >= first.end);
  }

  /**
   * Did a story end later that began more than a day later? Compared with each, not with the
   * newest ever seen: one wrong clock ages nothing that ends after it.
   */
  #isOld({ story, end }: Closed): boolean {
    const later = this.#peaks.find((peak) => peak.end > end);
    if (!later) return false;
    const age_ms = time_ms(later.at) - time_ms(story.intent.at);
    return age_ms > this.#limits.closed_hours * 3_600_000;
  }

  #forget(card: string): void {
    const closed = this.#closed.get(card);
    if (!closed) return;
    this.#closed.delete(card);
    this.#closedCards.delete(closed.story.ref);
  }

  #pass(record: Passage): void {
    const closed = this.#closed.get(this.#closedCards.get(record.ref) ?? '');
    if (!closed) return;
    const { story, end } = closed;
    this.#closed.set(story.intent.card, { story: extend(story, record), end });
  }
}

interface Closed {
  readonly story: Story;
  /** Which end it was, counted from 1. */
  readonly end: number;
}

/** For differences only; the time zone does not matter. */
export function time_ms(at: string): number {
  const [, ...parts] = /^(....)(..)(..)(..)(..)(..)$/.exec(at)?.map(Number) ?? [];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
