/** The sum over a list in memory: in steps, between which a lane goes on. */

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { sumOf } from '../../../controller/blacklist/sums.ts';
import { Table } from '../../../controller/blacklist/table.ts';
import { feature } from '../../kit/feature.ts';

const sums = feature('sum over a list in memory');

/** @returns the sum, and whether the event loop turned meanwhile */
async function sumOver(base: Buffer, overlay: Buffer) {
  let turned = false;
  void setImmediate().then(() => {
    turned = true;
  });
  const parts = { base: new Table(base, 11), filter: null, overlay: new Table(overlay, 11) };
  return { sum: await sumOf(parts), turned };
}

sums.test(
  'GIVEN a list of one step THEN it is summed up at once: nothing waits for it',
  async () => {
    const { turned } = await sumOver(Buffer.alloc(110, 1), Buffer.alloc(11, 2));
    assert.is(turned, false);
  },
);

sums.test('GIVEN a long list THEN the lane goes on between its steps', async () => {
  const { turned } = await sumOver(Buffer.alloc(20_000 * 11, 1), Buffer.alloc(11, 2));
  assert.is(turned, true);
});

sums.test('the steps make no difference to the sum', async () => {
  const [base, overlay] = [Buffer.alloc(20_000 * 11, 1), Buffer.alloc(11, 2)];
  const { sum } = await sumOver(base, overlay);
  assert.is(sum, createHash('sm3').update(base).update(overlay).digest('hex'));
});

sums.run();
