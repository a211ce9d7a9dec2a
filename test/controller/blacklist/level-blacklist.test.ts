import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Listing, REASONS } from '../../../controller/blacklist/blacklist.ts';
import {
  type LevelBlacklist,
  openBlacklist,
} from '../../../controller/blacklist/level-blacklist.ts';
import { feature } from '../../kit/feature.ts';

const lists = feature('blacklist in LevelDB');
const root = await mkdtemp(join(tmpdir(), 'tapway-blacklist-'));
const opened: LevelBlacklist[] = [];
lists.after(async () => {
  for (const list of opened) await list.close();
  await rm(root, { recursive: true, force: true });
});

async function open(name: string): Promise<LevelBlacklist> {
  const reply = await openBlacklist(join(root, name));
  if (!reply.ok) throw new Error(reply.fault.detail);
  opened.push(reply.value);
  return reply.value;
}

/** Another program writes into the closed store; keys and values in hex. */
function tamper(name: string, operations: readonly object[]): void {
  const script = `
    const { Level } = require('level');
    const [directory, operations] = process.argv.slice(1);
    const db = new Level(directory, { keyEncoding: 'hex', valueEncoding: 'hex' });
    db.batch(JSON.parse(operations)).then(() => db.close());`;
  const program = ['-e', script, join(root, name), JSON.stringify(operations)];
  assert.is(spawnSync(process.execPath, program, { stdio: 'inherit' }).status, 0);
}

const card = (number: number) => Buffer.from(String(number).padStart(20, '0'), 'hex');
const listing = (number: number): Listing => ({
  card: card(number),
  reason: REASONS[number % REASONS.length] ?? 'lost',
});

lists.test('GIVEN no list ever imported THEN version 0 and every card is clear', async () => {
  const list = await open('empty');
  assert.equal(list.status(), { version: 0, count: 0 });
  assert.equal(list.check(card(1)), { kind: 'clear' });
});

lists.test(
  'GIVEN a list THEN each card is found with its reason, also after reopening',
  async () => {
    const list = await open('reasons');
    const cards = REASONS.map((_, index) => listing(index));
    assert.equal(await list.replaceAll(cards, 7), { ok: true, value: { version: 7, count: 5 } });
    await list.close();
    const again = await open('reasons');
    assert.equal(again.status(), { version: 7, count: 5 });
    for (const { card, reason } of cards)
      assert.equal(again.check(card), { kind: 'listed', reason });
    assert.equal(again.check(card(99)), { kind: 'clear' });
  },
);

lists.test(
  'WHEN a list is replaced THEN it is the old one until the end, then the new',
  async () => {
    const list = await open('swap');
    await list.replaceAll([listing(1)], 1);
    const seen: string[] = [];
    async function* watched() {
      for (let number = 2; number < 12_002; number += 1) {
        if (number % 3_000 === 0)
          seen.push(`${list.check(card(1)).kind} ${list.check(card(2)).kind}`);
        yield listing(number);
      }
    }
    assert.ok((await list.replaceAll(watched(), 2)).ok);
    assert.equal(seen, Array(4).fill('listed clear'));
    assert.is(list.check(card(1)).kind, 'clear');
    assert.is(list.check(card(2)).kind, 'listed');
    assert.equal(list.status(), { version: 2, count: 12_000 });
  },
);

lists.test('GIVEN an import that breaks off THEN the old list stays, also after it', async () => {
  const list = await open('broken');
  await list.replaceAll([listing(1)], 1);
  async function* breaking() {
    for (let number = 2; number < 8_000; number += 1) yield listing(number);
    throw new Error('the file ends too early');
  }
  const reply = await list.replaceAll(breaking(), 2);
  assert.is(!reply.ok && reply.fault.code, 'blacklist-unreadable');
  assert.match(reply.ok ? '' : reply.fault.detail, 'the file ends too early');
  assert.equal(list.status(), { version: 1, count: 1 });
  assert.is(list.check(card(2)).kind, 'clear');
  assert.ok((await list.replaceAll([listing(3)], 3)).ok);
  assert.is(list.check(card(2)).kind, 'clear', 'nothing of the broken import shines through');
  assert.equal(list.status(), { version: 3, count: 1 });
});

