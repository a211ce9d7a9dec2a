import { systemClock } from '../../../firmware-bridge/clock.ts';
import { bundleWorker } from '../../../sim/world/bundle.ts';
import { type Progress, runCampaign } from '../../../sim/world/campaign.ts';
import { figureOf, type Row } from '../measure.ts';

const TAPS = 250;
/** Until the code is warm. */
const COLD_SEEDS = 8;

export const world: Row = {
  name: 'world',
  what: 'simulated taps for each second of one core, all faults and checks on (sim/world)',
  async run({ quick }) {
    const values = [];
    for (const faults of [0, 1]) {
      const taps_per_s = await rates(faults, quick ? 8 : 40);
      const name = faults === 0 ? 'world, no faults' : 'world, full fault rates';
      values.push(figureOf(name, 'taps/s', { values: taps_per_s, target: { atLeast: 2_000 } }));
    }
    return values;
  },
};

/** One figure a seed, by CPU time: the neighbours of a shared machine disturb that least. */
async function rates(faults: number, seeds: number): Promise<number[]> {
  const bundle = bundleWorker();
  const taken: number[] = [];
  let before: Pick<Progress, 'taps' | 'cpu_ms'> = { taps: 0, cpu_ms: 0 };
  const done = await runCampaign({
    ...{ clock: systemClock, program: bundle.path, workers: 1, first: 1, taps: TAPS, faults },
    ...{ seeds: COLD_SEEDS + seeds, limit_ms: Number.POSITIVE_INFINITY },
    onProgress(now) {
      taken.push(((now.taps - before.taps) * 1_000) / (now.cpu_ms - before.cpu_ms));
      before = now;
    },
  }).finally(bundle.remove);
  if (done.failures.length > 0) throw new Error('a world that is measured broke a rule');
  return taken.slice(COLD_SEEDS);
}
