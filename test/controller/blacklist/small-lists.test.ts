/** Issuers and cities: asked by their first digits. */

import * as assert from 'uvu/assert';
import { importList } from '../../../controller/blacklist/import.ts';
import { openSmallList, type SmallList } from '../../../controller/blacklist/small-lists.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { MemoryDisk } from '../../kit/memory-disk.ts';
import { TRUST } from './lane-lists.ts';
import { issue, need } from './list-file/office.ts';

const small = feature('small lists');

function lane() {
  const disk = new MemoryDisk();
  const clock = createFakeClock();
  const usual = { disk, trust: TRUST, exact_max: 0 };
  return {
    clock,
    damage(path: string) {
      const bytes = disk.peek(path);
      bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
      disk.poke(path, bytes);
    },
    open: (list: 'issuers' | 'cities'): Promise<SmallList> =>
      openSmallList({ ...usual, clock, list, directory: list }),
    publish: async (list: 'issuers' | 'cities', version: number, lines: readonly string[]) =>
      need(
        await importList({
          ...{ ...usual, list, directory: list },
          file: await issue(disk, { list, version, lines }),
        }),
      ),
  };
}

small.test('GIVEN none ever imported THEN the answer is null: nothing is known', async () => {
  const list = await lane().open('issuers');
  assert.equal([list.has('01133320'), list.version], [null, 0]);
  list.close();
});

small.test('GIVEN issuers and cities THEN each is found, whatever exact_max says', async () => {
  const { open, publish } = lane();
  await publish('issuers', 1, ['01133320', '01132900']);
  await publish('cities', 4, ['3320']);
  const issuers = await open('issuers');
  const cities = await open('cities');
  assert.equal(
    ['01133320', '01132900', '01132901', '0113', ''].map((each) => issuers.has(each)),
    [true, true, false, false, false],
  );
  assert.equal([cities.has('3320'), cities.has('2900'), cities.version], [true, false, 4]);
  issuers.close();
  cities.close();
});

small.test('WHEN a new list comes THEN the clock finds it', async () => {
  const { open, publish, clock } = lane();
  const list = await open('cities');
  await publish('cities', 1, ['3320']);
  await clock.advance(1_000);
  await list.refresh();
  assert.is(list.has('3320'), true);
  list.close();
  assert.is(clock.timers(), 0);
});

small.test('GIVEN the only list damaged THEN nothing is accepted, and it says so', async () => {
  const { open, publish, damage } = lane();
  await publish('cities', 1, ['3320']);
  damage('cities/full-1.list');
  const list = await open('cities');
  assert.is(list.has('3320'), false);
  assert.is(list.health().kind, 'unreadable');
  list.close();
});

small.test('GIVEN a running lane WHEN a new list is damaged THEN the old one serves', async () => {
  const { open, publish, damage } = lane();
  const list = await open('issuers');
  const seen: string[] = [list.health().kind];
  const end = list.onHealth(({ kind }) => seen.push(kind));
  await publish('issuers', 1, ['01133320']);
  await list.refresh();
  await publish('issuers', 2, ['01132900']);
  damage('issuers/full-2.list');
  await list.refresh();
  assert.equal([list.has('01133320'), list.has('01132900'), list.version], [true, false, 1]);
  await publish('issuers', 3, ['01132900']);
  await list.refresh();
  assert.equal([list.has('01133320'), list.has('01132900')], [false, true]);
  assert.equal(seen, ['absent', 'good', 'unreadable', 'good']);
  end();
  list.close();
});

small.run();
