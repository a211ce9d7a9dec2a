/** Unplug and replug under traffic; UNPLUG_ROUNDS sets how often (20). */

import * as assert from 'uvu/assert';
import { feature } from '../../kit/feature.ts';
import { PCSCD } from './daemon.ts';
import { atDesk } from './kit.ts';
import { unplugUnderTraffic } from './unplug.ts';

const unplug = feature('pcsc unplug');
const ROUNDS = Number(process.env.UNPLUG_ROUNDS ?? 20);
const ROUND_MS = 15_000;

unplug.testWith(
  PCSCD,
  `GIVEN traffic WHEN card, PSAM or daemon go ${ROUNDS} times THEN service is back, nothing leaks`,
  () =>
    atDesk(async (desk) => {
      const report = await unplugUnderTraffic(desk, ROUNDS);
      process.stdout.write(`${JSON.stringify(report)}\n`);
      assert.is(report.rounds, ROUNDS);
      assert.is(report.children, 0, 'processes');
      assert.is(report.files, 0, 'open files');
      for (const fault of Object.keys(report.faults)) {
        assert.match(fault, /^(card-gone|link-lost|link-absent) (none|unknown)$/);
      }
    }),
  ROUNDS * ROUND_MS,
);

unplug.run();
