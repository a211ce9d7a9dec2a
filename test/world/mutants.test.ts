import { stop } from 'esbuild';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { buildMutant, liveIn } from './broken.ts';
import { MUTANT_TAPS, MUTANTS } from './mutants.ts';

const mutants = feature('broken builds');

for (const mutant of MUTANTS) {
  const { name, seed, rule, fitted = [] } = mutant;
  mutants.test(
    `GIVEN a build that ${name} WHEN it lives seed ${seed} THEN the rule of ${rule} is broken`,
    async () => {
      const bundle = await buildMutant(mutant);
      try {
        const { outcome } = await liveIn(bundle, { seed, taps: MUTANT_TAPS, faults: 1, fitted });
        assert.is(outcome.violation?.rule, rule, outcome.violation?.text);
      } finally {
        bundle.remove();
      }
    },
    60_000,
  );
}

mutants.after(() => stop());
mutants.run();
