/** What a link's state promises, over every state, for each patience. */

import * as assert from 'uvu/assert';
import { linkMachine } from '../../firmware-bridge/supervise/machine.ts';
import type { Step } from '../kit/explore.ts';
import { feature } from '../kit/feature.ts';
import { exploreAll } from './machines.ts';

const links = feature('link in every state');
const EXPLORED = exploreAll({ file: 'firmware-bridge/supervise/machine.ts', machine: linkMachine });

function broken(rule: (step: Step) => boolean): string[] {
  return EXPLORED.flatMap(({ steps, wayTo }) => steps.filter((step) => !rule(step)).map(wayTo));
}

links.test('stop is legal everywhere, and final', () => {
  const ends = ({ event, to }: Step) =>
    event !== 'STOP' || (to.value === 'stopped' && to.status === 'done');
  assert.equal(broken(ends), []);
});

links.test(
  'a device is ready only after it has proved so; a lost one not for a mere answer',
  () => {
    const proved = ({ from, event, to }: Step) =>
      to.value !== 'ready' ||
      from.value === 'ready' ||
      event === 'RECOVERED' ||
      (event === 'ANSWERED' && ['suspect', 'recovering'].includes(String(from.value)));
    assert.equal(broken(proved), []);
  },
);

links.test('a ready device has no failure on its account, and none exceeds the patience', () => {
  const clean = ({ to }: Step) => to.value !== 'ready' || to.context.failures === 0;
  assert.equal(broken(clean), []);
  assert.equal(
    broken(({ to }) => to.context.failures <= to.context.patience),
    [],
  );
});

links.run();
