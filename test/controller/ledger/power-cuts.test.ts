/**
 * A power cut before and after every step that a ledger takes on its disk, with every combination
 * of unsynced sectors and names that the cut may leave. Then all that was acknowledged is there,
 * the chain is whole, each story is as it was told, and the work goes on.
 */

import * as assert from 'uvu/assert';
import type { Ledger, LedgerOptions } from '../../../controller/ledger/ledger.ts';
import { readSegments } from '../../../controller/ledger/reader.ts';
import type { LedgerRecord } from '../../../controller/ledger/records.ts';
import { hashOfRecord, writeSettled } from '../../../controller/ledger/settlement.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { type Choosing, imagesAfterCut } from '../../kit/power-cuts.ts';
import { answers, cardOf, DIRECTORY, diskIndex, expectInOrder, open, rest } from './books.ts';
import { authorised, debited, intent, outcome, passage } from './samples.ts';

const cuts = feature('every power cut');
/** Of a segment: small, so that rolling over is part of the story. */
const SEGMENT_BYTES = 4_000;
const CARDS = 6;
const LATER_MS = Date.UTC(2026, 8, 1);
/** The host settles up to this record. */
const SETTLED = 20;
const SEED = 20_261_129;

/** What was acknowledged, by number. */
type Told = ReadonlyMap<number, LedgerRecord>;

interface Beginning {
  readonly disk: MemoryDisk;
  readonly told: Told;
}

interface Scene {
  readonly name: string;
  readonly segment_bytes?: number;
  /** Where it begins; default: with an empty disk. */
  readonly beginning?: () => Promise<Beginning>;
  readonly work: (lane: Lane) => Promise<void>;
}

const EMPTY = (): Beginning => ({ disk: new MemoryDisk(), told: new Map() });

/** A lane that keeps books and notes what the ledger acknowledges. */
class Lane {
  readonly disk: MemoryDisk;
  readonly told: Map<number, LedgerRecord>;
  ledger: Ledger | null = null;
  readonly #segment_bytes: number;

  constructor(segment_bytes: number, { disk, told }: Beginning = EMPTY()) {
    this.disk = disk;
    this.told = new Map(told);
    this.#segment_bytes = segment_bytes;
  }

