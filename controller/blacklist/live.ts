/**
 * The blacklist of a running lane. A list that fits is held in memory and answers at once; a larger
 * one lies in LevelDB behind its filter: a miss is clear at once, a hit asks the keeper process.
 * New lists take their place between two look-ups. Damage never reads as clear: see README.md.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { type Clock, type Disk, ok, type Reply, type Timer } from '../../firmware-bridge/ports.ts';
import type { PublicKey } from '../crypto/sm2.ts';
import { openKept, WORK } from './archive.ts';
import { type Answer, answerOf, type Health, type WatchedBlacklist } from './blacklist.ts';
import { Follower, type LoadedList, type News } from './follow.ts';
import { type Errand, Keeper, type KeeperState, runErrand } from './keeper.ts';
import { describe } from './store.ts';
import { sumOf } from './sums.ts';

export interface LiveOptions {
  readonly disk: Disk;
  /** Directory of the list, e.g. `data/lists/blacklist`. */
  readonly directory: string;
  readonly clock: Clock;
  /** Who may sign; only an import refuses others. */
  readonly trust: readonly PublicKey[];
  readonly settings: Pick<LaneConfig['lists'], 'max_age_hours' | 'scrub_minutes'>;
  /** Trouble in words, for the log. */
  readonly onProblem?: (text: string) => void;
  /** Whoever opens it waits no longer when this resolves, and has to close it all the same. */
  readonly stopped?: Promise<void>;
}

export interface LiveStatus {
  /** 0: no list. */
  readonly version: number;
  readonly count: number;
  readonly issued: string | null;
  readonly keyId: string | null;
  /** `exact`: all in memory; `filter`: in LevelDB behind a filter. */
  readonly front: 'none' | 'exact' | 'filter';
  /** Entries of all deltas together, in memory. */
  readonly overlay: number;
}

interface Front extends LoadedList {
  readonly keeper: Keeper | null;
  /** SM3 of what is held in memory, as it was when it was loaded. */
  readonly sum: string;
}

/** In the order in which it is told. */
interface Trouble {
  /** The list in force could not be loaded. */
  files?: string;
  /** A kept file changed since. */
  kept?: string;
  memory?: string;
  store?: string;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A store that is damaged again and again has a disk that fails. */
const REBUILD_PAUSE_MS = 5 * MINUTE_MS;
const CARD_BYTES = 10;
const GOOD: Health = { kind: 'good' };
const ABSENT: Health = { kind: 'absent' };
const CLEAR: Answer = { kind: 'clear' };
const GARBLED: Answer = { kind: 'unreadable', detail: 'an entry with an unknown value' };
const NO_SERIAL: Answer = { kind: 'unreadable', detail: 'a card serial has 10 bytes' };

/** Loads what is in force. A list that is absent or damaged shows in `health()`. */
export async function openLiveBlacklist(options: LiveOptions): Promise<Reply<LiveBlacklist>> {
  const { disk, directory, stopped } = options;
  // Whoever made these is dead: a data directory serves one lane.
  for (const name of await disk.list(directory)) {
    if (name.startsWith(WORK)) await disk.remove(`${directory}/${name}`);
  }
  const live = new LiveBlacklist(options);
  await (stopped ? Promise.race([live.start(), stopped]) : live.start());
  return ok(live);
}

export class LiveBlacklist implements WatchedBlacklist {
  readonly #options: LiveOptions;
  readonly #follower: Follower;
  readonly #listeners = new Set<(health: Health) => void>();
  #front: Front | null = null;
  /** What a check answers while there is no list at all. */
  #without: Answer = CLEAR;
  #health: Health = ABSENT;
  /** Trouble that a new list ends, by where it was found. */
  #trouble: Trouble = {};
  /** All that run, one of which may still be starting. */
  readonly #keepers = new Set<Keeper>();
  readonly #errands = new Set<Errand>();
  #rebuild: Errand | null = null;
  #rebuildAt_ms = 0;
  #scrubTimer: Timer = null;
  #works = 0;
  #closed = false;

