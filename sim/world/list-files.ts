/**
 * The real blacklist on the world's disk: signed files come from the office, a program of its own
 * imports each, and the lane follows. What is in force is what the lane says it has loaded; the
 * rules here say which list that may be, and that it is that list whole.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { importList } from '../../controller/blacklist/import.ts';
import { type LiveBlacklist, openLiveBlacklist } from '../../controller/blacklist/live.ts';
import type { Disk, Reply } from '../../firmware-bridge/ports.ts';
import type { Owner, VirtualClock } from './clock.ts';
import type { WorldDisk } from './disk.ts';
import type { ListFileKind } from './faults.ts';
import type { Lists, OpenList } from './lists.ts';
import { type Border, diskOf } from './ports.ts';
import { createPress, type Issued, type Press } from './press.ts';

export interface ListFilesOptions {
  readonly clock: VirtualClock;
  readonly disk: WorldDisk;
  readonly settings: LaneConfig['lists'];
  /** Who is on the odd lists, who on the even ones, and every serial of the world. */
  readonly odd: readonly string[];
  readonly even: readonly string[];
  readonly serials: readonly string[];
  /** The ports of a program that imports. */
  readonly borderOf: (owner: Owner) => Border;
  readonly log: (text: string) => void;
  readonly count: (name: string) => void;
  readonly broken: (what: string) => void;
}

const DIRECTORY = 'data/lists/blacklist';
const ACTIVE = `${DIRECTORY}/active.json`;
const INBOX = 'data/inbox.list';
const DISK_TROUBLE = /EIO|ENOSPC/;
/** The lane looks each second; a slow disk may take part of the next. */
const TAKEN_OVER_MS = 4_000;

/** An import that has ended, one way or another. */
interface Ended {
  readonly issued: Issued;
  /** What was in force on the disk when it began. */
  readonly before: number;
  /** Null: its program died. */
  readonly done: Reply<unknown> | null;
}

export class ListFiles implements Lists {
  readonly #options: ListFilesOptions;
  readonly #press: Press;
  #live: { readonly owner: Owner; readonly list: LiveBlacklist } | null = null;
  #importer: Owner | null = null;
  /** The latest version whose import has said that it is in force. */
  #acknowledged = 0;
  /** That one, and those whose import did not live to say so. */
  readonly #possible = new Set<number>();
  /** Whose cards were compared one by one. */
  #compared = 0;

  constructor(options: ListFilesOptions) {
    this.#options = options;
    this.#press = createPress(options.odd, options.even);
  }

  listed(serial: string): boolean {
    const live = this.#live?.owner.alive ? this.#live.list : null;
    const version = live?.status().version ?? this.#versionOnDisk();
    return this.#press.listedIn(version).has(serial);
  }

  get quiet(): boolean {
    return this.#importer === null;
  }

  cut(): void {
    if (this.#importer) this.#importer.alive = false;
    this.#importer = null;
  }

  swap(): void {
    this.receive('full', null);
  }

  receive(kind: ListFileKind, dies: number | null): void {
    if (this.#importer) return;
    const owner: Owner = { alive: true, timers: 0 };
    this.#importer = owner;
    const before = this.#versionOnDisk();
    const issued = this.#press.issue(kind);
    const ports = dying(this.#options.borderOf(owner), dies);
    void this.#import(issued, diskOf(ports, this.#options.disk)).then((done) => {
      if (this.#importer === owner) this.#importer = null;
      this.#judge({ issued, before, done: owner.alive ? done : null });
    });
  }

  async renew(): Promise<void> {
    const { disk } = this.#options;
    const before = this.#versionOnDisk();
    const issued = this.#press.issue('full');
    this.#judge({ issued, before, done: await this.#import(issued, disk) });
    await this.#live?.list.refresh();
    if (this.#live) this.#expectAtLeast(issued.version);
  }

  #import({ bytes }: Issued, disk: Disk): Promise<Reply<unknown>> {
    this.#options.disk.place(INBOX, bytes);
    const { trust } = this.#press;
    const { exact_max } = this.#options.settings;
    const files = { disk, directory: DIRECTORY, file: INBOX };
    return importList({ ...files, list: 'blacklist', trust, exact_max });
  }

  #judge(ended: Ended): void {
    const { issued, done } = ended;
    const { version, kind } = issued;
    const end = !done ? 'import died' : done.ok ? 'imported' : 'refused';
    this.#options.log(
      `list ${version} ${end}${done?.ok === false ? `: ${done.fault.detail}` : ''}`,
    );
    this.#options.count(`${kind} ${end}`);
    const fits = doesFit(ended);
    if (fits) this.#possible.add(version);
    const now = this.#versionOnDisk();
    if (!this.#possible.has(now)) this.#broken(`list ${now} is in force, and was never fit to be`);
    if (done?.ok) this.#expectFit(ended, fits);
    else if (done && fits && !DISK_TROUBLE.test(done.fault.detail)) {
      this.#broken(`list ${version} fits, and was refused`);
    }
  }

  #expectFit({ issued: { version }, before }: Ended, fits: boolean): void {
    if (fits) this.#acknowledge(version);
    // A file of the list in force may come again: that mends it, and changes nothing.
    else if (version > before) this.#broken(`list ${version} does not fit, and was taken`);
  }

