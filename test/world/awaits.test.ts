/** One death in so many: `npm run crash -- --awaits` lives them all. */

import { stop } from 'esbuild';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { hookAwaits } from './await-build.ts';
import { dieAtAwaits, tellRun } from './awaits.ts';
import type { Change } from './mutants.ts';

const awaits = feature('a process dies at an await');
awaits.after(() => stop());

const EVERY = 24;
const LONG_MS = 300_000;

awaits.test('every await of a source is found and hooked, and nothing else', () => {
  const source = `async function f(x) {
  const text = 'await x'; // await x
  await (await g(await x)).h();
  for await (const one of list(await x)) await one;
  return async () => await x;
}`;
  const { source: hooked, places } = hookAwaits('a.ts', source);
  const plain = hooked
    .replaceAll(/globalThis\.at(Await|Each)\(/g, '')
    .replaceAll(/, "a\.ts:\d+:\d+"\)/g, '');
  assert.is(plain, source);
  assert.is(places.length, 7);
  assert.is(new Set(places).size, 7);
  assert.ok(hooked.includes('of globalThis.atEach(list(await globalThis.atAwait(x, '));
});

awaits.test(
  `GIVEN every flow WHEN its process dies at one await in ${EVERY} THEN no rule is broken`,
  async () => {
    const run = await dieAtAwaits({ deaths: ['kill'], every: EVERY });
    process.stdout.write(`${tellRun(run).join('\n')}\n`);
    assert.equal(run.broken, []);
    assert.ok(run.cases * EVERY > run.awaits, 'every flow was disturbed');
  },
  LONG_MS,
);

/** What only a death shows: while the process lives, its memory knows what the books forget. */
const MUTANTS: readonly (Change & { readonly flow: string; readonly rule: string })[] = [
  {
    name: 'a sync that is not waited for',
    file: 'controller/ledger/journal.ts',
    find: 'await segment.file.write(size, bytes);\n      await segment.file.sync();',
    put: 'await segment.file.write(size, bytes);\n      void segment.file.sync().catch(() => {});',
    flow: 'flat ride',
    rule: 'journal',
  },
];

for (const mutant of MUTANTS) {
  awaits.test(
    `GIVEN ${mutant.name} THEN the rule of ${mutant.rule} is broken`,
    async () => {
      const { flow, rule } = mutant;
      const run = await dieAtAwaits({ deaths: ['kill'], every: 8, flows: [flow], change: mutant });
      assert.ok(run.broken.length > 0);
      assert.match(run.broken[0] ?? '', rule);
    },
    LONG_MS,
  );
}

awaits.run();
