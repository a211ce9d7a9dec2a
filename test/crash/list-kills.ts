/** Kills imports, rebuilds, lanes, keepers: one whole list answers, the next import heals. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createChance } from '../../sim/lane/chance.ts';
import type { Rule } from './cards.ts';
import {
  type Child,
  dyingWords,
  inTwos,
  killAfter,
  replayable,
  restore,
  scratch,
  start,
  Tally,
} from './kit.ts';
import { activeIn, bring, expectNoLeftovers, issue, Lane, TRUST } from './lists.ts';
import type { Death } from './mortal-disk.ts';

const LIMIT = 3_000;
const OLD: Rule = { version: 1, first: 0, end: 2_000, step: 2, limit: LIMIT };
const NEW: Rule = { version: 2, first: 1_000, end: 2_900, step: 3, limit: LIMIT };
const RULES = [NEW, OLD];
const MEMORY = 1_000_000;
const LEVELDB = 0;

interface Scene {
  readonly name: string;
  readonly role: 'import' | 'rebuild';
  /** The old list in force; for a rebuild with a damaged store. */
  readonly beginning: string;
  /** The new list. */
  readonly file: string;
  readonly exact_max: number;
}

async function scenes(): Promise<Scene[]> {
  const old = await issue(OLD);
  const full = await issue(NEW);
  const delta = await issue(NEW, old);
  const all: Scene[] = [];
  for (const [where, exact_max] of [
    ['memory', MEMORY],
    ['LevelDB', LEVELDB],
  ] as const) {
    const beginning = join(scratch(), 'lists');
    await bring(beginning, old, exact_max);
    const shared = { role: 'import', beginning, exact_max } as const;
    all.push({ ...shared, name: `full list, ${where}`, file: full });
    all.push({ ...shared, name: `delta over ${where}`, file: delta });
    if (exact_max !== LEVELDB) continue;
    const broken = join(scratch(), 'lists');
    restore(beginning, broken);
    const store = join(broken, activeIn(broken).store ?? '');
    const table = join(store, readdirSync(store).find((name) => name.endsWith('.ldb')) ?? '');
    const bytes = readFileSync(table);
    bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000);
    writeFileSync(table, bytes);
    all.push({ ...shared, role: 'rebuild', beginning: broken, name: 'rebuild', file: full });
  }
  return all;
}

/** Kills at every change of the disk; writes also half done. */
export async function killImportsAtEveryChange(step: number): Promise<Tally> {
  const tally = new Tally();
  for (const scene of await scenes()) {
    const calm = await importing(scene, null);
    const changes = Number(/END (\d+)/.exec(calm.ended.lines.at(-1) ?? '')?.[1]);
    const deaths: Death[] = [];
    for (let at = 1; at <= changes; at += step) {
      deaths.push({ at, how: 'before' }, { at, how: 'half' });
    }
    await inTwos(deaths, (death) =>
      replayable(`${scene.name}, ${death.how} change ${death.at}`, async () => {
        const { directory, ended } = await importing(scene, death);
        assert.is(ended.signal, 'SIGKILL', ended.errors);
        tally.add(`kills of a ${scene.name} ${dyingWords(ended)}`);
        await expectWhole(directory, scene);
      }),
    );
  }
  return tally;
}

async function importing({ role, beginning, file, exact_max }: Scene, death: Death | null) {
  const directory = join(scratch(), 'lists');
  restore(beginning, directory);
  const ended = await start({ role, directory, file, exact_max, death, trust: TRUST }).ended;
  return { directory, ended };
}

/** Kills while LevelDB builds, the file is read or the lists are swapped. */
export async function killImportsAtRandom(kills: number, seed: number): Promise<Tally> {
  const tally = new Tally();
  const all = await scenes();
  const numbers = Array.from({ length: kills }, (_, number) => number);
  await inTwos(numbers, (number) =>
    replayable(`seed ${seed}, random kill ${number} of imports`, async () => {
      const chance = createChance(seed * 7_919 + number);
      const scene = chance.pick(all);
      const { role, file, exact_max } = scene;
      const directory = join(scratch(), 'lists');
      restore(scene.beginning, directory);
      const child = start({ role, directory, file, exact_max, death: null, trust: TRUST });
      const ended = await killAfter(child, chance.below(scene.exact_max === LEVELDB ? 120 : 30));
      if (ended.signal) tally.add('kills of imports at random moments');
      await expectWhole(directory, scene);
    }),
  );
  return tally;
}

/** The old list or the new one answers for every card; another import ends whatever was begun. */
async function expectWhole(directory: string, { file, exact_max, role }: Scene): Promise<void> {
  const lane = await Lane.open(directory, RULES);
  const first = await lane.order('ask');
  assert.equal(first.wrong, []);
  const { health, right, detail } = role === 'rebuild' ? await lane.order('heal') : first;
  assert.equal([health, right], ['good', LIMIT], detail);
  await bring(directory, file, exact_max);
  const last = await lane.order('refresh');
  assert.equal([last.health, last.version, last.right], ['good', NEW.version, LIMIT]);
  await lane.close();
  await expectNoLeftovers(directory);
}

/** Kills lanes while they open or take a new list over, and keepers while they are asked. */
export async function killLanes(kills: number, seed: number): Promise<Tally> {
  const tally = new Tally();
  const all = (await scenes()).filter(
    ({ role, exact_max }) => role === 'import' && exact_max === 0,
  );
  const numbers = Array.from({ length: kills }, (_, number) => number);
  await inTwos(numbers, (number) =>
    replayable(`seed ${seed}, kill ${number} of lanes`, async () => {
      const chance = createChance(seed * 104_729 + number);
      const scene = chance.pick(all);
      const directory = join(scratch(), 'lists');
      restore(scene.beginning, directory);
      if (number % 2 === 0) {
        const victim = start({ role: 'lane', directory, trust: TRUST, rules: RULES });
        await killLane(victim, chance.below(300), () =>
          bring(directory, scene.file, scene.exact_max),
        );
        tally.add('kills of lanes');
      } else {
        await killKeeper(directory);
        tally.add('kills of keepers');
      }
      await expectWhole(directory, scene);
    }),
  );
  return tally;
}

/** Amid its opening, or while it takes over what is imported meanwhile. */
async function killLane(child: Child, delay_ms: number, change: () => Promise<unknown>) {
  if (delay_ms % 3 > 0) await child.line();
  await Promise.all([killAfter(child, delay_ms), change()]);
}

async function killKeeper(directory: string): Promise<void> {
  const lane = await Lane.open(directory, RULES);
  assert.equal((await lane.order('shoot')).wrong, []);
  assert.is((await lane.order('heal')).right, LIMIT);
  await lane.close();
}
