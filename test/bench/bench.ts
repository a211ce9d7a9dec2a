/**
 * `npm run bench`: what the program costs, each figure beside a limit or a rival.
 *   --only NAME   one row (repeat for more)      --quick     fewer rounds, smaller lists
 *   --json        for programs                   --markdown  the table of docs/performance.md
 */

import { parseArgs } from 'node:util';
import type { Place } from './kit/list-child.ts';
import type { Line } from './measure.ts';
import type { FirstRequest } from './rows/first.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});
const [errand, what = ''] = positionals;
process.exitCode = await main();

async function main(): Promise<number> {
  switch (errand) {
    case 'child': {
      const { runListChild } = await import('./kit/list-child.ts');
      await runListChild(JSON.parse(what) as Place);
      return 0;
    }
    case 'chips': {
      const { runFarChips } = await import('./kit/far-chips.ts');
      const { lines, work_ms } = JSON.parse(what) as { lines: number; work_ms: number };
      await runFarChips(lines, work_ms);
      return 0;
    }
    case 'first': {
      const { runFirst } = await import('./rows/first.ts');
      process.stdout.write(JSON.stringify(await runFirst(JSON.parse(what) as FirstRequest)));
      return 0;
    }
    case undefined:
      return runRows();
    default:
      process.stderr.write(`no errand ${errand}; see the head of test/bench/bench.ts\n`);
      return 2;
  }
}

async function runRows(): Promise<number> {
  const { ROWS } = await import('./rows.ts');
  const { machine, asJson, asMarkdown, asTable } = await import('./report.ts');
  const { only, quick } = values;
  const unknown = only?.filter((name) => !ROWS.some((row) => row.name === name)) ?? [];
  if (unknown.length > 0) {
    const names = ROWS.map(({ name }) => name).join(', ');
    process.stderr.write(`no row ${unknown.join(', ')}; there are ${names}\n`);
    return 2;
  }
  const rows = ROWS.filter(({ name }) => !only || only.includes(name));
  const report = { machine: machine(), quick, lines: [] as Line[] };
  for (const row of rows) {
    const lacking = row.lacking?.() ?? null;
    process.stderr.write(`${row.name}: ${lacking ? `LEFT OUT: ${lacking}` : row.what}\n`);
    if (lacking) continue;
    report.lines.push(...(await row.run({ quick })));
  }
  const print = values.json ? asJson : values.markdown ? asMarkdown : asTable;
  process.stdout.write(print(report));
  return 0;
}
