/** An operator imports lists: what comes into force, what is refused, what is kept. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { readActive } from '../../../controller/blacklist/archive.ts';
import { verifyStore } from '../../../controller/blacklist/store.ts';
import { systemDisk } from '../../../firmware-bridge/disk.ts';
import { feature } from '../../kit/feature.ts';
import { NEVER_EXACT, Place, range, STRANGER, type Wanted } from './lane-lists.ts';
import { refusal, seal } from './list-file/office.ts';

const imports = feature('importing lists');
const places: Place[] = [];
imports.after(async () => {
  for (const each of places) await each.leave();
});

function place(): Place {
  const made = new Place();
  places.push(made);
  return made;
}

const FULL: Wanted = { version: 10, cards: range(1, 20) };
const names = (at: Place) => readdirSync(at.directory).filter((name) => name !== 'lock');

imports.test('GIVEN a signed full list THEN it is kept and in force', async () => {
  const at = place();
  const file = await at.issue(FULL);
  const reply = await at.import(file);
  assert.equal(reply, {
    ok: true,
    value: { version: 10, total: 19, count: 19, store: null, fresh: true },
  });
  assert.equal(names(at), ['active.json', 'full-10.list']);
  assert.equal(readFileSync(join(at.directory, 'full-10.list')), readFileSync(file));
});

imports.test('GIVEN a list above exact_max THEN it is sealed in LevelDB as well', async () => {
  const at = place();
  const file = await at.issue({ version: 3, cards: range(1, 2_000) });
  const reply = await at.import(file, { exact_max: 1_998 });
  assert.is(reply.ok && reply.value.store, 'store-3');
  const active = await readActive(systemDisk, at.directory);
  const sm3 = (active.ok && active.value?.chain[0].sm3) || '';
  assert.ok((await verifyStore(systemDisk, join(at.directory, 'store-3'), sm3)).ok);
  assert.not((await verifyStore(systemDisk, join(at.directory, 'store-3'), '0'.repeat(64))).ok);
});

const REFUSED: readonly {
  readonly why: RegExp;
  readonly wanted: Wanted;
  readonly deltaOf?: Wanted;
}[] = [
  { why: /not signed/, wanted: { version: 11, cards: [1], key: null } },
  { why: /trusted_keys does not name/, wanted: { version: 11, cards: [1], key: STRANGER.key } },
  { why: /version 10 is no newer than 10/, wanted: { version: 10, cards: [1, 2] } },
  { why: /version 9 is no newer than 10/, wanted: { version: 9, cards: [1] } },
  {
    why: /a list of cities, not of blacklist/,
    wanted: { version: 11, cards: [], list: 'cities', lines: ['3320'] },
  },
  {
    why: /continues version 9, but 10 is in force; import a full list/,
    wanted: { version: 11, cards: [1] },
    deltaOf: { version: 9, cards: [1, 2] },
  },
  {
    why: /promises 2 entries, but makes them 20/,
    wanted: { version: 11, cards: [30, 31] },
    deltaOf: { version: 10, cards: [31] },
  },
];

for (const { why, wanted, deltaOf } of REFUSED) {
  imports.test(`THEN it is refused: ${why.source}`, async () => {
    const at = place();
    await at.publish(FULL);
    const before = at.active();
    const base = deltaOf && { deltaFrom: await at.issue(deltaOf) };
    const detail = refusal(await at.import(await at.issue({ ...wanted, ...base })));
    assert.match(detail, why);
    assert.equal(at.active(), before);
    assert.equal(names(at), ['active.json', 'full-10.list'], 'nothing of it is left');
  });
}

imports.test('GIVEN nothing in force WHEN a delta comes THEN it is refused', async () => {
  const at = place();
  const deltaFrom = await at.issue(FULL);
  const delta = await at.issue({ version: 11, cards: [1], deltaFrom });
  assert.match(refusal(await at.import(delta)), /import a full list/);
});

const A = `${'0'.repeat(19)}1`;
const B = `${'0'.repeat(19)}2`;
for (const [why, bytes] of [
  ['ascending order', seal({}, { entries: `${B}01${A}01` })],
  ['value 6', seal({}, { entries: `${A}06` })],
  [
    'denies a card',
    seal(
      {},
      { entries: `${A}01`, filter: `${'00000001'}${'00000004'}${'00000004'}${'55'.repeat(12)}` },
    ),
  ],
] as const) {
  imports.test(`GIVEN a signed list with wrong content THEN it is refused: ${why}`, async () => {
    const at = place();
    const file = join(at.root, 'wrong.list');
    writeFileSync(file, bytes);
    assert.match(refusal(await at.import(file)), why);
    assert.equal(names(at), []);
  });
}

imports.test('GIVEN a large list without a filter THEN it is refused', async () => {
  const at = place();
  const file = join(at.root, 'bare.list');
  writeFileSync(file, seal({}, { entries: `${A}01${B}01` }));
  assert.match(refusal(await at.import(file, { exact_max: 1 })), /filter/);
});

imports.test('GIVEN deltas THEN the chain grows until a full list ends it', async () => {
  const at = place();
  const ten = await at.publish(FULL);
  const eleven = { version: 11, cards: range(3, 23) };
  await at.publish({ ...eleven, deltaFrom: ten });
  const fullEleven = await at.issue(eleven);
  await at.publish({ version: 12, cards: range(4, 24), deltaFrom: fullEleven });
  assert.equal(
    at.active().chain.map(({ file }) => file),
    ['full-10.list', 'delta-11.list', 'delta-12.list'],
  );
  await at.publish({ version: 20, cards: [5] });
  assert.equal(names(at), [
    ...['active.json', 'delta-11.list', 'delta-12.list', 'full-10.list', 'full-20.list'],
  ]);
  await at.publish({ version: 21, cards: [6] });
  assert.equal(
    names(at),
    ['active.json', 'full-20.list', 'full-21.list'],
    'the one before is kept',
  );
});

imports.test(
  'GIVEN 64 deltas WHEN one more comes THEN a full list is asked for',
  async () => {
    const at = place();
    let base = await at.publish({ version: 1, cards: [1] });
    for (let version = 2; version <= 66; version += 1) {
      const cards = [version];
      const delta = await at.issue({ version, cards, deltaFrom: base });
      const reply = await at.import(delta);
      if (version <= 65) assert.ok(reply.ok);
      else assert.match(refusal(reply), /64 deltas are kept; import a full list/);
      base = await at.issue({ version, cards });
    }
  },
  60_000,
);

imports.test('WHEN the list in force is imported again THEN nothing changes', async () => {
  const at = place();
  const file = await at.publish(FULL);
  const before = readFileSync(join(at.directory, 'active.json'));
  const reply = await at.import(file);
  assert.is(reply.ok && reply.value.fresh, false);
  assert.equal(readFileSync(join(at.directory, 'active.json')), before);
});

imports.test(
  'GIVEN a damaged directory WHEN the same list comes again THEN it is mended',
  async () => {
    const at = place();
    const file = await at.publish(FULL, { exact_max: NEVER_EXACT });
    at.damage('full-10.list', 300);
    at.damage('store-10/pages', 0);
    assert.ok((await at.import(file, { exact_max: NEVER_EXACT })).ok);
    assert.equal(readFileSync(join(at.directory, 'full-10.list')), readFileSync(file));
    assert.is(at.active().store, 'store-10-2');
    assert.equal(names(at), ['active.json', 'full-10.list', 'store-10-2']);
  },
);

imports.test('GIVEN active.json garbled THEN no older version and no delta comes in', async () => {
  const at = place();
  const full = await at.publish(FULL);
  writeFileSync(join(at.directory, 'active.json'), '{"version":');
  const delta = await at.issue({ version: 11, cards: [1], deltaFrom: full });
  assert.match(refusal(await at.import(delta)), /import a full list/);
  const older = await at.issue({ version: 9, cards: [1] });
  assert.match(refusal(await at.import(older)), /older than the kept version 10/);
  assert.ok((await at.import(full)).ok);
  assert.is(at.active().version, 10);
});

imports.test('GIVEN active.json lost THEN no refused list takes the kept one away', async () => {
  const at = place();
  const full = await at.publish(FULL);
  rmSync(join(at.directory, 'active.json'));
  const rubbish = join(at.root, 'rubbish');
  writeFileSync(rubbish, 'rubbish');
  const disorder = join(at.root, 'disorder');
  writeFileSync(disorder, seal({ version: 12 }, { entries: `${B}01${A}01` }));
  const older = await at.issue({ version: 9, cards: [1] });
  for (const [file, why] of [
    [rubbish, /the file ends/],
    [disorder, /ascending order/],
    [older, /older than the kept version 10/],
  ] as const) {
    assert.match(refusal(await at.import(file)), why);
    assert.equal(names(at), ['full-10.list']);
  }
  assert.ok((await at.import(full)).ok);
  assert.is(at.active().version, 10);
  const [kept = ''] = at.active().chain.map((each) => each.file);
  assert.equal(names(at), ['active.json', kept]);
});

for (const [state, spoil] of [
  ['lost', (path: string) => rmSync(path)],
  ['garbled', (path: string) => writeFileSync(path, 'garbled')],
] as const) {
  imports.test(`GIVEN active.json ${state} THEN the kept file itself brings it back`, async () => {
    const at = place();
    const bytes = readFileSync(await at.publish(FULL));
    spoil(join(at.directory, 'active.json'));
    const kept = join(at.directory, 'full-10.list');
    assert.ok((await at.import(kept)).ok);
    const [file = ''] = at.active().chain.map((each) => each.file);
    assert.equal(readFileSync(join(at.directory, file)), bytes);
  });
}

imports.test(
  'GIVEN a damaged chain THEN each of its files mends itself, and says of others',
  async () => {
    const at = place();
    const full = await at.publish(FULL);
    const delta = await at.publish({ version: 11, cards: range(3, 23), deltaFrom: full });
    at.damage('full-10.list', 300);
    at.damage('delta-11.list', 160);
    const half = await at.import(delta);
    assert.match(half.ok ? '' : half.fault.detail, /full-10\.list: .*import that file again/);
    assert.equal(readFileSync(join(at.directory, 'delta-11.list')), readFileSync(delta));
    assert.equal(await at.import(full), {
      ok: true,
      value: { version: 11, total: 20, count: 19, store: null, fresh: false },
    });
    assert.equal(readFileSync(join(at.directory, 'full-10.list')), readFileSync(full));
  },
);

imports.test('GIVEN a version mistyped too high THEN --replace takes a later list', async () => {
  const at = place();
  await at.publish({ version: 5, cards: [5], age: 4 });
  const base = await at.publish({ version: 20261124, cards: [1], age: 3 });
  const earlier = await at.issue({ version: 6, cards: [6], age: 3.5 });
  const later = await at.issue({ version: 5, cards: [7], age: 2 });
  const same = await at.issue({ version: 20261124, cards: [8], age: 1 });
  const stranger = await at.issue({ version: 6, cards: [6], key: STRANGER.key });
  const delta = await at.issue({ version: 20261125, cards: [2], deltaFrom: base });
  assert.match(refusal(await at.import(later)), /no newer than 20261124/);
  const replace = true;
  for (const [file, why] of [
    [earlier, /issued .*, no later than the list in force/],
    [same, /no newer than 20261124/],
    [stranger, /trusted_keys does not name/],
  ] as const) {
    assert.match(refusal(await at.import(file, { replace })), why);
  }
  assert.ok((await at.import(later, { replace })).ok);
  assert.is(at.active().version, 5);
  assert.equal(
    at.active().chain.map(({ file }) => file),
    ['full-5-2.list'],
    'the file of the first version 5 was not written over',
  );
  assert.match(refusal(await at.import(delta, { replace })), /continues version 20261124/);
  const live = await at.open();
  assert.equal([live.health().kind, live.status().version], ['good', 5]);
});

imports.test('GIVEN two imports at once THEN one of them is refused', async () => {
  const at = place();
  const files = [await at.issue(FULL), await at.issue({ version: 11, cards: [1] })];
  const replies = await Promise.all(files.map((file) => at.import(file)));
  const fault = replies.flatMap((reply) => (reply.ok ? [] : [reply.fault.detail]));
  assert.is(fault.length, 1);
  assert.match(fault[0] ?? '', /another import/);
});

imports.run();
