/** The blacklist of a running lane, all in memory: swaps, age, damage, fallback. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { Health } from '../../../controller/blacklist/blacklist.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { answers, becomes, CLEAR, card, listed, Place, range } from './lane-lists.ts';

const live = feature('blacklist in memory');
const places: Place[] = [];
live.after(async () => {
  for (const each of places) await each.leave();
});

function place(): Place {
  const made = new Place();
  places.push(made);
  return made;
}

live.test('GIVEN no list ever imported THEN it is absent and every card is clear', async () => {
  const list = await place().open();
  assert.is(list.health().kind, 'absent');
  assert.is(list.status().version, 0);
  assert.equal(list.check(card(1)), CLEAR);
});

live.test('GIVEN a list THEN each card is found with its reason, and no other', async () => {
  const at = place();
  await at.publish({ version: 7, cards: range(1, 200, 2) });
  const list = await at.open();
  assert.equal(list.health(), { kind: 'good' });
  const { issued, keyId, ...rest } = list.status();
  assert.equal(rest, { version: 7, count: 100, front: 'exact', overlay: 0 });
  for (const number of range(1, 200, 2)) {
    assert.equal(list.check(card(number)), listed(number));
    assert.equal(list.check(card(number + 1)), CLEAR);
  }
  assert.is(list.check(card(1)), list.check(card(1)), 'an answer costs no memory');
});

live.test('GIVEN a serial of another length THEN unreadable, never clear', async () => {
  const at = place();
  await at.publish({ version: 1, cards: [1] });
  const list = await at.open();
  for (const length of [0, 9, 11]) {
    assert.is((await list.check(Buffer.alloc(length))).kind, 'unreadable');
  }
});

live.test('WHEN lists and deltas come THEN each takes over whole', async () => {
  const at = place();
  const clock = createFakeClock(systemClock.wall_ms() - Date.UTC(2026, 0, 1));
  const list = await at.open({}, clock);
  const first = await at.publish({ version: 1, cards: [1, 2, 3] });
  while (list.status().version !== 1) await clock.advance(1_000);
  assert.equal(await answers(list, [1, 2, 3, 4]), [listed(1), listed(2), listed(3), CLEAR]);
  await at.publish({ version: 2, cards: [2, 3, 4], deltaFrom: first });
  assert.equal(await answers(list, [1, 4]), [listed(1), CLEAR], 'until the clock looks');
  await list.refresh();
  assert.equal(await answers(list, [1, 2, 3, 4]), [CLEAR, listed(2), listed(3), listed(4)]);
  assert.equal(list.status().count, 3);
  assert.is(list.status().overlay, 2);
  await at.publish({ version: 3, cards: [9] });
  await list.refresh();
  assert.equal(await answers(list, [2, 4, 9]), [CLEAR, CLEAR, listed(9)]);
  assert.is(list.status().overlay, 0);
});

live.test(
  'GIVEN any lists one after the other, full or delta THEN the answers are those of the last',
  async () => {
    const numbers = fc.uniqueArray(fc.nat(40), { minLength: 1 });
    const steps = fc.array(fc.record({ numbers, delta: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (lists) => {
        const at = new Place();
        try {
          let whole = '';
          for (const [index, { numbers: cards, delta }] of lists.entries()) {
            const version = index + 1;
            const deltaFrom = delta && index > 0 ? { deltaFrom: whole } : {};
            await at.publish({ version, cards, ...deltaFrom });
            whole = await at.issue({ version, cards });
          }
          const list = await at.open();
          const last = lists.at(-1)?.numbers ?? [];
          const expected = range(0, 41).map((each) => (last.includes(each) ? listed(each) : CLEAR));
          assert.equal(await answers(list, range(0, 41)), expected);
          assert.is(list.status().count, last.length);
        } finally {
          await at.leave();
        }
      }),
      { numRuns: 15 },
    );
  },
  60_000,
);

live.test('GIVEN a list of yesterday THEN it turns stale when its time is over', async () => {
  const at = place();
  const clock = createFakeClock(systemClock.wall_ms() - Date.UTC(2026, 0, 1));
  await at.publish({ version: 1, cards: [1], age: 10 });
  const list = await at.open({ max_age_hours: 12 }, clock);
  const seen: Health[] = [];
  list.onHealth((health) => seen.push(health));
  await clock.advance(1.9 * 3_600_000);
  await list.refresh();
  assert.equal([list.health().kind, seen.length], ['good', 0]);
  await clock.advance(0.2 * 3_600_000);
  await list.refresh();
  assert.equal(
    seen.map(({ kind }) => kind),
    ['stale'],
  );
  assert.match(JSON.stringify(list.health()), /version 1 was issued .* older than 12 hours/);
  assert.equal(list.check(card(1)), listed(1), 'it answers all the same');
  await at.publish({ version: 2, cards: [1] });
  await list.refresh();
  assert.is(list.health().kind, 'good');
});

live.test('GIVEN a new list damaged on its way THEN the old one goes on, with a word', async () => {
  const at = place();
  await at.publish({ version: 1, cards: [1] });
  const list = await at.open();
  await at.publish({ version: 2, cards: [2] });
  at.damage('full-2.list', 200);
  await list.refresh();
  assert.is(list.status().version, 1);
  assert.equal(await answers(list, [1, 2]), [listed(1), CLEAR]);
  assert.match(at.problems.join(), /full-2\.list/);
  assert.match(JSON.stringify(list.health()), /unreadable.*full-2\.list/);
  await list.refresh();
  assert.is(at.problems.length, 1, 'said once');
  await at.publish({ version: 3, cards: [3] });
  await list.refresh();
  assert.equal(list.health(), { kind: 'good' });
});

for (const where of [9, 60, 200, -100, -75, -10]) {
  live.test(
    `GIVEN a bit of the kept file flipped at ${where} THEN the list before serves`,
    async () => {
      const at = place();
      await at.publish({ version: 1, cards: [1] });
      await at.publish({ version: 2, cards: [2] });
      at.damage('full-2.list', where);
      const list = await at.open();
      assert.is(list.status().version, 1);
      assert.is(list.health().kind, 'unreadable');
      assert.equal(await answers(list, [1, 2]), [listed(1), CLEAR]);
      await at.publish({ version: 3, cards: [3] });
      await list.refresh();
      assert.is(list.health().kind, 'good');
      assert.equal(await answers(list, [1, 2, 3]), [CLEAR, CLEAR, listed(3)]);
    },
  );
}

live.test('GIVEN both lists damaged THEN every card is unreadable', async () => {
  const at = place();
  await at.publish({ version: 1, cards: [1] });
  await at.publish({ version: 2, cards: [2] });
  at.damage('full-1.list', -100);
  at.damage('full-2.list', -100);
  const list = await at.open();
  assert.is(list.health().kind, 'unreadable');
  assert.is((await list.check(card(5))).kind, 'unreadable');
});

live.test(
  'GIVEN active.json garbled THEN unreadable; when lost under way, the list goes on',
  async () => {
    const at = place();
    await at.publish({ version: 1, cards: [1] });
    const running = await at.open();
    writeFileSync(join(at.directory, 'active.json'), '{}');
    const late = await at.open();
    assert.is((await late.check(card(5))).kind, 'unreadable');
    await running.refresh();
    assert.equal(running.check(card(1)), listed(1));
    rmSync(join(at.directory, 'active.json'));
    await running.refresh();
    assert.equal(running.check(card(1)), listed(1));
    assert.match(at.problems.at(-1) ?? '', /vanished/);
    assert.is(running.health().kind, 'unreadable');
  },
);

live.test(
  'GIVEN a signer no longer trusted THEN the accepted list serves, with a word',
  async () => {
    const at = place();
    const file = await at.issue({ version: 1, cards: [1] });
    assert.ok((await at.import(file)).ok);
    at.damage('full-1.list', -72);
    const list = await at.open();
    assert.equal(list.check(card(1)), listed(1));
    assert.match(at.problems.join(), /no longer trusted/);
  },
);

live.test(
  'GIVEN a kept file that rots THEN the scrub finds it, and the same file mends it',
  async () => {
    const at = place();
    const file = await at.publish({ version: 1, cards: [1] });
    const clock = createFakeClock(systemClock.wall_ms() - Date.UTC(2026, 0, 1));
    const list = await at.open({ scrub_minutes: 5 }, clock);
    await list.scrub();
    assert.is(list.health().kind, 'good');
    at.damage('full-1.list', 190);
    const found = becomes(list, 'unreadable');
    for (let minute = 0; minute < 6; minute += 1) await clock.advance(60_000);
    await found;
    assert.equal(list.check(card(1)), listed(1), 'memory still holds what was verified');
    assert.ok((await at.import(file)).ok);
    await list.scrub();
    assert.is(list.health().kind, 'good');
  },
);

live.test('WHEN the lane closes THEN look-ups are unreadable, never clear', async () => {
  const at = place();
  await at.publish({ version: 1, cards: [1] });
  const clock = createFakeClock();
  const list = await at.open({}, clock);
  await list.close();
  assert.is((await list.check(card(1))).kind, 'unreadable');
  assert.is((await list.check(card(2))).kind, 'unreadable');
  assert.is(clock.timers(), 0);
});

live.run();
