/** What the gate asks the ledger between two taps, answered from memory. Bounded. */

import type { LedgerRecord, Passage, Story } from './records.ts';
import { extend, type Later } from './stories.ts';

interface IndexLimits {
  readonly open_max: number;
  readonly closed_max: number;
  readonly closed_hours: number;
}

const INDEX_LIMITS: IndexLimits = {
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
  readonly #closed = new Map<string, Story>();
  readonly #closedCards = new Map<number, string>();

  constructor(limits: IndexLimits = INDEX_LIMITS) {
    this.#limits = limits;
  }

  apply(seq: number, record: LedgerRecord): void {
    if (record.type === 'intent') this.#begin({ ref: seq, intent: record, passed: false });
    if (record.type === 'passage') this.#pass(record);
    if (record.type === 'authorised') {
      this.lastTermSeq = Math.max(this.lastTermSeq, Number.parseInt(record.term_seq, 16));
    }
    if ('ref' in record) this.#continue(record);
  }

  openStory(card: string): Story | undefined {
    return this.#open.get(this.#openRefs.get(card)?.at(-1) ?? 0);
  }

  unsettled(): Story[] {
    return [...this.#open.values()];
  }

  lastClosed(card: string): Story | undefined {
    return this.#closed.get(card);
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
    if (longer.outcome.status !== 'not-debited') this.#remember(longer);
  }

  #close({ ref, intent: { card } }: Story): void {
    this.#open.delete(ref);
    const others = (this.#openRefs.get(card) ?? []).filter((other) => other !== ref);
    if (others.length > 0) this.#openRefs.set(card, others);
    else this.#openRefs.delete(card);
  }

  #remember(story: Story): void {
    const { card, at } = story.intent;
    const before = this.#closed.get(card);
    if (before && before.ref > story.ref) return; // an old story settled late
    if (before) this.#forget(before);
    this.#closed.set(card, story);
    this.#closedCards.set(story.ref, card);
    // Compared with this story, not with the newest ever seen: one wrong clock ages nothing else.
    const age_max_ms = this.#limits.closed_hours * 3_600_000;
    for (const oldest of this.#closed.values()) {
      const old = time_ms(at) - time_ms(oldest.intent.at) > age_max_ms;
      if (!old && this.#closed.size <= this.#limits.closed_max) break;
      this.#forget(oldest);
      this.forgotten.closed += 1;
    }
  }

  #forget({ ref, intent: { card } }: Story): void {
    this.#closed.delete(card);
    this.#closedCards.delete(ref);
  }

  #pass(record: Passage): void {
    const card = this.#closedCards.get(record.ref) ?? '';
    const story = this.#closed.get(card);
    if (story) this.#closed.set(card, extend(story, record));
  }
}

/** For differences only; the time zone does not matter. */
function time_ms(at: string): number {
  const [, ...parts] = /^(....)(..)(..)(..)(..)(..)$/.exec(at)?.map(Number) ?? [];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
