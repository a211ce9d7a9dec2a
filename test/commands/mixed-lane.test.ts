/** The lane of `tapway gate` with simulated devices in the place of real ones. */

import { writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { killAll, quickSim, run, scratch, start } from './programs.ts';

const mixed = feature('tapway-sim lane');

/** A lane file; the devices that it names do not exist. */
function laneFile(more = ''): string {
  const file = `${scratch()}/lane.yaml`;
  const text = `extends: shipped:lanes/flat.yaml
barrier: { kind: modbus, path: /dev/none, inputs: { beams: [2, 3] }, outputs: { open_in: 0 } }
lane: { passback_minutes: 0 }
${more}`;
  writeFileSync(file, text);
  return file;
}

mixed.test(
  'GIVEN every device simulated WHEN it runs THEN a card pays and somebody walks through',
  async () => {
    const args = ['lane', '--config', laneFile(), '--simulate', 'reader,sam,barrier'];
    const lane = start(quickSim(), [...args, '--every', '1']);
    await lane.until(/"message":"pass"/);
    lane.kill('SIGTERM');
    const { code, err } = await lane.ended;
    assert.is(code, 0);
    assert.match(err, /simulated devices: no money moves/);
  },
  40_000,
);

mixed.test(
  'GIVEN a reader at either end WHEN cards come to both at once THEN each pays and passes',
  async () => {
    const file = laneFile('far_reader: { path: /dev/none-either }\n');
    const devices = 'reader,far_reader,sam,barrier';
    const args = ['lane', '--config', file, '--simulate', devices];
    const lane = start(quickSim(), [...args, '--every', '2']);
    await lane.until(/"light":"green".*"msg":"sign: /);
    await lane.until(/"light":"green".*"msg":"far sign: /);
    await lane.until(/"message":"pass-concession"/);
    lane.kill('SIGTERM');
    const { code, err } = await lane.ended;
    assert.is(code, 0);
    assert.not.match(err, /E900|"incident"/);
  },
  60_000,
);

mixed.test(
  'GIVEN only the SAM simulated THEN the lane says which devices it lacks, and ends when told',
  async () => {
    const lane = start(quickSim(), ['lane', '--config', laneFile(), '--simulate', 'sam']);
    await lane.until(/"part":"reader"/);
    await lane.until(/"mode":"outOfService"/);
    lane.kill('SIGTERM');
    assert.is((await lane.ended).code, 0);
  },
  40_000,
);

mixed.test(
  'GIVEN a production lane THEN simulated devices are refused',
  async () => {
    const file = laneFile('production: true\n');
    const args = ['lane', '--config', file, '--simulate', 'reader,sam,barrier'];
    const { code, err } = await run(quickSim(), args);
    assert.is(code, 2);
    assert.match(err, /production lane: simulated devices are refused/);
  },
  20_000,
);

mixed.after(killAll);
mixed.run();
