/**
 * Every state of every machine: a machine without a model, a state that is never reached, a
 * transition that is never taken, a state from which service is never reached again fail the build.
 */

import * as assert from 'uvu/assert';
import { identity, type Step, statesOf, transitionsOf, visited } from '../kit/explore.ts';
import { feature } from '../kit/feature.ts';
import { type Explored, exploreAll, findMachines } from './machines.ts';
import { MODELS } from './models.ts';

const models = feature('every state of every machine');
const FOUND = await findMachines();
const EXPLORED = FOUND.map(exploreAll);

models.test('GIVEN the sources WHEN a machine is made anywhere THEN it has a model here', () => {
  const ids = FOUND.map(({ machine }) => machine.id).sort();
  assert.equal(ids, Object.keys(MODELS).sort());
});

for (const explored of EXPLORED) {
  const [first] = explored;
  if (!first) continue;
  const { machine, model } = first;
  const steps = explored.flatMap((each) => each.steps);

  models.test(`${machine.id}: every state is reached, and none but passing ones is missing`, () => {
    assert.equal([...visited(steps), ...(model.passing ?? [])].sort(), statesOf(machine));
  });

  models.test(`${machine.id}: every transition is taken, every branch of it and time-out`, () => {
    const declared = transitionsOf(machine);
    const taken = new Set(steps.flatMap((step) => step.taken));
    assert.equal(
      declared.filter((name) => !taken.has(name)),
      [],
      'these are never taken: unreachable, or an event is missing in test/model/models.ts',
    );
    assert.equal(
      [...taken].filter((name) => !declared.includes(name)),
      [],
    );
    const snapshots = explored.reduce((sum, each) => sum + each.snapshots, 0);
    process.stdout.write(
      `model ${machine.id}: ${statesOf(machine).length} states, ${declared.length} declared ` +
        `transitions, ${snapshots} snapshots, ${steps.length} steps\n`,
    );
  });

  models.test(`${machine.id}: no dead end: from every state service is reached again`, () => {
    for (const each of explored) assert.equal(deadEnds(each), []);
  });
}

/** Ways to snapshots from which no serving state can be reached any more; final ones may be. */
function deadEnds({ steps, model, wayTo }: Explored): string[] {
  const id = (snapshot: Step['from']) => identity(snapshot, model.key);
  const before = new Map<string, Set<string>>();
  for (const { from, to } of steps) {
    const known = before.get(id(to)) ?? new Set();
    before.set(id(to), known.add(id(from)));
  }
  const all = steps.map(({ to }) => to);
  const serving = all.filter(({ value }) => model.serving.includes(String(value)));
  const alive = new Set(serving.map(id));
  for (const at of alive) for (const each of before.get(at) ?? []) alive.add(each);
  const dead = steps.filter(({ to }) => to.status === 'active' && !alive.has(id(to)));
  return [...new Set(dead.map(wayTo))].slice(0, 5);
}

models.run();