  async open(): Promise<void> {
    const { disk } = this;
    this.ledger = await open(disk, { segment_bytes: this.#segment_bytes, index: diskIndex(disk) });
  }

  async append(record: LedgerRecord): Promise<number> {
    const reply = await this.ledger?.append(record);
    if (!reply?.ok) throw new Error(reply?.fault.detail ?? 'not open');
    this.told.set(reply.value, record);
    return reply.value;
  }

  /** As a lane does: the intent alone, then the rest as it comes. */
  async tap(n: number, at = '20260701083000'): Promise<void> {
    const ref = await this.append(intent({ card: cardOf(n % CARDS), counter: n, at }));
    const signed = this.append(authorised(ref, n.toString(16).toUpperCase().padStart(8, '0')));
    await Promise.all([signed, this.append(debited(ref))]);
    await Promise.all([outcome(ref), passage(ref)].map((record) => this.append(record)));
  }

  async close(): Promise<void> {
    await rest();
    await this.ledger?.close();
  }
}

const SCENES: readonly Scene[] = [
  {
    name: 'taps over three segments',
    async work(lane) {
      for (let n = 1; n <= 8; n += 1) await lane.tap(n);
    },
  },
  {
    name: 'one write of many records',
    segment_bytes: 40_000,
    async work(lane) {
      const ref = await lane.append(intent({ card: cardOf(1), counter: 1 }));
      const many = Array.from({ length: 60 }, () => passage(ref));
      await Promise.all([debited(ref), outcome(ref), ...many].map((each) => lane.append(each)));
    },
  },
  {
    name: 'a settlement and the retirement of a segment',
    async work(lane) {
      for (let n = 1; n <= CARDS; n += 1) await lane.tap(n);
      await rest();
      const hash = await hashOfRecord({ disk: lane.disk, directory: DIRECTORY }, SETTLED);
      if (hash) await writeSettled(lane.disk, DIRECTORY, { through: SETTLED, hash });
      for (let n = 1; n <= CARDS; n += 1) await lane.tap(CARDS + n, '20260831083000');
      await rest();
      await lane.ledger?.tidy({ keep_days: 2, wall_ms: LATER_MS, utc_offset_minutes: 480 });
      const names = await lane.disk.list(DIRECTORY);
      assert.not(names.includes('ledger-000001.log'), 'the first segment went');
    },
  },
  {
    name: 'opening again after a cut',
    async work(lane) {
      for (let n = 1; n <= 4; n += 1) await lane.tap(n);
      await lane.close();
      await lane.open();
      await lane.tap(5);
    },
  },
  {
    name: 'opening after a cut amid a write, and a second cut meanwhile',
    beginning: tornTail,
    async work(lane) {
      await lane.tap(4);
    },
  },
];

for (const scene of SCENES) {
  cuts.test(
    `GIVEN ${scene.name} WHEN the power goes at any step THEN the books hold what they must`,
    async () => {
      const { steps, images, counts } = await everyCut(scene);
      for (const { disk, told, where } of images) {
        await expectBooks(disk, told, scene).catch((error: unknown) => {
          throw new Error(`${scene.name}, ${where}: ${error instanceof Error && error.stack}`);
        });
      }
      const ways = [...counts].map(([choosing, count]) => `${count} ${choosing}`).join(', ');
      process.stdout.write(
        `power cuts, ${scene.name}: ${steps} steps; ${ways}; ${images.length} different disks\n`,
      );
      assert.ok(steps > 10 && images.length > 20);
    },
    240_000,
  );
}

interface CutImage {
  readonly disk: MemoryDisk;
  readonly told: Told;
  readonly where: string;
}

/** Does the work once, and at each step keeps every disk that a cut may leave. */
async function everyCut({ work, beginning, segment_bytes = SEGMENT_BYTES }: Scene) {
  const lane = new Lane(segment_bytes, await beginning?.());
  const { disk } = lane;
  const images: CutImage[] = [];
  const seen = new Set<string>();
  const counts = new Map<Choosing, number>();
  let steps = 0;
  const cut = (step: string) => {
    steps += 1;
    for (const image of imagesAfterCut(disk, SEED + steps)) {
      counts.set(image.choosing, (counts.get(image.choosing) ?? 0) + 1);
      const print = `${lane.told.size} ${image.disk.fingerprint()}`;
      if (seen.has(print)) continue;
      seen.add(print);
      const where = `step ${steps} (${step}), kept ${image.kept.join('')}`;
      images.push({ disk: image.disk, told: new Map(lane.told), where });
    }
  };
  disk.onStep = (step) => cut(`before ${step}`);
  await lane.open();
  await work(lane);
  await lane.close();
  cut('at the end');
  return { steps, images, counts };
}

/** Of the last write, several records long, only the last sector has reached the disk. */
async function tornTail(): Promise<Beginning> {
  const lane = new Lane(SEGMENT_BYTES);
  await lane.open();
  for (let n = 1; n <= 3; n += 1) await lane.tap(n);
  const ref = await lane.append(intent({ card: cardOf(0), counter: 9 }));
  const told = new Map(lane.told);
  let torn: MemoryDisk | null = null;
  lane.disk.onStep = (step) => {
    if (step !== 'sync' || torn) return;
    const pieces = lane.disk.unsettled();
    torn = lane.disk.afterCut(pieces.map((_, index) => (index === pieces.length - 1 ? 1 : 0)));
  };
  const many = [debited(ref), outcome(ref), ...Array.from({ length: 6 }, () => passage(ref))];
  await Promise.all(many.map((record) => lane.append(record)));
  if (!torn) throw new Error('nothing was synced');
  return { disk: torn, told };
}

async function expectBooks(
  disk: MemoryDisk,
  told: Told,
  { segment_bytes = SEGMENT_BYTES }: Scene,
): Promise<void> {
  const small = { segment_bytes };
  const plain = await openAndClose(disk, small);
  const indexed = await openAndClose(disk, { ...small, index: diskIndex(disk) });
  assert.equal(indexed, plain, 'the index changes no answer');
  assert.equal(plain.problems, []);
  await expectInOrder(disk);
  const held = await recordsOf(disk);
  const [first = 1] = held.keys();
  assert.ok(first <= SETTLED + 1, 'nothing unsettled was removed');
  for (const [seq, record] of told) {
    if (seq < first) continue;
    assert.is(held.get(seq), recordText(record), `record ${seq} was acknowledged`);
  }
  expectStories(plain, told, first);
  const again = await open(disk, { ...small, index: diskIndex(disk) });
  assert.ok((await again.append(intent())).ok);
  await again.close();
}

/** What was acknowledged of each story is what the ledger tells of it after the cut. */
function expectStories(plain: ReturnType<typeof answers>, told: Told, first: number): void {
  const ended = new Set(
    [...told.values()]
      .flatMap((each) => ('ref' in each ? [each] : []))
      .filter(({ type }) => type === 'outcome')
      .map(({ ref }) => ref),
  );
  const open = new Set(plain.open.map(({ ref }) => ref));
  for (const [seq, record] of told) {
    if (record.type !== 'intent' || seq < first) continue;
    if (ended.has(seq)) assert.not(open.has(seq), `story ${seq} had ended`);
  }
  for (const { ref, debited: proof } of plain.open) {
    const acknowledged = [...told.values()].some(
      (each) => each.type === 'debited' && each.ref === ref,
    );
    if (acknowledged) assert.ok(proof, `story ${ref} had its proof`);
  }
}

async function openAndClose(disk: MemoryDisk, options: Partial<LedgerOptions>) {
  const ledger = await open(disk, options);
  const told = answers(ledger, CARDS);
  await ledger.close();
  // The first opening clears a torn tail away; both must tell the same.
  return { ...told, problems: told.problems.filter((text) => !/unfinished/.test(text)) };
}

async function recordsOf(disk: MemoryDisk): Promise<Map<number, string>> {
  const records = new Map<number, string>();
  for await (const found of readSegments(disk, DIRECTORY)) {
    if (found.kind === 'record') records.set(found.seq, recordText(found.fields));
  }
  return records;
}

/** Without its place in the chain, the keys in order. */
function recordText(fields: object): string {
  const place = ['seq', 'prev', 'batch'];
  const own = Object.entries(fields).filter(([key]) => !place.includes(key));
  return JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)));
}

cuts.run();
