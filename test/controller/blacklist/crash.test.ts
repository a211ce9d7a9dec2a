/** An import that dies at any disk operation: the old list or the new one, never a mixture. */

import * as assert from 'uvu/assert';
import { importList } from '../../../controller/blacklist/import.ts';
import { openLiveBlacklist } from '../../../controller/blacklist/live.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import type { Disk } from '../../../firmware-bridge/ports.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { answers, CLEAR, listed, NEVER_EXACT, Place, range, TRUST } from './lane-lists.ts';
import { issue, need } from './list-file/office.ts';

const crash = feature('killed imports');

/** Lets so many operations pass; the next one is done by half, and it and all later ones fail. */
class DyingDisk implements Disk {
  operations = 0;
  readonly #disk: Disk;
  readonly #last: number;

  constructor(disk: Disk, last: number) {
    this.#disk = disk;
    this.#last = last;
  }

  get dead(): boolean {
    return this.operations > this.#last;
  }

  #live(): void {
    this.operations += 1;
    if (this.dead) throw new Error('killed');
  }

  async makeDirectory(path: string) {
    this.#live();
    return this.#disk.makeDirectory(path);
  }

  async list(path: string) {
    this.#live();
    return this.#disk.list(path);
  }

  async syncDirectory(path: string) {
    this.#live();
    return this.#disk.syncDirectory(path);
  }

  async rename(from: string, to: string) {
    this.#live();
    return this.#disk.rename(from, to);
  }

  async link(from: string, to: string) {
    this.#live();
    return this.#disk.link(from, to);
  }

  async remove(path: string) {
    this.#live();
    return this.#disk.remove(path);
  }

  async open(path: string, mode: 'read' | 'append') {
    this.#live();
    const file = await this.#disk.open(path, mode);
    const doing = async <T>(work: () => Promise<T>): Promise<T> => {
      this.#live();
      return work();
    };
    return {
      size: () => doing(() => file.size()),
      read: (offset: number, length: number) => doing(() => file.read(offset, length)),
      sync: () => doing(() => file.sync()),
      truncate: (size: number) => doing(() => file.truncate(size)),
      // The handle of a dead process is closed too.
      close: () => file.close(),
      write: async (offset: number, bytes: Buffer) => {
        const dying = this.operations === this.#last;
        if (dying) await file.write(offset, bytes.subarray(0, bytes.length >> 1));
        return doing(() => file.write(offset, bytes));
      },
    };
  }
}

const OLD = range(1, 40);
const NEW = range(20, 60);
const ALL = range(0, 61);
const answer = (cards: readonly number[]) =>
  ALL.map((each) => (cards.includes(each) ? listed(each) : CLEAR));

for (const [how, exact_max, step] of [
  ['memory', 1_000, 1],
  ['LevelDB', NEVER_EXACT, 7],
] as const) {
  crash.test(
    `GIVEN a list in ${how} WHEN its import dies at any operation THEN old or new is in force`,
    async () => {
      const at = new Place();
      try {
        let version = 1;
        await at.publish({ version, cards: OLD }, { exact_max });
        let swapped = 0;
        for (let last = 0; ; last += step) {
          version += 1;
          const before = version % 2 === 0 ? OLD : NEW;
          const cards = version % 2 === 0 ? NEW : OLD;
          const file = await at.issue({ version, cards });
          const disk = new DyingDisk(systemDisk, last);
          const reply = await at.import(file, { disk, exact_max });
          if (!disk.dead) assert.ok(reply.ok);
          if (reply.ok) assert.is(at.active().version, version, `${last}`);
          const live = await at.open();
          const now = live.status().version === version ? cards : before;
          assert.equal([live.health().kind, await answers(live, ALL)], ['good', answer(now)]);
          await live.close();
          swapped += now === cards && disk.dead ? 1 : 0;
          assert.ok((await at.import(file, { exact_max })).ok, 'and once more goes through');
          if (!disk.dead) break;
        }
        assert.ok(swapped > 0, 'some died only after the new list was in force');
      } finally {
        await at.leave();
      }
    },
    120_000,
  );
}

crash.test('WHEN the power is cut at any operation THEN old or new is in force', async () => {
  const lines = (cards: readonly number[]) =>
    cards.map((each) => `${String(each).padStart(20, '0')} lost`);
  for (let last = 0, over = false; !over; last += 1) {
    const memory = new MemoryDisk();
    const usual = { directory: 'lane', list: 'blacklist', trust: TRUST, exact_max: 1_000 } as const;
    const bring = (disk: Disk, file: string) => importList({ ...usual, disk, file });
    const files = [];
    for (const [index, cards] of [
      [1, 2, 3],
      [3, 4],
    ].entries()) {
      files.push(await issue(memory, { version: index + 1, lines: lines(cards) }));
    }
    const [first = '', second = ''] = files;
    need(await bring(memory, first));
    memory.crash();
    const disk = new DyingDisk(memory, last);
    await bring(disk, second);
    over = !disk.dead;
    memory.crash();
    const clock = createFakeClock();
    const settings = { max_age_hours: 8_000, scrub_minutes: 60 };
    const live = need(await openLiveBlacklist({ ...usual, disk: memory, clock, settings }));
    const found = (await answers(live, [1, 2, 3, 4])).map(({ kind }) => kind === 'listed');
    const expected =
      live.status().version === 1 ? [true, true, true, false] : [false, false, true, true];
    assert.equal(found, expected, `operation ${last}`);
    if (over) assert.is(live.status().version, 2);
    await live.close();
  }
});

crash.run();
