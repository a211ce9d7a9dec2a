/**
 * `npm run soak`: what a station suffers, as long as it takes. Ends with 1 when a promise broke.
 *   --only NAME    one scenario (repeat for more)    --rounds N  --hidraw-rounds N  --flicks N
 *   --quick        to see that it works              --taps N    --seed N
 *   --json         for programs                      --markdown  the table of docs/performance.md
 */

import { parseArgs } from 'node:util';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { asJson, asMarkdown, asTable, machine } from '../bench/report.ts';
import { type Errand, runErrand, runInChild } from './children.ts';
import type { Outcome, Scenario, Size } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { LONG, QUICK } from './sizes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'hidraw-rounds': { type: 'string' },
    flicks: { type: 'string' },
    taps: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});
const [errand, what = ''] = positionals;
if (errand === 'child') await runErrand(JSON.parse(what) as Errand);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { only, quick } = values;
  const unknown = only?.filter((name) => !SCENARIOS.some((each) => each.name === name)) ?? [];
  if (unknown.length > 0) {
    const names = SCENARIOS.map(({ name }) => name).join(', ');
    process.stderr.write(`no scenario ${unknown.join(', ')}; there are ${names}\n`);
    return 2;
  }
  const on = machine();
  const size = sizeOf(quick ? QUICK : LONG);
  const wanted = SCENARIOS.filter(({ name }) => !only || only.includes(name));
  const outcomes: Outcome[] = [];
  for (const scenario of wanted) outcomes.push(await run(scenario, size));
  const lines = outcomes.flatMap((outcome) => outcome.lines);
  const print = values.json ? asJson : values.markdown ? asMarkdown : asTable;
  process.stdout.write(print({ machine: on, quick, lines, tail: 'max' }));
  const wrong = outcomes.flatMap((outcome) => outcome.wrong);
  for (const each of wrong) process.stdout.write(`BROKEN: ${each}\n`);
  return wrong.length > 0 ? 1 : 0;
}

function sizeOf(size: Size): Size {
  const number = (text: string | undefined, otherwise: number) => {
    const value = text === undefined ? otherwise : Number(text);
    if (!Number.isInteger(value) || value < 1) throw new Error(`${text}: not a whole number`);
    return value;
  };
  return {
    rounds: number(values.rounds, size.rounds),
    hidraw_rounds: number(values['hidraw-rounds'], size.hidraw_rounds),
    flicks: number(values.flicks, size.flicks),
    taps: number(values.taps, size.taps),
    seed: number(values.seed, size.seed),
  };
}

async function run(scenario: Scenario, size: Size): Promise<Outcome> {
  const { name } = scenario;
  const lacking = scenario.lacking?.() ?? null;
  const tell = (text: string) => process.stderr.write(`${name}: ${text}\n`);
  tell(lacking ? `LEFT OUT: ${lacking}` : scenario.what);
  if (lacking) return { lines: [], wrong: [], notes: [] };
  const begin_ms = systemClock.now_ms();
  const outcome = await runInChild({ name, size }).catch((error: Error): Outcome => {
    return { lines: [], wrong: [error.message], notes: [] };
  });
  for (const note of outcome.notes) tell(note);
  tell(`${Math.round((systemClock.now_ms() - begin_ms) / 1_000)} s`);
  return outcome;
}
