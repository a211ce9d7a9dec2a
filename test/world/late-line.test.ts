/** What is late on the reader line arrives as it was written, whatever its writer does then. */

import * as assert from 'uvu/assert';
import { createMemoryLinkPair } from '../../firmware-bridge/link/memory.ts';
import { createVirtualClock, type Owner } from '../../sim/world/clock.ts';
import type { Spoiling } from '../../sim/world/faults.ts';
import { Holdings } from '../../sim/world/holdings.ts';
import { type Border, lineOf } from '../../sim/world/ports.ts';
import { feature } from '../kit/feature.ts';

const late = feature('late bytes in the world');

late.test('GIVEN a late chunk WHEN its writer wipes it THEN it arrives as it was', async () => {
  const clock = createVirtualClock();
  const owner: Owner = { alive: true, timers: 0 };
  const spoilings: (Spoiling | null)[] = ['late', null];
  const border: Border = {
    ...{ owner, clock, holds: new Holdings(owner) },
    ...{ cross: () => {}, late: () => {}, samInstead: () => null, heardSam: () => {} },
    spoil: () => spoilings.shift() ?? null,
  };
  const { near, far } = createMemoryLinkPair('reader');
  const heard: string[] = [];
  far.listen({ data: (bytes) => heard.push(bytes.toString()), lost: () => {} });
  const line = lineOf(border, near);
  for (const text of ['first', 'behind']) {
    const bytes = Buffer.from(text);
    line.write(bytes);
    bytes.fill(0);
  }
  await clock.run(5_000);
  assert.equal(heard, ['first', 'behind']);
});

late.run();