const refused: readonly { name: string; listings: readonly Listing[]; version: number }[] = [
  { name: 'a short serial', listings: [{ card: Buffer.alloc(8), reason: 'lost' }], version: 1 },
  {
    name: 'an unknown reason',
    listings: [{ card: card(1), reason: 'bored' as 'lost' }],
    version: 1,
  },
  { name: 'version 0', listings: [listing(1)], version: 0 },
  { name: 'version 1.5', listings: [listing(1)], version: 1.5 },
];
for (const { name, listings, version } of refused) {
  lists.test(`GIVEN ${name} THEN the import is refused`, async () => {
    const list = await open('refused');
    const reply = await list.replaceAll(listings, version);
    assert.is(reply.ok, false);
    assert.equal(list.status(), { version: 0, count: 0 });
    await list.close();
  });
}

lists.test('GIVEN a card listed twice THEN it counts once, with the last reason', async () => {
  const list = await open('twice');
  const twice: Listing[] = [
    { card: card(1), reason: 'lost' },
    { card: card(1), reason: 'fraud' },
  ];
  assert.equal(await list.replaceAll(twice, 1), { ok: true, value: { version: 1, count: 1 } });
  assert.equal(list.check(card(1)), { kind: 'listed', reason: 'fraud' });
});

lists.test('GIVEN a second import at the same time THEN it is refused', async () => {
  const list = await open('parallel');
  const [first, second] = await Promise.all([
    list.replaceAll([listing(1)], 1),
    list.replaceAll([listing(2)], 2),
  ]);
  assert.ok(first.ok);
  assert.not(second.ok);
  assert.equal(list.status(), { version: 1, count: 1 });
});

lists.test(
  'GIVEN 100,000 cards in any order THEN each is found and no other',
  async () => {
    const list = await open('many');
    function* shuffled() {
      // 7,919 and 100,000 share no factor: every number comes once, in a scattered order.
      for (let i = 0; i < 100_000; i += 1) yield listing((i * 7_919) % 100_000);
    }
    assert.ok((await list.replaceAll(shuffled(), 1)).ok);
    assert.is(list.status().count, 100_000);
    for (let number = 0; number < 100_000; number += 7) {
      assert.is(list.check(card(number)).kind, 'listed');
      assert.is(list.check(card(number + 100_000)).kind, 'clear');
    }
  },
  60_000,
);

lists.test('GIVEN a garbled entry THEN its card is unreadable, never clear', async () => {
  const list = await open('garbled');
  await list.replaceAll([listing(1), listing(2), listing(3)], 1);
  await list.close();
  tamper('garbled', [
    { type: 'put', key: `02${card(1).toString('hex')}`, value: '4d' },
    { type: 'put', key: `02${card(2).toString('hex')}`, value: '6c6f7374' },
  ]);
  const again = await open('garbled');
  assert.is(again.check(card(1)).kind, 'unreadable');
  assert.is(again.check(card(2)).kind, 'unreadable');
  assert.is(again.check(card(3)).kind, 'listed');
  assert.is(again.check(Buffer.alloc(9)).kind, 'unreadable');
});

lists.test('WHEN the store is closed THEN look-ups are unreadable, never clear', async () => {
  const list = await open('closed');
  await list.close();
  assert.is(list.check(card(1)).kind, 'unreadable');
  assert.is((await list.replaceAll([listing(1)], 1)).ok, false);
});

lists.test('GIVEN a store whose version record is lost THEN opening is refused', async () => {
  const list = await open('headless');
  await list.replaceAll([listing(1)], 1);
  await list.close();
  tamper('headless', [{ type: 'del', key: '00' }]);
  const reply = await openBlacklist(join(root, 'headless'));
  assert.is(!reply.ok && reply.fault.code, 'blacklist-unreadable');
});

lists.test('GIVEN a damaged store THEN opening is refused with a fault', async () => {
  const list = await open('damaged');
  await list.replaceAll([listing(1)], 1);
  await list.close();
  const directory = join(root, 'damaged');
  for (const name of await readdir(directory)) {
    if (name.startsWith('MANIFEST')) await writeFile(join(directory, name), 'garbage');
  }
  const reply = await openBlacklist(directory);
  assert.is(!reply.ok && reply.fault.code, 'blacklist-unreadable');
});

lists.test('GIVEN a store that is open already THEN a fault, not an exception', async () => {
  await open('busy');
  const reply = await openBlacklist(join(root, 'busy'));
  assert.is(!reply.ok && reply.fault.code, 'blacklist-unreadable');
});

lists.run();
