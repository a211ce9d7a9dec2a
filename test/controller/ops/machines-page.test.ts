import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { gateMachines } from '../../../controller/gate/machines.ts';
import { kioskMachines } from '../../../controller/kiosk/machines.ts';
import { machinesPage } from '../../../controller/ops/machines-page.ts';
import { feature } from '../../kit/feature.ts';

const pages = feature('machines page');
const FILE = 'docs/machines.md';
const MACHINES = [...gateMachines(), ...kioskMachines()];

pages.test('GIVEN the machines WHEN docs/machines.md is made THEN it is the committed one', () => {
  const page = machinesPage(MACHINES);
  // `npm run graph` is this test with the file written first: one path, no second generator.
  if (process.env.WRITE_GRAPH === 'yes') writeFileSync(FILE, page);
  assert.is(readFileSync(FILE, 'utf8'), page, 'run `npm run graph`');
});

pages.test('every state has a way in and, unless final, a way out', () => {
  for (const { name, states, transitions } of MACHINES) {
    const rooted = transitions.some(({ from }) => from === '*');
    for (const { id, initial, final } of states) {
      const entered = initial || transitions.some(({ to, from }) => to === id && from !== id);
      const left = final || rooted || transitions.some(({ from, to }) => from === id && to !== id);
      assert.ok(entered, `${name}.${id} can never be entered`);
      assert.ok(left, `${name}.${id} can never be left`);
    }
  }
});

pages.run();
