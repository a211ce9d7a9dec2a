import { systemClock } from '../../../firmware-bridge/clock.ts';
import { bundleWorker } from '../../../sim/world/bundle.ts';
import { type Progress, runCampaign } from '../../../sim/world/campaign.ts';
import { drawStory } from '../../../sim/world/draw.ts';
import { figureOf, type Line, type Row } from '../measure.ts';

const TAPS = 250;
/** The compiler goes on improving the code for some 10,000 taps; a campaign has a million. */
const COLD_SEEDS = 40;
/** A round has about as many `timed` stories as the campaign: one seed alone has all or none. */
const ROUND_SEEDS = 20;
const TARGET = { atLeast: 2_000 };

export const world: Row = {
  name: 'world',
  what: 'simulated taps for each second of one core, all faults and checks on (sim/world)',
  async run({ quick }) {
    const size = quick ? { cold: 4, seeds: 8 } : { cold: COLD_SEEDS, seeds: 3 * ROUND_SEEDS };
    const calm = await live(0, size);
    const lived = await live(1, size);
    return [
      lineOf('world, no faults', calm, TARGET),
      lineOf('world, full fault rates', lived, TARGET),
      ...[false, true].map((timed) => {
        const name = timed ? 'in the time of real devices' : 'in no time';
        return lineOf(
          `world, its stories ${name}`,
          lived.filter((story) => story.timed === timed),
        );
      }),
    ];
  },
};

interface Lived {
  readonly timed: boolean;
  readonly taps: number;
  readonly cpu_ms: number;
}

/** One figure a round. */
function lineOf(measure: string, lived: readonly Lived[], target?: { atLeast: number }): Line {
  const values: number[] = [];
  for (let from = 0; from < lived.length; from += ROUND_SEEDS) {
    values.push(rateOf(lived.slice(from, from + ROUND_SEEDS)));
  }
  return figureOf(measure, 'taps/s', { values, ...(target && { target }) });
}

/** By CPU time, collector and compiler included: neighbours on the machine disturb that least. */
function rateOf(lived: readonly Lived[]): number {
  const taps = lived.reduce((sum, story) => sum + story.taps, 0);
  return (taps * 1_000) / lived.reduce((sum, story) => sum + story.cpu_ms, 0);
}

async function live(faults: number, { cold, seeds }: { cold: number; seeds: number }) {
  const bundle = bundleWorker();
  const lived: Lived[] = [];
  let before: Pick<Progress, 'taps' | 'cpu_ms'> = { taps: 0, cpu_ms: 0 };
  const done = await runCampaign({
    ...{ clock: systemClock, program: bundle.path, workers: 1, first: 1, taps: TAPS, faults },
    ...{ seeds: cold + seeds, limit_ms: Number.POSITIVE_INFINITY },
    onProgress(now) {
      const { timed } = drawStory(lived.length + 1, { taps: 0 });
      const taps = now.taps - before.taps;
      lived.push({ timed, taps, cpu_ms: now.cpu_ms - before.cpu_ms });
      before = now;
    },
  }).finally(bundle.remove);
  if (done.failures.length > 0) throw new Error('a world that is measured broke a rule');
  return lived.slice(cold);
}
