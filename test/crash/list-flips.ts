/** Damages a list while its lane is stopped or runs: no listed card is ever answered as clear. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Chance, createChance } from '../../sim/lane/chance.ts';
import type { Rule, Survey } from './cards.ts';
import { damage } from './damage.ts';
import { inTwos, replayable, restore, scratch, Tally } from './kit.ts';
import { bring, issue, Lane } from './lists.ts';

const LEVELDB = 0;

interface Field {
  readonly directory: string;
  readonly rules: readonly Rule[];
  readonly limit: number;
}

/** Version 2 in force, over version 1 or alone. */
async function plant(cards: number): Promise<Field[]> {
  const limit = cards * 2 + 100;
  const before: Rule = { version: 1, first: cards, end: limit - 50, step: 3, limit };
  const now: Rule = { version: 2, first: 0, end: cards * 2, step: 2, limit };
  const [old, young] = [await issue(before), await issue(now)];
  const [both, alone] = [join(scratch(), 'lists'), join(scratch(), 'lists')];
  await bring(both, old, LEVELDB);
  await bring(both, young, LEVELDB);
  await bring(alone, young, LEVELDB);
  return [both, alone].map((directory) => ({ directory, rules: [now, before], limit }));
}

/** @param cards how many the list holds */
export async function damageLists(trials: number, cards: number, seed: number): Promise<Tally> {
  const tally = new Tally();
  const fields = await plant(cards);
  const numbers = Array.from({ length: trials }, (_, number) => number);
  await inTwos(numbers, (number) =>
    replayable(`seed ${seed}, ${cards} cards, trial ${number}`, async () => {
      const chance = createChance(seed * 31_337 + number);
      const { directory, rules, limit } = chance.pick(fields);
      const copy = join(scratch(), 'lists');
      restore(directory, copy);
      const trial = { directory: copy, rules, limit, chance };
      const runs = number % 2 === 1;
      const told = await (runs ? damageWhileItRuns(trial) : damageWhileStopped(trial));
      tally.add(`trials ${runs ? 'with a running' : 'with a stopped'} lane: ${told}`);
    }),
  );
  return tally;
}

interface Trial extends Field {
  readonly chance: Chance;
}

async function damageWhileStopped(trial: Trial): Promise<string> {
  const { directory, rules, limit } = trial;
  const { file, what, changed } = inflict(trial, filesOf(directory));
  return replayed(`${what}, ${file}`, async () => {
    const lane = await Lane.open(directory, rules);
    const first = await lane.order('ask');
    expectHonest(first, limit);
    const last = await lane.order('heal');
    expectHonest(last, limit);
    if (isInStore(file) || !changed) assert.is(last.health, 'good', last.detail);
    await lane.close();
    return verdict(first, last);
  });
}

async function damageWhileItRuns(trial: Trial): Promise<string> {
  const { directory, rules, limit } = trial;
  const lane = await Lane.open(directory, rules);
  assert.is((await lane.order('ask')).right, limit);
  // A lane that runs looks at active.json again only when it changes.
  const { file, what, changed } = inflict(trial, filesOf(directory));
  return replayed(`${what}, ${file}`, async () => {
    assert.equal((await lane.order('ask')).wrong, []);
    const first = await lane.order('scrub');
    assert.equal(first.wrong, []);
    expectHonest(first, limit);
    if (changed && isInForce(file) && first.health === 'good') {
      assert.ok(isInStore(file), 'it was found, and the store built anew in the meantime');
    }
    const last = await lane.order('heal');
    assert.equal([last.wrong, last.right], [[], limit], last.detail);
    if (isInStore(file) || !changed) assert.is(last.health, 'good', last.detail);
    await lane.close();
    return verdict(first, last);
  });
}

function inflict({ directory, chance }: Trial, files: readonly string[]) {
  const tables = files.filter((name) => /^store-2\/.*\.ldb$/.test(name));
  const file = chance.pick(chance.below(2) === 0 ? tables : files);
  const { what, bytes } = damage(join(directory, file), chance);
  return { file, what, changed: bytes.length > 0 };
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => !/^(work-|lock)/.test(name))
    .filter((name) => statSync(join(directory, name)).isFile())
    .filter((name) => statSync(join(directory, name)).size > 0)
    .sort();
}

const isInStore = (file: string) => file.startsWith('store-2');
const isInForce = (file: string) => /^(store-2|full-2)/.test(file);

/** Right, or openly unreadable; a good health promises every answer. */
function expectHonest({ health, detail, version, right, wrong }: Survey, limit: number): void {
  assert.equal(wrong, []);
  if (health === 'good') assert.equal([version, right], [2, limit], detail);
  else assert.is(health, 'unreadable');
}

function verdict(first: Survey, last: Survey): string {
  if (first.health === 'good' && first.unreadable === 0) return 'nothing to answer for';
  if (last.health === 'good') return 'healed';
  if (last.version === 1) return 'unreadable, the list before serves';
  return last.unreadable === 0 ? 'unreadable, memory serves' : 'unreadable';
}

async function replayed(what: string, work: () => Promise<string>): Promise<string> {
  let told = '';
  await replayable(what, async () => {
    told = await work();
  });
  return told;
}
