/**
 * The real blacklist on the world's disk: signed files come from the office, a program of its own
 * imports each, and the lane follows. What is in force is what the lane says it has loaded; the
 * rules here say which list that may be, and that it is that list whole.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { importList } from '../../controller/blacklist/import.ts';
import { type LiveBlacklist, openLiveBlacklist } from '../../controller/blacklist/live.ts';
import type { Owner, VirtualClock } from './clock.ts';
import type { WorldDisk } from './disk.ts';
import type { ListFileKind } from './faults.ts';
import type { Lists, OpenList } from './lists.ts';
import { type Border, diskOf } from './ports.ts';
import { createPress, type Issued } from './press.ts';

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

export function createListFiles(options: ListFilesOptions): Lists {
  const { clock, disk, settings, serials, log, broken } = options;
  const press = createPress(options.odd, options.even);
  let live: { readonly owner: Owner; readonly list: LiveBlacklist } | null = null;
  let importer: Owner | null = null;
  /** The latest version that an import has acknowledged. */
  let acknowledged = 0;
  /** That one, and those whose import did not live to acknowledge them. */
  const possible = new Set<number>();
  /** Whose cards were compared one by one. */
  let compared = 0;

  return {
    listed: (serial) => press.listedIn(versionInForce()).has(serial),
    open,
    swap: () => receive('full', null),
    receive,
    get quiet() {
      return importer === null;
    },
    cut() {
      if (importer) importer.alive = false;
      importer = null;
    },
    async renew() {
      const issued = press.issue('full');
      disk.place(INBOX, issued.bytes);
      const done = await importInto(disk);
      if (done.ok) acknowledge(issued.version);
      else broken(`a sound list was refused: ${done.fault.detail}`);
      await live?.list.refresh();
      if (live) expectAtLeast(acknowledged);
    },
  };

  function importInto(target: Parameters<typeof diskOf>[1]) {
    const { trust } = press;
    const { exact_max } = settings;
    const files = { disk: target, directory: DIRECTORY, file: INBOX };
    return importList({ ...files, list: 'blacklist', trust, exact_max });
  }

  function receive(kind: ListFileKind, dies: number | null): void {
    if (importer) return;
    const owner: Owner = { alive: true, timers: 0 };
    importer = owner;
    void bring(owner, press.issue(kind), dies).finally(() => {
      if (importer === owner) importer = null;
    });
  }

  async function bring(owner: Owner, issued: Issued, dies: number | null): Promise<void> {
    const before = versionOnDisk();
    disk.place(INBOX, issued.bytes);
    const done = await importInto(diskOf(dying(options.borderOf(owner), dies), disk));
    const { version, base, sound } = issued;
    const fits = sound && version > before && (base === 0 || base === before);
    const end = !owner.alive ? 'import died' : done.ok ? 'imported' : 'refused';
    log(`list ${version} ${end}${done.ok ? '' : `: ${done.fault.detail}`}`);
    options.count(`${issued.kind} ${end}`);
    if (fits) possible.add(version);
    const now = versionOnDisk();
    if (!possible.has(now)) broken(`list ${now} is in force, and was never fit to be`);
    const excused = done.ok || DISK_TROUBLE.test(done.fault.detail);
    if (owner.alive && fits && !excused) broken(`list ${version} fits, and was refused`);
    if (!owner.alive || !done.ok) return;
    // A file of the list in force may come again: that mends it, and changes nothing.
    if (!fits && version > before)
      broken(`list ${version} was taken, sound or not, after ${before}`);
    if (fits) acknowledge(version);
  }

  /** Its import says that it is in force, so it stays, and the lane has to take it over. */
  function acknowledge(version: number): void {
    acknowledged = version;
    possible.clear();
    possible.add(version);
    const process = live?.owner;
    clock.setTimeout(() => {
      if (process?.alive && process === live?.owner) expectAtLeast(version);
    }, TAKEN_OVER_MS);
  }

  function versionOnDisk(): number {
    const text = disk.visible(ACTIVE)?.toString('utf8') ?? '';
    const found = /^\{"version":(\d+),.*\}\n$/.exec(text);
    return Number(found?.[1] ?? 0);
  }

  function versionInForce(): number {
    return live?.owner.alive ? live.list.status().version : versionOnDisk();
  }

  function expectAtLeast(version: number): void {
    const { version: has } = live?.list.status() ?? { version: 0 };
    if (has < version) broken(`list ${version} was imported, and the lane has ${has}`);
  }

  async function open(border: Border): Promise<OpenList> {
    const { owner } = border;
    const opened = await openLiveBlacklist({
      ...{ disk: diskOf(border, disk), directory: DIRECTORY, settings, trust: press.trust },
      clock: border.clock.of(owner),
      onProblem: (text) => owner.alive && log(`lists: ${text}`),
    });
    if (!opened.ok) throw new Error(opened.fault.detail);
    const list = opened.value;
    live = { owner, list };
    compared = 0;
    expectAtLeast(acknowledged);
    expectReadable(list);
    list.onHealth(() => expectReadable(list));
    return {
      blacklist: {
        check(card) {
          compare(list);
          return list.check(card);
        },
        health: () => list.health(),
        onHealth: (listener) => list.onHealth(listener),
      },
      close: () => list.close(),
    };
  }

  /** A list that was ever in force is there, old or new: nothing here damages a durable byte. */
  function expectReadable(list: LiveBlacklist): void {
    const health = list.health();
    if (health.kind === 'unreadable') broken(`the list is unreadable: ${health.detail}`);
    if (health.kind === 'absent') broken('no list is in force, and there was one');
  }

  /** Every card of the world, once for each version: a mixture of two lists shows. */
  function compare(list: LiveBlacklist): void {
    const { version } = list.status();
    if (version === compared) return;
    compared = version;
    const listed = press.listedIn(version);
    for (const serial of serials) {
      const answer = list.check(Buffer.from(serial, 'hex'));
      if ('kind' in answer && (answer.kind === 'listed') === listed.has(serial)) continue;
      broken(`${serial} on list ${version}: ${JSON.stringify(answer)}`);
    }
  }
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
