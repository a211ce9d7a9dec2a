import { availableParallelism } from 'node:os';
import * as assert from 'uvu/assert';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { bundleWorker } from '../../sim/world/bundle.ts';
import { runCampaign } from '../../sim/world/campaign.ts';
import { gapsOf, UNREACHED } from '../../sim/world/gaps.ts';
import { feature } from '../kit/feature.ts';

const fresh = feature('fresh worlds');

const LIMIT_MS = 60_000;
const TAPS = 250;

fresh.test(
  'GIVEN a minute of seeds that nobody has lived before THEN no rule is broken',
  async () => {
    const first = Math.floor(systemClock.wall_ms() / 1_000);
    const bundle = bundleWorker();
    const done = await runCampaign({
      ...{ clock: systemClock, program: bundle.path, first, taps: TAPS, faults: 1 },
      ...{ workers: Math.min(2, availableParallelism()), seeds: 1e9, limit_ms: LIMIT_MS },
      onProgress: () => {},
    }).finally(bundle.remove);
    const last = first + done.seeds - 1;
    process.stdout.write(`seeds ${first} to ${last}: ${done.taps} taps of ${TAPS} a seed\n`);
    const told = done.failures.map(
      ({ seed, violation }) =>
        `npm run world -- --seed ${seed} --taps ${TAPS}: ${violation.rule}: ${violation.text}`,
    );
    assert.equal(told, []);
    const { states, faults } = gapsOf(done.coverage);
    process.stdout.write(`not entered: ${states.join(', ')}; not struck: ${faults.join(', ')}\n`);
    const entered = Object.keys(UNREACHED).filter((state) => !states.includes(state));
    assert.equal(entered, [], 'sim/world/gaps.ts says that the world cannot reach these');
    assert.ok(done.seeds > 0);
  },
  3 * LIMIT_MS,
);

fresh.run();
