/** `tapway-sim printer`: any program may print on it, and its sensors are worked by hand. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { killAll, quickSim, run, scratch, start } from './programs.ts';

const printers = feature('the simulated printer as a program');

printers.test(
  'GIVEN it runs WHEN a shell prints on it THEN the lines are told and the paper is drawn',
  async () => {
    const directory = scratch();
    const [link, picture] = [join(directory, 'lp'), join(directory, 'paper.svg')];
    const printer = start(quickSim(), ['printer', '--link', link, '--picture', picture]);
    await printer.until(/lp\n/);
    // 张三 in GB 18030, then a cut.
    writeFileSync(join(directory, 'slip'), Buffer.from('d5c5c8fd0a1d564200', 'hex'));
    await shell('cat slip > lp', directory);
    await printer.until(/│ 张三\n│ \[cut\]\n/);
    assert.match(readFileSync(picture, 'utf8'), '>张</text>');
    printer.kill('SIGTERM');
    assert.is((await printer.ended).code, 0);
  },
  120_000,
);

printers.after(killAll);
printers.run();

async function shell(script: string, cwd: string): Promise<void> {
  const code = `require('child_process').execFileSync('sh', ['-c', ${JSON.stringify(script)}])`;
  assert.is((await run(['-e', code], [], { cwd })).code, 0);
}
