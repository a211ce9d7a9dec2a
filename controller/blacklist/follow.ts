/**
 * Follows the directory of one list from within a lane: reads what is in force, looks each second
 * whether it was replaced, and hands over a new list only when all of it was verified and loaded.
 */

import type { Clock, Disk, Reply, Timer } from '../../firmware-bridge/ports.ts';
import { ok } from '../../firmware-bridge/ports.ts';
import type { PublicKey } from '../crypto/sm2.ts';
import {
  activeText,
  type Chain,
  highestKept,
  type Opening,
  openKept,
  parseActive,
  readDeltas,
  unreadable,
} from './archive.ts';
import type { Filter } from './filter.ts';
import type { ListName } from './list-file/header.ts';
import { describe } from './store.ts';
import type { Table } from './table.ts';

/** A list in memory; where `base` is null, its cards lie in the store behind `filter`. */
export interface LoadedList {
  readonly chain: Chain;
  readonly version: number;
  readonly total: number;
  /** YYYY-MM-DDTHH:MM:SSZ */
  readonly issued: string;
  readonly keyId: string;
  readonly base: Table | null;
  readonly filter: Filter | null;
  /** What the deltas say, over all else; value 0 where a card was taken off. */
  readonly overlay: Table | null;
}

export type News =
  | { readonly kind: 'absent' }
  /** `damage`: this is the list before, as the one in force cannot be read. */
  | { readonly kind: 'loaded'; readonly list: LoadedList; readonly damage: string | null }
  /** What was taken before goes on: an old list is better than none, until it is stale. */
  | { readonly kind: 'damaged'; readonly detail: string };

export interface FollowOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly clock: Clock;
  readonly list: ListName;
  readonly trust: readonly PublicKey[];
  readonly onProblem: (text: string) => void;
  readonly take: (news: News) => Promise<void>;
  /** After each look. */
  readonly onLook?: () => void;
}

const LOOK_MS = 1_000;
/** A list that could not be read is tried again, as a disk may recover or be mended. */
const RETRY_MS = 60_000;

export class Follower {
  readonly #options: FollowOptions;
  /** Text of `active.json` that was dealt with; undefined: none yet. */
  #seen: string | null | undefined;
  #said: string | null = null;
  #serving = false;
  #retryAt_ms = Number.POSITIVE_INFINITY;
  #timer: Timer = null;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** The first look; then one each second. */
  async start(): Promise<void> {
    await this.refresh();
    this.#lookLater();
  }

  /** Looks now, and loads what has changed before it returns. */
  refresh(): Promise<void> {
    this.#work = this.#work.then(() => this.#look());
    return this.#work;
  }

  /** Loads anew whatever is in force. */
  reload(): Promise<void> {
    this.#seen = undefined;
    return this.refresh();
  }

  /** What is being read is finished, and dropped. */
  close(): void {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      void this.refresh().then(() => this.#lookLater());
    }, LOOK_MS);
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const { disk, directory, clock, onLook } = this.#options;
    try {
      const text = await activeText(disk, directory);
      const due = clock.now_ms() >= this.#retryAt_ms;
      if (text !== this.#seen || due) await this.#change(text);
    } catch (error) {
      this.#problem(`${directory}: ${describe(error)}`);
      if (this.#seen === undefined) await this.#give({ kind: 'damaged', detail: describe(error) });
    }
    onLook?.();
  }

  async #change(text: string | null): Promise<void> {
    const { disk, directory, clock } = this.#options;
    this.#retryAt_ms = Number.POSITIVE_INFINITY;
    const news = await this.#news(text);
    // An import may have swept files away under our hands: look at what it put in force.
    const now = await activeText(disk, directory);
    if (news.kind !== 'loaded' && now !== text) return this.#change(now);
    this.#seen = text;
    const trouble = troubleOf(news);
    if (trouble !== null) this.#retryAt_ms = clock.now_ms() + RETRY_MS;
    this.#problem(trouble);
    await this.#give(news);
  }

  /** Says it once, however often it is met. */
  #problem(text: string | null): void {
    if (text !== null && text !== this.#said) this.#options.onProblem(text);
    this.#said = text;
  }

  async #give(news: News): Promise<void> {
    if (this.#closed) return;
    await this.#options.take(news);
    this.#serving ||= news.kind === 'loaded';
  }

  /** Kept files without `active.json`: it was lost, or the first import was killed. */
  async #withoutActive(): Promise<News> {
    const { disk, directory } = this.#options;
    if ((await highestKept(disk, directory)) === 0) return { kind: 'absent' };
    return { kind: 'damaged', detail: `${directory}: active.json is missing; import a full list` };
  }

  async #news(text: string | null): Promise<News> {
    if (text === null && this.#serving) {
      return { kind: 'damaged', detail: `${this.#options.directory}: active.json has vanished` };
    }
    if (text === null) return this.#withoutActive();
    const active = parseActive(text);
    if (!active.ok) return { kind: 'damaged', detail: active.fault.detail };
    const list = await loadList(this.#options, active.value);
    if (list.ok) return { kind: 'loaded', list: list.value, damage: null };
    const damage = list.fault.detail;
    const { previous } = active.value;
    const before = previous && !this.#serving ? await loadList(this.#options, previous) : null;
    if (!before?.ok) return { kind: 'damaged', detail: damage };
    return { kind: 'loaded', list: before.value, damage };
  }
}

/** Null: all is well. */
export function troubleOf(news: News): string | null {
  if (news.kind === 'damaged') return news.detail;
  return news.kind === 'loaded' ? news.damage : null;
}

type LoadOptions = Opening & { readonly list: ListName };

/** Verifies and loads every file of a chain. Fault `blacklist-unreadable`. */
async function loadList(options: LoadOptions, chain: Chain): Promise<Reply<LoadedList>> {
  try {
    const deltas = await readDeltas(options, chain);
    if (!deltas.ok) return deltas;
    const full = await openKept(options, chain.chain[0]);
    if (!full.ok) return full;
    const file = full.value;
    try {
      const { overlay, last, base: continued } = deltas.value;
      const { header } = file;
      const { version, total, issued, list } = last ?? header;
      const fits = continued === null || continued === header.version;
      if (version !== chain.version || header.kind !== 'full' || !fits || list !== options.list) {
        return unreadable(`the files of version ${chain.version} do not belong together`);
      }
      const { keyId } = file;
      const filter = chain.store === null ? null : await file.filter();
      if (chain.store !== null && !filter) return unreadable('a list without filter has a store');
      const base = chain.store === null ? await file.table() : null;
      return ok({ chain, version, total, issued, keyId: keyId ?? '', base, filter, overlay });
    } finally {
      await file.close();
    }
  } catch (error) {
    return unreadable(`${options.directory}: ${describe(error)}`);
  }
}
