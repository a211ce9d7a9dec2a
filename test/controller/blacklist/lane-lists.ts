/** Lists on the real disk, in a directory that is gone afterwards: made in an office, imported. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaneConfig } from '../../../config/schema.ts';
import { type Answer, REASONS } from '../../../controller/blacklist/blacklist.ts';
import { type ImportRequest, importList } from '../../../controller/blacklist/import.ts';
import type { ListName } from '../../../controller/blacklist/list-file/header.ts';
import { buildList, signList } from '../../../controller/blacklist/list-file/write.ts';
import { type LiveBlacklist, openLiveBlacklist } from '../../../controller/blacklist/live.ts';
import type { PrivateKey } from '../../../controller/crypto/sm2.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import type { Clock } from '../../../firmware-bridge/ports.ts';
import { need, newKey, OFFICE } from './list-file/office.ts';

export const STRANGER = newKey();
export const TRUST = [OFFICE.key.publicKey];
/** Forces LevelDB, whatever the size. */
export const NEVER_EXACT = 0;
const SETTINGS = { max_age_hours: 72, scrub_minutes: 60 };

export const card = (number: number) => Buffer.from(String(number).padStart(20, '0'), 'hex');
const reasonOf = (number: number) => REASONS[number % REASONS.length] ?? 'lost';
export const listed = (number: number): Answer => ({ kind: 'listed', reason: reasonOf(number) });
export const CLEAR: Answer = { kind: 'clear' };
export const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);

export interface Wanted {
  readonly version: number;
  /** Numbers of cards. */
  readonly cards: readonly number[];
  readonly list?: ListName;
  /** Lines of another list than of cards. */
  readonly lines?: readonly string[];
  /** An earlier full list: the result is a delta. */
  readonly deltaFrom?: string;
  /** Age in hours by the machine's clock. */
  readonly age?: number;
  /** Null: not signed. */
  readonly key?: PrivateKey | null;
}

/** A lane's list directory and an office's, side by side. */
export class Place {
  readonly root = mkdtempSync(join(tmpdir(), 'tapway-lists-'));
  readonly directory = join(this.root, 'lists');
  readonly problems: string[] = [];
  readonly #open: LiveBlacklist[] = [];
  #files = 0;

  /** Builds and signs a list; returns its path. */
  async issue(wanted: Wanted): Promise<string> {
    const { version, cards, list = 'blacklist', deltaFrom, age = 1, key = OFFICE.key } = wanted;
    this.#files += 1;
    const draft = join(this.root, `${this.#files}.draft`);
    const out = join(this.root, `${this.#files}.list`);
    const time = new Date(systemClock.wall_ms() - age * 3_600_000).toISOString();
    const lines =
      wanted.lines ?? cards.map((each) => `${card(each).toString('hex')} ${reasonOf(each)}`);
    const issued = `${time.slice(0, 19)}Z`;
    need(await buildList(systemDisk, { list, version, lines, issued, deltaFrom, out: draft }));
    if (!key) return draft;
    need(await signList(systemDisk, { file: draft, key, out }));
    return out;
  }

  import(file: string, changes: Partial<ImportRequest> = {}) {
    const { directory } = this;
    const usual = { disk: systemDisk, list: 'blacklist', trust: TRUST, exact_max: 1_000 } as const;
    return importList({ ...usual, directory, file, ...changes });
  }

  /** Issues and imports. */
  async publish(wanted: Wanted, changes: Partial<ImportRequest> = {}): Promise<string> {
    const file = await this.issue(wanted);
    need(await this.import(file, changes));
    return file;
  }

  async open(
    settings: Partial<LaneConfig['lists']> = {},
    clock: Clock = systemClock,
  ): Promise<LiveBlacklist> {
    const live = need(
      await openLiveBlacklist({
        ...{ disk: systemDisk, directory: this.directory, clock, trust: TRUST },
        settings: { ...SETTINGS, ...settings },
        onProblem: (text) => this.problems.push(text),
      }),
    );
    this.#open.push(live);
    return live;
  }

  active(): { version: number; store: string | null; chain: { file: string }[] } {
    return JSON.parse(readFileSync(join(this.directory, 'active.json'), 'utf8'));
  }

  /** Flips one bit of a file. @param at offset, from the end when negative */
  damage(name: string, at: number): void {
    const path = join(this.directory, name);
    const bytes = readFileSync(path);
    const offset = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
    writeFileSync(path, bytes);
  }

  /** Closes what was opened. */
  async leave(): Promise<void> {
    for (const live of this.#open) await live.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Resolves when the health is of this kind. */
export function becomes(live: LiveBlacklist, kind: string): Promise<void> {
  return new Promise((resolve) => {
    const end = live.onHealth(look);
    look();
    function look() {
      if (live.health().kind !== kind) return;
      end();
      resolve();
    }
  });
}

/** What two lists of cards say of each card, in turn. */
export async function answers(live: LiveBlacklist, cards: readonly number[]): Promise<Answer[]> {
  const all: Answer[] = [];
  for (const each of cards) all.push(await live.check(card(each)));
  return all;
}
