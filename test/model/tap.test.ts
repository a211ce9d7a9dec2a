/** What the order of stages promises, whatever events come, also out of turn. */

import * as assert from 'uvu/assert';
import { STAGES, tapMachine } from '../../controller/gate/tap/machine.ts';
import { feature } from '../kit/feature.ts';
import { explored } from './machines.ts';

const tap = feature('tap in every state');
const { steps } = explored(tapMachine);
const RESTS = ['granted', 'refused', 'failed', 'uncertain'];

tap.test('a stage runs when its state is entered, and an event out of turn runs none', () => {
  for (const { from, to, actions } of steps) {
    const stages: readonly string[] = STAGES;
    const entered = from.value !== to.value && stages.includes(String(to.value));
    assert.equal(actions, entered ? ['runStage'] : []);
  }
});

tap.test('from 8054 on there is no way back to a second 8054 but by its own proof', () => {
  const after = steps.filter(({ from }) => ['debiting', 'confirming'].includes(String(from.value)));
  const away = after.filter(({ from, to }) => from.value !== to.value);
  const ways = away.map(({ from, event, to }) => `${from.value} ${event} ${to.value}`);
  assert.equal(ways, [
    ...['debiting NEXT confirming', 'debiting REFUSE refused'],
    ...['debiting FAIL failed', 'debiting DOUBT uncertain'],
    ...['confirming AGAIN initialising', 'confirming GRANT granted'],
    ...['confirming REFUSE refused', 'confirming DOUBT uncertain'],
  ]);
});

tap.test('every result ends with RESET alone, and the next tap may begin', () => {
  for (const rest of RESTS) {
    const ways = steps.filter(({ from, to }) => from.value === rest && to.value !== rest);
    assert.equal(
      ways.map(({ event, to }) => `${event} ${to.value}`),
      ['RESET idle'],
    );
  }
});

tap.run();