  /** It stays, whatever happens, and the lane has to take it over. */
  #acknowledge(version: number): void {
    this.#acknowledged = version;
    this.#possible.clear();
    this.#possible.add(version);
    const process = this.#live?.owner;
    this.#options.clock.setTimeout(() => {
      if (process?.alive && process === this.#live?.owner) this.#expectAtLeast(version);
    }, TAKEN_OVER_MS);
  }

  #versionOnDisk(): number {
    const text = this.#options.disk.visible(ACTIVE)?.toString('utf8') ?? '';
    const found = /^\{"version":(\d+),.*\}\n$/.exec(text);
    return Number(found?.[1] ?? 0);
  }

  #expectAtLeast(version: number): void {
    const has = this.#live?.list.status().version ?? 0;
    if (has < version) this.#broken(`list ${version} was imported, and the lane has ${has}`);
  }

  async open(border: Border): Promise<OpenList> {
    const { owner } = border;
    const { disk, settings, log } = this.#options;
    const opened = await openLiveBlacklist({
      ...{ disk: diskOf(border, disk), directory: DIRECTORY, settings, trust: this.#press.trust },
      clock: border.clock.of(owner),
      onProblem: (text) => owner.alive && log(`lists: ${text}`),
    });
    if (!opened.ok) throw new Error(opened.fault.detail);
    const list = opened.value;
    this.#live = { owner, list };
    this.#compared = 0;
    this.#expectAtLeast(this.#acknowledged);
    this.#expectReadable(list);
    list.onHealth(() => this.#expectReadable(list));
    const check = (card: Buffer) => {
      this.#compare(list);
      return list.check(card);
    };
    const health = () => list.health();
    const onHealth = list.onHealth.bind(list);
    return { blacklist: { check, health, onHealth }, close: () => list.close() };
  }

  /** A list that was ever in force is there, old or new: nothing here damages a durable byte. */
  #expectReadable(list: LiveBlacklist): void {
    const health = list.health();
    if (health.kind === 'unreadable') this.#broken(`the list is unreadable: ${health.detail}`);
    if (health.kind === 'absent') this.#broken('no list is in force, and there was one');
  }

  /** Every card of the world, once for each version: a mixture of two lists shows. */
  #compare(list: LiveBlacklist): void {
    const { version } = list.status();
    if (version === this.#compared) return;
    this.#compared = version;
    const listed = this.#press.listedIn(version);
    for (const serial of this.#options.serials) {
      const answer = list.check(Buffer.from(serial, 'hex'));
      if ('kind' in answer && (answer.kind === 'listed') === listed.has(serial)) continue;
      this.#broken(`${serial} on list ${version}: ${JSON.stringify(answer)}`);
    }
  }

  #broken(what: string): void {
    this.#options.broken(what);
  }
}

/** Is it sound, and newer than what was there, which a delta continues? */
function doesFit({ issued: { sound, version, base }, before }: Ended): boolean {
  return sound && version > before && (base === 0 || base === before);
}

/** Killed at its nth call: what it asks for then fails, so that it unwinds and leaves no trace. */
function dying(border: Border, dies: number | null): Border {
  let calls = 0;
  return {
    ...border,
    cross() {
      border.cross();
      calls += 1;
      if (calls === dies) border.owner.alive = false;
    },
    never: () => Promise.reject(new Error('killed')),
  };
}
