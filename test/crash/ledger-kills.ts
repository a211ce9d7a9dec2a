/** Kills a ledger writer and reads its books: what was confirmed is there, once, and in order. */

import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { openLedger } from '../../controller/ledger/ledger.ts';
import { readSegments } from '../../controller/ledger/reader.ts';
import { asRecord } from '../../controller/ledger/shape.ts';
import { verifyLedger } from '../../controller/ledger/verify.ts';
import { systemDisk } from '../../firmware-bridge/disk.ts';
import { createChance } from '../../sim/lane/chance.ts';
import { answers } from '../controller/ledger/books.ts';
import { booksIn, CARDS, keyOf, nextTap, tapOnce } from './bookkeeping.ts';
import {
  type Ended,
  inTwos,
  killAfter,
  replayable,
  restore,
  scratch,
  start,
  Tally,
} from './kit.ts';
import type { Death } from './mortal-disk.ts';

const ENDLESS = 1_000_000;
/** Rolls, settles, retires: what is enumerated write by write. */
const TAPS = 18;
/** In a directory that is killed again and again, its books are opened here every so often. */
const OPEN_EVERY = 5;
const REOPENED = 'reopenings';
/**
 * The promise is 2 s, and `npm run crash` reports what it took; on a machine that does other
 * things as well a longer time still tells a ledger that hangs from one that waits.
 */
const REOPEN_MAX_MS = 30_000;
/** What a writer must have been killed at, when it was killed at everything. */
const PLACES = [
  ...['before open segment', 'before write segment', 'half write segment', 'before sync segment'],
  ...['before rename segment', 'before remove segment', 'before syncDirectory ledger'],
  ...['before open settled.json', 'before write settled.json', 'before rename settled.json'],
  ...['before open index-in-use', 'before remove index-in-use', 'before open lock'],
];

/** What the writer said is durable. */
type Told = Map<number, string>;

/** Kills at random moments, several in the same directory one after another. */
export async function killWritersAtRandom(kills: number, seed: number): Promise<Tally> {
  const tally = new Tally();
  const perDirectory = 25;
  const rounds = Array.from({ length: Math.ceil(kills / perDirectory) }, (_, round) => round);
  await inTwos(rounds, async (round) => {
    const chance = createChance(seed + round);
    const directory = join(scratch(), 'ledger');
    const told: Told = new Map();
    for (let kill = 0; kill < perDirectory; kill += 1) {
      await replayable(`seed ${seed}, round ${round}, kill ${kill}`, async () => {
        const writer = start({ role: 'books', directory, taps: ENDLESS, death: null });
        const ended = await killAfter(writer, chance.below(150));
        assert.is(ended.signal, 'SIGKILL', ended.errors);
        note(told, ended);
        tally.add('kills at random moments');
        await audit(directory, told, tally);
        if (kill % OPEN_EVERY === 0) await reopen(directory, told, tally);
      });
    }
  });
  return tally;
}

/** Kills at every change of the disk, always from the same beginning; writes also half done. */
export async function killWritersAtEveryChange(step: number): Promise<Tally> {
  const tally = new Tally();
  const beginning = join(scratch(), 'ledger');
  const told: Told = new Map();
  const first = await start({ role: 'books', directory: beginning, taps: 40, death: null }).ended;
  assert.is(first.code, 0, first.errors);
  note(told, first);
  const calm = join(scratch(), 'ledger');
  restore(beginning, calm);
  const { lines } = await start({ role: 'books', directory: calm, taps: TAPS, death: null }).ended;
  const changes = Number(/END (\d+)/.exec(lines.at(-1) ?? '')?.[1]);
  const deaths = Array.from(
    { length: Math.floor(changes / step) },
    (_, index) => index * step + 1,
  ).flatMap((at): Death[] => [
    { at, how: 'before' },
    { at, how: 'half' },
  ]);
  await inTwos(deaths, (death) =>
    replayable(`${death.how} change ${death.at}`, async () => {
      const directory = join(scratch(), 'ledger');
      restore(beginning, directory);
      const ended = await start({ role: 'books', directory, taps: TAPS, death }).ended;
      // What runs beside the taps may take some changes more or less.
      if (ended.signal === null && death.at > changes * 0.9) return;
      assert.is(ended.signal, 'SIGKILL', ended.errors);
      tally.add(`kills ${placeOf(ended)}`);
      const mine: Told = new Map(told);
      note(mine, ended);
      await audit(directory, mine, tally);
      await reopen(directory, mine, tally);
    }),
  );
  const missing = PLACES.filter((place) => tally.total(`kills ${place}`) === 0);
  if (step === 1) assert.equal(missing, [], 'the taps no longer come to these steps');
  assert.ok(tally.longest_ms(REOPENED) < REOPEN_MAX_MS, `${tally}`);
  return tally;
}