  /** Use `openLiveBlacklist`. */
  constructor(options: LiveOptions) {
    this.#options = options;
    this.#follower = new Follower({
      ...{ disk: options.disk, directory: options.directory, clock: options.clock },
      ...{ list: 'blacklist', trust: options.trust },
      onProblem: (text) => this.#report(text),
      take: (news) => this.#take(news),
      onLook: () => this.#look(),
    });
  }

  async start(): Promise<void> {
    await this.#follower.start();
    this.#scrubLater();
  }

  check(card: Buffer): Answer | Promise<Answer> {
    const front = this.#front;
    if (!front) return this.#without;
    if (card.length !== CARD_BYTES) return NO_SERIAL;
    if (this.#trouble.memory) return { kind: 'unreadable', detail: this.#trouble.memory };
    const { overlay, base, filter, keeper } = front;
    const changed = overlay?.find(card);
    if (changed !== undefined) return answerOf(changed) ?? GARBLED;
    if (base) return answerOf(base.find(card) ?? 0) ?? GARBLED;
    if (filter && !filter.mayHold(card)) return CLEAR;
    return keeper?.ask(card) ?? GARBLED;
  }

  health(): Health {
    return this.#health;
  }

  onHealth(listener: (health: Health) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): LiveStatus {
    const front = this.#front;
    return {
      version: front?.version ?? 0,
      count: front?.total ?? 0,
      issued: front?.issued ?? null,
      keyId: front?.keyId ?? null,
      front: !front ? 'none' : front.base ? 'exact' : 'filter',
      overlay: front?.overlay?.count ?? 0,
    };
  }

  /** Looks at once whether another list is in force; the clock does it each second. */
  refresh(): Promise<void> {
    return this.#follower.refresh();
  }

  /** Process of the keeper, while a list in LevelDB is served. */
  keeperPid(): number | undefined {
    return this.#front?.keeper?.pid;
  }

  /** Within two seconds. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#scrubTimer);
    for (const errand of this.#errands) errand.kill();
    this.#follower.close();
    await Promise.all([...this.#keepers].map((keeper) => keeper.stop()));
    this.#front = null;
    this.#without = { kind: 'unreadable', detail: 'the blacklist is closed' };
  }

  async #take(news: News): Promise<void> {
    const front = news.kind === 'loaded' ? await this.#stand(news.list) : null;
    if (this.#closed) return;
    const before = this.#front;
    if (news.kind === 'damaged' && before) {
      this.#trouble.files = news.detail;
      return this.#look();
    }
    this.#front = front;
    this.#trouble = {};
    if (news.kind === 'damaged') {
      this.#trouble.files = news.detail;
      this.#without = { kind: 'unreadable', detail: news.detail };
    } else if (news.kind === 'loaded' && news.damage) this.#trouble.files = news.damage;
    else if (news.kind === 'absent') this.#without = CLEAR;
    if (front?.keeper) this.#onKeeper(front.keeper, front.keeper.state);
    this.#look();
    if (before?.keeper) this.#dismiss(before.keeper);
  }

  /** Everything that a list needs to answer. A keeper that fails to start is tried again later. */
  async #stand(list: LoadedList): Promise<Front> {
    const sum = await sumOf(list);
    const { store, chain } = list.chain;
    if (store === null) return { ...list, keeper: null, sum };
    const { clock, directory } = this.#options;
    this.#works += 1;
    const keeper: Keeper = new Keeper({
      clock,
      store: `${directory}/${store}`,
      list: chain[0].sm3,
      work: `${directory}/${WORK}${process.pid}-${this.#works}`,
      onState: (state) => this.#onKeeper(keeper, state),
    });
    this.#keepers.add(keeper);
    if (!this.#closed) await keeper.start();
    return { ...list, keeper, sum };
  }

  #dismiss(keeper: Keeper): void {
    void keeper.stop().then(() => this.#keepers.delete(keeper));
  }

  #onKeeper(keeper: Keeper, state: KeeperState): void {
    if (this.#front?.keeper !== keeper) return;
    switch (state.kind) {
      case 'ready':
        delete this.#trouble.store;
        break;
      case 'starting':
        this.#trouble.store ??= 'the store of the blacklist is being opened';
        break;
      case 'trouble':
        if (this.#trouble.store !== state.detail) this.#report(state.detail);
        this.#trouble.store = state.detail;
        break;
    }
    this.#look();
  }

  /** Judges the health anew, and starts what may cure it. */
  #look(): void {
    if (this.#closed) return;
    const state = this.#front?.keeper?.state;
    if (state?.kind === 'trouble' && state.damaged) this.#startRebuild();
    const health = this.#judge();
    const same = JSON.stringify(health) === JSON.stringify(this.#health);
    this.#health = health;
    if (!same) for (const listener of this.#listeners) listener(health);
  }

  #judge(): Health {
    const { files, kept, memory, store } = this.#trouble;
    const detail = files ?? kept ?? memory ?? store;
    if (detail !== undefined) return { kind: 'unreadable', detail };
    const front = this.#front;
    if (!front) return ABSENT;
    const { settings, clock } = this.#options;
    const until_ms = Date.parse(front.issued) + settings.max_age_hours * HOUR_MS;
    if (clock.wall_ms() <= until_ms) return GOOD;
    const age = `older than ${settings.max_age_hours} hours`;
    return { kind: 'stale', detail: `version ${front.version} was issued ${front.issued}, ${age}` };
  }

  #startRebuild(): void {
    const { clock, directory } = this.#options;
    if (this.#rebuild || clock.now_ms() < this.#rebuildAt_ms) return;
    this.#rebuildAt_ms = clock.now_ms() + REBUILD_PAUSE_MS;
    this.#report(`the store in ${directory} is built anew from the kept file`);
    const errand = this.#run('rebuild', directory);
    this.#rebuild = errand;
    void errand.ended.then(({ code, words }) => {
      this.#rebuild = null;
      if (this.#closed) return;
      if (code !== 0) this.#report(`the store could not be built anew: ${words}`);
      void this.refresh();
    });
  }

  #run(...args: readonly string[]): Errand {
    const errand = runErrand(...args);
    this.#errands.add(errand);
    void errand.ended.then(() => this.#errands.delete(errand));
    return errand;
  }

  #scrubLater(): void {
    if (this.#closed) return;
    const { clock, settings } = this.#options;
    // Damage is looked at again soon: the same list may be imported once more to mend it.
    const minutes = this.#trouble.kept ? 1 : settings.scrub_minutes;
    this.#scrubTimer = clock.setTimeout(() => {
      void this.scrub().then(() => this.#scrubLater());
    }, minutes * MINUTE_MS);
  }

  /** Compares everything stored and held with its check values. The clock calls it. */
  async scrub(): Promise<void> {
    const front = this.#front;
    if (!front) return;
    const kept = await this.#scrubFiles(front).catch((error: unknown) => describe(error));
    const whole = (await sumOf(front)) === front.sum;
    const store = await this.#scrubStore(front);
    if (this.#closed || this.#front !== front) return;
    delete this.#trouble.kept;
    if (kept !== null) {
      this.#trouble.kept = kept;
      this.#report(kept);
    }
    if (!whole) {
      this.#trouble.memory = 'the list changed in memory; it is loaded anew';
      this.#report(this.#trouble.memory);
      void this.#follower.reload();
    }
    if (store !== null) front.keeper?.distrust(store);
    this.#look();
  }

  async #scrubFiles({ chain }: Front): Promise<string | null> {
    const { disk, directory } = this.#options;
    for (const kept of chain.chain) {
      const file = await openKept({ disk, directory }, kept);
      if (!file.ok) return file.fault.detail;
      await file.value.close();
    }
    return null;
  }

  async #scrubStore({ chain, keeper }: Front): Promise<string | null> {
    if (!keeper) return null;
    const store = `${this.#options.directory}/${chain.store}`;
    const { code, words } = await this.#run('verify', store, chain.chain[0].sm3).ended;
    return code === 0 ? null : words;
  }

  #report(text: string): void {
    if (!this.#closed) this.#options.onProblem?.(text);
  }
}
