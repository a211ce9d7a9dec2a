/** The sealed store itself: every card is found, and damage is thrown, never answered. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import * as assert from 'uvu/assert';
import { buildStore, openStore, verifyStore } from '../../../controller/blacklist/store.ts';
import { systemDisk as disk } from '../../../firmware-bridge/disk.ts';
import { feature } from '../../kit/feature.ts';
import { card, range } from './lane-lists.ts';

const store = feature('sealed store');
const root = mkdtempSync(join(tmpdir(), 'tapway-store-'));
store.after(() => rmSync(root, { recursive: true, force: true }));

const LIST = 'ab'.repeat(32);
const reason = (number: number) => (number % 5) + 1;

/** Chunks of odd sizes, each gone when the next is asked for: as a list file hands them out. */
function sourceOf(cards: readonly number[], chunk = 100) {
  return {
    sm3: LIST,
    async *entries() {
      const entries = cards.map((each) => Buffer.concat([card(each), Buffer.from([reason(each)])]));
      for (let at = 0; at < entries.length; at += chunk) {
        const bytes = Buffer.concat(entries.slice(at, at + chunk));
        yield bytes;
        bytes.fill(0xee);
      }
    },
  };
}

for (const count of [0, 1, 255, 256, 257, 512, 3_000]) {
  store.test(`GIVEN ${count} cards THEN each is found, and none beside them`, async () => {
    const directory = join(root, `count-${count}`);
    await buildStore(disk, directory, sourceOf(range(1, 2 * count, 2)));
    assert.ok((await verifyStore(disk, directory, LIST)).ok);
    const opened = await openStore(disk, directory, `${directory}-work`);
    for (let number = 0; number <= 2 * count; number += 1) {
      assert.is(opened.find(card(number)), number % 2 === 1 ? reason(number) : 0, `${number}`);
    }
    await opened.close();
    assert.ok((await verifyStore(disk, directory, LIST)).ok, 'opening changed nothing');
    assert.not(readdirSync(root).includes(`count-${count}-work`));
  });
}

store.test('GIVEN any byte of any file changed THEN the seal is broken', async () => {
  const directory = join(root, 'sealed');
  await buildStore(disk, directory, sourceOf(range(1, 400)));
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 40)) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
      writeFileSync(path, bytes);
      assert.not((await verifyStore(disk, directory, LIST)).ok, `${name} at ${at}`);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.from([0])]));
    if (name !== 'seal.json') assert.not((await verifyStore(disk, directory, LIST)).ok, name);
    rmSync(path);
    assert.not((await verifyStore(disk, directory, LIST)).ok, `${name} removed`);
    writeFileSync(path, whole);
  }
  assert.ok((await verifyStore(disk, directory, LIST)).ok);
  writeFileSync(join(directory, '000999.ldb'), 'more');
  assert.not((await verifyStore(disk, directory, LIST)).ok);
});

store.test('GIVEN pages that are not as written THEN a look-up throws, never denies', async () => {
  const directory = join(root, 'pages');
  await buildStore(disk, directory, sourceOf(range(1, 1_025)));
  const db = new Level<Uint8Array, Uint8Array>(directory, {
    ...{ keyEncoding: 'view', valueEncoding: 'view', compression: false },
  });
  const key = (number: number) => Buffer.from([0, 0, 0, number]);
  const page = Buffer.from((await db.get(key(1))) ?? []);
  const flipped = Buffer.from(page);
  flipped.writeUInt8(flipped.readUInt8(10) ^ 1, 10);
  await db.put(key(0), flipped);
  await db.put(key(2), page);
  await db.del(key(3));
  await db.close();
  // Of the seal only the names count here.
  const files = readdirSync(directory).map((name) => ({ name, size: 0, sm3: '' }));
  writeFileSync(join(directory, 'seal.json'), JSON.stringify({ list: LIST, files }));
  const opened = await openStore(disk, directory, `${directory}-work`);
  assert.throws(() => opened.find(card(1)), /page 0 is damaged/);
  assert.is(opened.find(card(257)), reason(257));
  assert.throws(() => opened.find(card(513)), /page 2 is damaged/, 'a good page elsewhere');
  assert.throws(() => opened.find(card(1_000)), /page 3 is missing/);
  await opened.close();
});

store.test('GIVEN entries that break off THEN building throws and leaves no seal', async () => {
  const directory = join(root, 'broken');
  const source = {
    sm3: LIST,
    async *entries() {
      yield Buffer.alloc(11);
      throw new Error('the file was changed');
    },
  };
  let said = '';
  await buildStore(disk, directory, source).catch((error: Error) => {
    said = error.message;
  });
  assert.match(said, 'the file was changed');
  assert.not(readdirSync(directory).includes('seal.json'));
});

store.run();