/** `half write segment`, `before rename settled.json` …: what it died at. */
function placeOf({ lines }: Ended): string {
  const [, what = 'unseen', path = ''] = /^DIES (\w+ \w+) (\S+)/.exec(lines.at(-1) ?? '') ?? [];
  const name = basename(path).replace(/\.new$/, '');
  return `${what} ${/^ledger-\d+\.log$/.test(name) ? 'segment' : name}`;
}

function note(told: Told, { lines, errors }: Ended): void {
  assert.is(errors, '');
  for (const line of lines) {
    const [, seq, key] = /^(\d+) (\w+:\S+)$/.exec(line) ?? [];
    if (!seq || !key) continue;
    assert.not(told.has(Number(seq)), `record ${seq} was confirmed twice`);
    told.set(Number(seq), key);
  }
}

/** Without opening: the books are in order, and hold all that was confirmed exactly once. */
async function audit(directory: string, told: Told, tally?: Tally): Promise<void> {
  const report = await verifyLedger(systemDisk, directory);
  assert.equal(
    report.findings.filter(({ kind }) => kind !== 'torn'),
    [],
  );
  assert.ok(report.ok && report.chainWhole);
  if (report.findings.length > 0) tally?.add('torn tails');
  const { firstSeq, settledThrough } = report;
  const held: Told = new Map();
  const once = new Set<string>();
  for await (const found of readSegments(systemDisk, directory)) {
    const record = found.kind === 'record' ? asRecord(found.fields) : null;
    if (found.kind !== 'record' || !record) continue;
    const key = keyOf(record);
    held.set(found.seq, key);
    for (const mark of record.type === 'authorised' ? [key, `term ${record.term_seq}`] : [key]) {
      assert.not(once.has(mark), `${mark} twice`);
      once.add(mark);
    }
  }
  for (const [seq, key] of told) {
    if (firstSeq !== null && seq < firstSeq && seq <= (settledThrough ?? 0)) continue;
    assert.is(held.get(seq), key, `record ${seq} was confirmed`);
  }
}

/** The lock is free, the index tells what the files tell, and the work goes on. */
async function reopen(directory: string, told: Told, tally: Tally): Promise<void> {
  const { index, ...plain } = booksIn(systemDisk, directory);
  const indexed = await tally.time(REOPENED, () => openLedger({ ...plain, index }));
  if (!indexed.ok) throw new Error(indexed.fault.detail);
  const { problems, ...before } = answers(indexed.value, CARDS);
  assert.equal(
    problems.filter((each) => !each.includes('unfinished write')),
    [],
  );
  await indexed.value.close();
  const read = await openLedger(plain);
  if (!read.ok) throw new Error(read.fault.detail);
  assert.equal(answers(read.value, CARDS), { ...before, problems: [] });
  const confirmed = (seq: number, record: Parameters<typeof keyOf>[0]) => {
    told.set(seq, keyOf(record));
  };
  const books = { ledger: read.value, disk: systemDisk, directory, confirmed };
  await tapOnce(books, nextTap(read.value));
  await read.value.close();
  await audit(directory, told);
}
