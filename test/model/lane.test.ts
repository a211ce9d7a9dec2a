/** Which fact wins, over every combination of facts that a lane can reach. */

import * as assert from 'uvu/assert';
import { laneMachine } from '../../controller/gate/lane.ts';
import type { Step } from '../kit/explore.ts';
import { feature } from '../kit/feature.ts';
import { explored } from './machines.ts';
import { PARTS } from './models.ts';

const lane = feature('lane in every state');
const { steps, wayTo } = explored(laneMachine);
type Facts = Step['to']['context'];

function broken(rule: (step: Step) => boolean): string[] {
  return steps.filter((step) => !rule(step)).map(wayTo);
}

function modeFor({ ready, fire, maintenance, alarms, lost, waived }: Facts): string {
  if (fire) return 'emergency';
  if (maintenance) return 'maintenance';
  if (lost.length > 0) return 'outOfService';
  if (!ready) return 'starting';
  if (waived.length > 0) return 'free';
  return alarms.length > 0 ? 'degraded' : 'inService';
}

lane.test('every combination of facts is reached, and its mode is the one of the order', () => {
  assert.equal(
    broken(({ to }) => to.value === 'stopped' || to.value === modeFor(to.context)),
    [],
  );
  const running = steps.map(({ to }) => to).filter(({ value }) => value !== 'stopped');
  const set = (parts: string[]) => [...parts].sort().join();
  const combinations = new Set(
    running.map(({ context: { ready, fire, maintenance, alarms, lost, waived } }) =>
      [ready, fire, maintenance, set(alarms), set(lost), set(waived)].join(' '),
    ),
  );
  assert.is(combinations.size, 2 ** (3 + 3 * PARTS.length));
});

lane.test('fire leads to emergency from everywhere, and only its end or STOP leads out', () => {
  assert.equal(
    broken(({ event, to }) => event !== 'FIRE_ON' || to.value === 'emergency'),
    [],
  );
  const stays = ({ from, event, to }: Step) =>
    from.value !== 'emergency' || ['FIRE_OFF', 'STOP'].includes(event) || to.value === 'emergency';
  assert.equal(broken(stays), []);
});

lane.test('stop is legal everywhere, and final', () => {
  const ends = ({ event, to }: Step) =>
    event !== 'STOP' || (to.value === 'stopped' && to.status === 'done');
  assert.equal(broken(ends), []);
  const from = new Set(
    steps.filter(({ event }) => event === 'STOP').map((step) => step.from.value),
  );
  assert.is(from.size, Object.keys(laneMachine.states).length - 2, 'all but settling and stopped');
});

lane.test('parts are counted once each, whatever happens', () => {
  const once = (parts: string[]) => new Set(parts).size === parts.length;
  assert.equal(
    broken(({ to }) => once(to.context.lost) && once(to.context.alarms)),
    [],
  );
});

lane.run();
