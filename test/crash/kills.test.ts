/** The short run of the kills; `npm run crash` is the long one. */

import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { killAll, type Tally } from './kit.ts';
import { killWritersAtEveryChange, killWritersAtRandom } from './ledger-kills.ts';
import { killImportsAtEveryChange, killImportsAtRandom, killLanes } from './list-kills.ts';

const kills = feature('kills');
kills.after(killAll);
const SEED = 20_261_124;
const LONG_MS = 600_000;

function tell(tally: Tally): void {
  process.stdout.write(`kills: ${tally}\n`);
  assert.ok(tally.total('kill') > 0);
}

kills.test(
  'GIVEN a ledger WHEN its writer is killed at random THEN all that was confirmed is there, once',
  async () => tell(await killWritersAtRandom(50, SEED)),
  LONG_MS,
);

kills.test(
  'GIVEN a ledger WHEN its writer is killed at a change of the disk THEN the books stay in order',
  async () => tell(await killWritersAtEveryChange(10)),
  LONG_MS,
);

kills.test(
  'GIVEN a list WHEN an import is killed at a change of the disk THEN one whole list answers',
  async () => tell(await killImportsAtEveryChange(8)),
  LONG_MS,
);

kills.test(
  'GIVEN a list WHEN an import is killed at random THEN one whole list answers',
  async () => tell(await killImportsAtRandom(12, SEED)),
  LONG_MS,
);

kills.test(
  'GIVEN a list WHEN a lane or its keeper is killed THEN no answer is wrong, and the next is whole',
  async () => tell(await killLanes(8, SEED)),
  LONG_MS,
);

kills.run();
