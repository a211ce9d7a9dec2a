import { MUTANTS, MUTANT_TAPS } from '/tmp/tw/h3/test/world/mutants.ts';
import { buildMutant, liveIn } from '/tmp/tw/h3/test/world/broken.ts';
import { stop } from 'esbuild';
const only = process.argv[2];
for (const m of MUTANTS) {
  if (only && !m.name.includes(only)) continue;
  const b = await buildMutant(m);
  let got = '';
  for (let seed = 1; seed <= Number(process.argv[3] ?? 14); seed++) {
    const r = await liveIn(b, { seed, taps: MUTANT_TAPS, faults: 1 });
    const v = r.outcome.violation;
    if (v) { got += ` ${seed}:${v.rule}@${v.step}(${v.text.slice(0, 60)})`; if (v.rule === m.rule) break; }
  }
  console.log(m.name, '=>', got || 'ALIVE');
  b.remove();
}
await stop();
