/**
 * `npm run crash -- [--kills N] [--trials N] [--seed N]`: the long run, with its counts;
 * `npm run crash -- --awaits`: a process of the world dies at every await.
 */

import { parseArgs } from 'node:util';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { dieAtAwaits, tellRun } from '../world/awaits.ts';
import type { Tally } from './kit.ts';
import { damageLedgers } from './ledger-flips.ts';
import { killWritersAtEveryChange, killWritersAtRandom } from './ledger-kills.ts';
import { damageLists } from './list-flips.ts';
import { killImportsAtEveryChange, killImportsAtRandom, killLanes } from './list-kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '2000' },
    trials: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    awaits: { type: 'boolean', default: false },
  },
});
const [wanted, trials, seed] = [values.kills, values.trials, values.seed].map(Number);
if (![wanted, trials, seed].every((each) => Number.isInteger(each) && Number(each) >= 0)) {
  throw new Error('--kills, --trials and --seed take whole numbers');
}

if (values.awaits) await everyAwait();
else await run(Number(wanted), Number(trials), Number(seed));

async function everyAwait(): Promise<void> {
  const run = await dieAtAwaits({ deaths: ['kill', 'power-cut'], every: 1 });
  const never = run.loaded.filter((place) => !run.places.includes(place));
  process.stdout.write(`${tellRun(run).join('\n')}\n`);
  process.stdout.write(`no process died at: ${never.join(' ')}\n`);
  if (run.broken.length > 0) process.exitCode = 1;
}

async function run(wanted: number, trials: number, seed: number): Promise<void> {
  let kills = 0;
  const killing = async (name: string, work: () => Promise<Tally>) => {
    kills += (await timed(name, work)).total('kill');
  };
  if (trials > 0) {
    await timed('lists damaged', () => damageLists(trials, 20_000, seed));
    await timed('large lists damaged', () => damageLists(Math.ceil(trials / 40), 1_000_000, seed));
    await timed('ledgers damaged', () => damageLedgers(trials, seed));
  }
  if (wanted === 0) return;
  await killing('imports at every change', () => killImportsAtEveryChange(1));
  await killing('ledgers at every change', () => killWritersAtEveryChange(1));
  await killing('imports at random', () => killImportsAtRandom(Math.ceil(wanted / 20), seed));
  await killing('lanes and keepers', () => killLanes(Math.ceil(wanted / 20), seed));
  const left = Math.max(0, wanted - kills);
  await killing('ledgers at random', () => killWritersAtRandom(left, seed));
  process.stdout.write(`${kills} kills; books and lists whole each time\n`);
}

async function timed(name: string, work: () => Promise<Tally>): Promise<Tally> {
  const begin_ms = systemClock.now_ms();
  const tally = await work();
  const seconds = Math.round((systemClock.now_ms() - begin_ms) / 1_000);
  process.stdout.write(`${name}, seed ${values.seed}, ${seconds} s: ${tally}\n`);
  return tally;
}
