/** A list in LevelDB behind its filter, and the process that may die. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { LiveBlacklist } from '../../../controller/blacklist/live.ts';
import { feature } from '../../kit/feature.ts';
import { answers, becomes, CLEAR, card, listed, NEVER_EXACT, Place, range } from './lane-lists.ts';

const keeper = feature('blacklist in LevelDB');
const places: Place[] = [];
keeper.after(async () => {
  for (const each of places) await each.leave();
});

const LARGE = { exact_max: NEVER_EXACT };
/** Every third card is listed. */
const CARDS = range(1, 3_000, 3);
const START_MS = 30_000;

async function place(): Promise<Place> {
  const at = new Place();
  places.push(at);
  await at.publish({ version: 1, cards: CARDS }, LARGE);
  return at;
}

/** Cards that are not listed, and which the filter knows not to be. */
const strangers = range(100_000, 101_000);

function tableOf(at: Place): string {
  const store = at.active().store ?? '';
  const [table = ''] = readdirSync(join(at.directory, store)).filter((name) => /ldb$/.test(name));
  return `${store}/${table}`;
}

function send(live: LiveBlacklist, signal: NodeJS.Signals): void {
  process.kill(live.keeperPid() ?? 0, signal);
}

keeper.test(
  'GIVEN a large list THEN misses are clear at once and hits are asked for',
  async () => {
    const at = await place();
    const live = await at.open();
    assert.equal(live.health(), { kind: 'good' });
    assert.equal([live.status().front, live.status().count], ['filter', 1_000]);
    assert.equal(await answers(live, CARDS), CARDS.map(listed));
    const waits = strangers.filter((each) => live.check(card(each)) instanceof Promise);
    assert.ok(waits.length < 40, `${waits.length} of 1000 pass the filter`);
    assert.equal(
      await answers(live, strangers),
      strangers.map(() => CLEAR),
    );
    const many = range(1, 1_000, 3).map((each) => live.check(card(each)));
    const busy = (await Promise.all(many)).filter(({ kind }) => kind === 'unreadable');
    assert.is(busy.length, many.length - 64, 'the queue is bounded');
  },
  START_MS,
);

