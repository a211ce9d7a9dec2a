/**
 * The process that is killed. One argument, a task in JSON; says BEGIN, then one line for each
 * thing that it has confirmed, then END with the number of changes of the disk.
 */

import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { importList, rebuildStore } from '../../controller/blacklist/import.ts';
import { type LiveBlacklist, openLiveBlacklist } from '../../controller/blacklist/live.ts';
import { type PublicKey, publicKeyFrom } from '../../controller/crypto/sm2.ts';
import { openLedger } from '../../controller/ledger/ledger.ts';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import type { Reply } from '../../firmware-bridge/ports.ts';
import { answers } from '../controller/ledger/books.ts';
import { booksIn, CARDS, keyOf, nextTap, tapOnce } from './bookkeeping.ts';
import { type Rule, type Survey, survey } from './cards.ts';
import { type Death, mortalDisk } from './mortal-disk.ts';

export type Task =
  | {
      readonly role: 'books';
      readonly directory: string;
      /** 0: opens, tells all that it is asked for, and closes. */
      readonly taps: number;
      readonly death: Death | null;
    }
  | {
      readonly role: 'import' | 'rebuild';
      readonly directory: string;
      readonly file: string;
      /** The signer's point, hex. */
      readonly trust: string;
      readonly exact_max: number;
      readonly death: Death | null;
    }
  | {
      /** Answers `ask`, `scrub`, `refresh`, `heal`, `shoot` on standard input with a `Survey`. */
      readonly role: 'lane';
      readonly directory: string;
      readonly trust: string;
      /** What each version that may be in force lists. */
      readonly rules: readonly Rule[];
    };

const HEAL_MS = 20_000;
const LOOK_MS = 20;
const SHOOT_MS = 20;
const HOPE_MS = 200;
/** Trouble with a kept file or active.json, which no rebuilding ends. */
const HOPELESS = /\.list|active\.json/;

const task: Task = JSON.parse(process.argv[2] ?? '');
say('BEGIN');
void run(task);

function run(task: Task): Promise<void> {
  switch (task.role) {
    case 'books':
      return keepBooks(task);
    case 'import':
    case 'rebuild':
      return bringList(task);
    case 'lane':
      return serveLane(task);
  }
}

async function keepBooks({ directory, taps, death }: Extract<Task, { role: 'books' }>) {
  const disk = mortalDisk(systemDisk, death);
  const ledger = need(await openLedger(booksIn(disk, directory)));
  say(taps === 0 ? JSON.stringify(answers(ledger, CARDS)) : 'OPEN');
  const confirmed = (seq: number, record: Parameters<typeof keyOf>[0]) =>
    say(`${seq} ${keyOf(record)}`);
  for (let tap = 0; tap < taps; tap += 1) {
    await tapOnce({ ledger, disk, directory, confirmed }, nextTap(ledger));
  }
  await ledger.close();
  say(`END ${disk.changes}`);
}

async function bringList(task: Extract<Task, { file: string }>) {
  const { directory, file, exact_max, death } = task;
  const disk = mortalDisk(systemDisk, death);
  const trust = [keyFrom(task.trust)];
  if (task.role === 'rebuild') need(await rebuildStore(disk, directory));
  else need(await importList({ disk, directory, list: 'blacklist', file, trust, exact_max }));
  say(`END ${disk.changes}`);
}

async function serveLane({ directory, trust, rules }: Extract<Task, { role: 'lane' }>) {
  const live = need(
    await openLiveBlacklist({
      ...{ disk: systemDisk, clock: systemClock, directory, trust: [keyFrom(trust)] },
      settings: { max_age_hours: 1_000_000, scrub_minutes: 60 },
    }),
  );
  say('OPEN');
  for await (const order of createInterface({ input: process.stdin })) {
    if (order === 'end') break;
    say(JSON.stringify(await obey(live, { order, rules })));
  }
  await live.close();
  process.stdin.destroy();
}

async function obey(
  live: LiveBlacklist,
  { order, rules }: { order: string; rules: readonly Rule[] },
): Promise<Survey> {
  if (order === 'scrub') await live.scrub();
  if (order === 'refresh') await live.refresh();
  if (order === 'heal') await heal(live);
  const first = survey(live, rules);
  const pid = live.keeperPid();
  if (order !== 'shoot' || pid === undefined) return first;
  await setTimeout(pid % SHOOT_MS);
  process.kill(pid, 'SIGKILL');
  return first;
}

/** Until all is well, or will not be: a kept file stays damaged until it is imported again. */
async function heal(live: LiveBlacklist): Promise<void> {
  for (let waited = 0; waited < HEAL_MS && live.health().kind !== 'good'; waited += LOOK_MS) {
    await setTimeout(LOOK_MS);
    const health = live.health();
    if ('detail' in health && HOPELESS.test(health.detail) && waited >= HOPE_MS) return;
  }
}

function keyFrom(point: string): PublicKey {
  return need(publicKeyFrom(Buffer.from(point, 'hex')));
}

function need<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new Error(`${reply.fault.code}: ${reply.fault.detail}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
