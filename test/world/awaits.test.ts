/** One death in so many: `npm run crash -- --awaits` lives them all. */

import { runInThisContext } from 'node:vm';
import { stop } from 'esbuild';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { hookAwaits } from './await-build.ts';
import { installHook } from './await-hook.ts';
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

type Work = (steps: (string | number)[]) => Promise<void>;

awaits.test(
  'GIVEN a process WHEN it dies at the nth moment THEN it does nothing more, whatever settles',
  async () => {
    const source = `(async (steps) => {
      steps.push('begun');
      await null;
      steps.push('waited');
      try { await Promise.reject(); } catch { steps.push('caught'); }
      for await (const each of [1, 2]) steps.push(each);
      await Promise.all([1, 2].map(async () => { await null; steps.push('both'); }));
      steps.push('done');
    })`;
    const work: Work = runInThisContext(hookAwaits('work.js', source).source);
    const lived = async (nth: number) => {
      const owner = { alive: true, timers: 0 };
      const hook = installHook(() => owner);
      hook.arm(nth, () => {
        owner.alive = false;
      });
      const steps: (string | number)[] = [];
      void work(steps);
      await new Promise((resolve) => setImmediate(resolve));
      return { steps, ...hook.disarm() };
    };
    const whole = await lived(Number.POSITIVE_INFINITY);
    const { steps, begun, resumed } = whole;
    assert.equal(steps, ['begun', 'waited', 'caught', 1, 2, 'both', 'both', 'done']);
    // null, the rejection, three times next, Promise.all and the two awaits within it.
    assert.equal([begun, resumed], [8, 8]);
    const lengths: number[] = [];
    for (let nth = 1; nth <= begun + resumed; nth += 1) {
      const { steps: taken } = await lived(nth);
      assert.equal(taken, steps.slice(0, taken.length));
      lengths.push(taken.length);
    }
    assert.equal(lengths, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 6, 7]);
  },
);

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

interface AwaitMutant extends Change {
  readonly flow: string;
  readonly rule: string;
  /** Is a rule broken where nobody dies as well? */
  readonly always: boolean;
}

/** The second shows at a death alone: while its process lives, its memory knows of every story. */
const MUTANTS: readonly AwaitMutant[] = [
  {
    name: 'a sync that is not waited for',
    file: 'controller/ledger/journal.ts',
    find: 'await segment.file.write(size, bytes);\n      await segment.file.sync();',
    put: 'await segment.file.write(size, bytes);\n      void segment.file.sync().catch(() => {});',
    flow: 'flat ride',
    rule: 'journal',
    always: true,
  },
  {
    name: 'a start that reads no story from the books',
    file: 'controller/ledger/opening.ts',
    find: "if (found.kind === 'record' && record) index.apply(found.seq, record);",
    put: '',
    flow: 'flat ride',
    rule: 'money',
    always: false,
  },
];

for (const mutant of MUTANTS) {
  awaits.test(
    `GIVEN ${mutant.name} THEN the rule of ${mutant.rule} is broken`,
    async () => {
      const { flow, rule, always } = mutant;
      const run = await dieAtAwaits({ deaths: ['kill'], every: 8, flows: [flow], change: mutant });
      assert.ok(run.broken.length > 0);
      for (const text of run.broken) assert.match(text, `: ${rule}: `);
      assert.is(
        run.broken.some((text) => text.includes('undisturbed: ')),
        always,
      );
    },
    LONG_MS,
  );
}

awaits.run();
