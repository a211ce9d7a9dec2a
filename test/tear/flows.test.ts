/** The flows that are torn send every command that the product knows: none is left out. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { createBench } from '../kit/lane-bench.ts';
import { CARDS, DEBIT, FLOWS } from './flows.ts';
import { SCENES } from './refusals.ts';
import { commandNames } from './table.ts';

const flows = feature('flows that are torn');

/** CLA and INS of every command that these sources can build; a kiosk's own are not a lane's. */
function known(folder: string): string[] {
  const files = execFileSync('git', [
    'ls-files',
    '--cached',
    '--others',
    '--exclude-standard',
    folder,
  ]);
  const text = files
    .toString()
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.includes('/ssc-'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const found = [...text.matchAll(/cla: 0x(..), ins: 0x(..), p1: (?:0x(..)|(\w+))/g)];
  const names = found.map(([, cla, ins, p1]) => `${cla}${ins}${p1 ?? '??'}`.toUpperCase());
  return [...new Set(names)].sort();
}

/** P1 of 801A is configuration, that of READ RECORD the record. */
const generic = (sent: string) => sent.replace(/^(801A|00B2)../, '$1??');

flows.test(
  'GIVEN all flows WHEN they run THEN every card command of the product is sent',
  async () => {
    const sent = new Set<string>();
    for (const flow of FLOWS) {
      for (const variant of CARDS) {
        const bench = await createBench(flow);
        const card = bench.card({ ...variant.card, ...flow.card });
        for (const each of (await bench.tap(card)).sent) sent.add(each);
      }
    }
    for (const scene of SCENES) {
      const bench = await createBench(scene);
      const card = await scene.prepare(bench);
      for (const each of (await bench.tap(card)).sent) sent.add(each);
    }
    const bench = await createBench({ lane: 'flat' });
    const card = bench.card();
    await bench.tap(card, { tear: { ins: DEBIT, moment: 'after' } });
    for (const each of (await bench.tap(card)).sent) sent.add(each);
    assert.equal([...new Set([...sent].map(generic))].sort(), known('controller/card/purse'));
    for (const each of sent) assert.ok(commandNames().includes(each), each);
  },
);

flows.test(
  'GIVEN start, ride and block WHEN the PSAM is asked THEN every command is sent',
  async () => {
    const bench = await createBench({ lane: 'flat', getResponse: true });
    await bench.tap(bench.card());
    const listed = bench.card();
    bench.listed.set(listed.serial, 'lost');
    await bench.tap(listed);
    const sent = [...new Set(bench.samSlot.sent.map(generic))].filter((each) => each !== '00C000');
    assert.equal(sent.sort(), known('controller/sam'));
    assert.ok(bench.samSlot.sent.includes('00C000'), 'GET RESPONSE over T=0');
  },
);

flows.run();
