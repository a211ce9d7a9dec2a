import { readdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { readStory } from '../../sim/commands/world.ts';
import { runStory } from '../../sim/world/run.ts';
import { feature } from '../kit/feature.ts';

const seeds = feature('worlds that failed once');

const DIRECTORY = 'test/world/seeds';
const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.json'));

seeds.test('there are some', () => {
  assert.ok(files.length > 0);
});

for (const name of files) {
  seeds.test(
    `${name}: the rule it broke holds now`,
    async () => {
      const { violation } = await runStory(readStory(`${DIRECTORY}/${name}`));
      assert.is(violation, null, violation?.text);
    },
    30_000,
  );
}

seeds.run();