keeper.test(
  'WHEN a new list comes while a look-up is under way THEN both answers are right',
  async () => {
    const at = await place();
    const live = await at.open();
    await at.publish({ version: 2, cards: [2] }, LARGE);
    const swap = live.refresh();
    const seen = new Set<string>();
    let over = false;
    void swap.then(() => {
      over = true;
    });
    while (!over) {
      const [one, two] = [live.check(card(1)), live.check(card(2))];
      seen.add(JSON.stringify([await one, await two]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const pending = live.check(card(2));
    assert.equal([...seen].slice(0, 1), [JSON.stringify([listed(1), CLEAR])]);
    assert.equal(await pending, listed(2));
    assert.equal(await answers(live, [1, 2]), [CLEAR, listed(2)]);
    for (const pair of seen) {
      assert.ok(
        [
          [listed(1), CLEAR],
          [CLEAR, listed(2)],
        ].some((e) => JSON.stringify(e) === pair),
        pair,
      );
    }
    assert.equal(at.problems, []);
  },
  START_MS,
);

keeper.test(
  'GIVEN deltas over a large list THEN they count first',
  async () => {
    const at = await place();
    const full = await at.issue({ version: 1, cards: CARDS });
    await at.publish({ version: 2, cards: [2, ...CARDS.slice(1)], deltaFrom: full }, LARGE);
    const live = await at.open();
    assert.equal(await answers(live, [1, 2, 4]), [CLEAR, listed(2), listed(4)]);
    assert.equal([live.status().count, live.status().overlay], [1_000, 2]);
    assert.is(at.active().store, 'store-1');
  },
  START_MS,
);

keeper.test(
  'GIVEN the process killed during a look-up THEN unreadable, and soon good again',
  async () => {
    const at = await place();
    const live = await at.open();
    send(live, 'SIGSTOP');
    const pending = live.check(card(1));
    send(live, 'SIGKILL');
    assert.is((await pending).kind, 'unreadable');
    assert.is(live.health().kind, 'unreadable');
    assert.is((await live.check(card(1))).kind, 'unreadable');
    assert.equal(await answers(live, [200_001]), [CLEAR], 'what the filter denies stays clear');
    await becomes(live, 'good');
    assert.equal(await live.check(card(1)), listed(1));
    assert.is(at.active().store, 'store-1', 'nothing was built anew');
  },
  START_MS,
);

keeper.test(
  'GIVEN a process that stalls THEN the look-up ends unreadable, and later ones are right',
  async () => {
    const at = await place();
    const live = await at.open();
    send(live, 'SIGSTOP');
    assert.match(JSON.stringify(await live.check(card(1))), /no answer in 200 ms/);
    send(live, 'SIGCONT');
    while ((await live.check(card(4))).kind === 'unreadable');
    assert.equal(await answers(live, [4, 7]), [listed(4), listed(7)]);
    assert.is(live.health().kind, 'good');
  },
  START_MS,
);

for (const what of ['table', 'pages', 'seal.json', 'CURRENT']) {
  keeper.test(
    `GIVEN a flipped bit in ${what} at the start THEN it is found, and the store built anew`,
    async () => {
      const at = await place();
      at.damage(what === 'table' ? tableOf(at) : `store-1/${what}`, 12);
      const live = await at.open();
      assert.is(live.health().kind, 'unreadable');
      assert.is((await live.check(card(1))).kind, 'unreadable');
      assert.is((await live.check(card(300_001))).kind, 'clear');
      await becomes(live, 'good');
      assert.is(at.active().store, 'store-1-2');
      assert.equal(await answers(live, [1, 2, 4]), [listed(1), CLEAR, listed(4)]);
    },
    START_MS,
  );
}

keeper.test(
  'GIVEN a store that rots under way THEN the scrub finds it, and it is built anew',
  async () => {
    const at = await place();
    const live = await at.open();
    await live.scrub();
    assert.is(live.health().kind, 'good');
    at.damage(tableOf(at), 5_000);
    await live.scrub();
    assert.is(live.health().kind, 'unreadable');
    await becomes(live, 'good');
    assert.equal(await answers(live, [1, 2]), [listed(1), CLEAR]);
    assert.is(at.active().store, 'store-1-2');
  },
  START_MS,
);

keeper.test(
  'GIVEN store and kept file damaged THEN hits stay unreadable until another list comes',
  async () => {
    const at = await place();
    const live = await at.open();
    at.damage(tableOf(at), 5_000);
    at.damage('full-1.list', 5_000);
    await live.scrub();
    const said = () => at.problems.some((text) => /could not be built anew/.test(text));
    while (!said()) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.is(live.health().kind, 'unreadable');
    assert.is((await live.check(card(1))).kind, 'unreadable');
    await at.publish({ version: 2, cards: [2] }, LARGE);
    await live.refresh();
    assert.is(live.health().kind, 'good');
    assert.equal(await answers(live, [1, 2]), [CLEAR, listed(2)]);
  },
  START_MS,
);

keeper.test(
  'GIVEN the newer list damaged THEN the one before serves from its own store',
  async () => {
    const at = await place();
    await at.publish({ version: 2, cards: [2] }, LARGE);
    at.damage('full-2.list', 200);
    const live = await at.open();
    assert.equal([live.status().version, live.health().kind], [1, 'unreadable']);
    assert.equal(await answers(live, [1, 2]), [listed(1), CLEAR]);
  },
  START_MS,
);

keeper.test(
  'THEN the process knows no passphrase, and nothing of it stays behind',
  async () => {
    const at = await place();
    process.env.TAPWAY_TEST_SECRET = 'open sesame';
    const live = await at.open();
    delete process.env.TAPWAY_TEST_SECRET;
    const pid = live.keeperPid();
    assert.not.match(readFileSync(`/proc/${pid}/environ`, 'utf8'), /sesame/);
    send(live, 'SIGTERM');
    assert.equal(await live.check(card(1)), listed(1), 'a signal to the group is for the lane');
    await live.close();
    assert.throws(() => process.kill(pid ?? 0, 0), /ESRCH/);
    assert.equal(readdirSync(at.directory), ['active.json', 'full-1.list', 'lock', 'store-1']);
  },
  START_MS,
);

keeper.run();
