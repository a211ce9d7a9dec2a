/** The short run of the soak; `npm run soak` is the long one. For hidraw see test/peers/hid. */

import * as assert from 'uvu/assert';
import { feature, type Program } from '../kit/feature.ts';
import { PCSCD } from '../peers/pcsc/daemon.ts';
import { runInChild } from './children.ts';
import { QUICK } from './sizes.ts';

const soak = feature('soak, short');
const LONG_MS = 600_000;
const NODE: Program = { command: 'node', install: 'install Node' };

/** What is timed is for the report; what leaks, freezes or pays twice is wrong in any run. */
function check(name: string, title: string, needs: Program = NODE): void {
  soak.testWith(
    needs,
    title,
    async () => {
      const { wrong, notes } = await runInChild({ name, size: QUICK });
      process.stdout.write(`${notes.join('\n')}\n`);
      assert.equal(wrong, []);
    },
    LONG_MS,
  );
}

check('serial', 'GIVEN traffic WHEN a serial reader is pulled THEN lost, then back, nothing leaks');
check('hid', 'GIVEN traffic WHEN a HID reader is pulled THEN lost, then back, nothing leaks');
check('pcsc', 'GIVEN purchases WHEN pcscd, PSAM or card go THEN they go on, nothing leaks', PCSCD);
check('flicks', 'GIVEN cards of 1 to 80 ms WHEN a valid one comes THEN it opens, and pays once');
check('taps', 'GIVEN taps without restart THEN money agrees, nothing is left over');

soak.run();
