/** Doors, fire and rights, over every state that a passage can reach. */

import * as assert from 'uvu/assert';
import { passageMachine, RIGHTS_MAX } from '../../controller/gate/passage.ts';
import type { Step } from '../kit/explore.ts';
import { feature } from '../kit/feature.ts';
import { explored } from './machines.ts';

const passage = feature('passage in every state');
const { steps, wayTo } = explored(passageMachine);

/** The ways to whatever breaks the rule. */
function broken(rule: (step: Step) => boolean): string[] {
  return steps.filter((step) => !rule(step)).map(wayTo);
}

passage.test('the leaves are never told to close, nor left closing, on an occupied zone', () => {
  const safe = ({ to, actions }: Step) =>
    !to.context.occupied || (!actions.includes('closeLeaves') && to.value !== 'closing');
  assert.equal(broken(safe), []);
  assert.ok(steps.some(({ actions }) => actions.includes('closeLeaves')));
});

passage.test('fire opens and wins in every state, and nothing but its end closes', () => {
  const wins = ({ event, to, actions }: Step) =>
    event !== 'FIRE_ON' || (to.value === 'emergency' && actions.includes('openLeaves'));
  const never = ({ to, actions }: Step) =>
    to.value !== 'emergency' || !actions.includes('closeLeaves');
  const stays = ({ from, event, to }: Step) =>
    from.value !== 'emergency' || event === 'FIRE_OFF' || to.value === 'emergency';
  assert.equal(broken(wins), []);
  assert.equal(broken(never), []);
  assert.equal(broken(stays), []);
});

passage.test('rights are never more than the queue holds, never twice the same, never lost', () => {
  const bounded = ({ to: { context } }: Step) => context.rights.length <= RIGHTS_MAX;
  const distinct = ({ to: { context } }: Step) =>
    new Set(context.rights).size === context.rights.length;
  /** What ends in `closed`, `blind` or a fire ends in order; elsewhere a right goes by its use. */
  const kept = ({ from, to, actions }: Step) =>
    ['closed', 'closing', 'blind', 'emergency'].includes(String(from.value)) ||
    ['closed', 'blind', 'emergency'].includes(String(to.value)) ||
    from.context.rights.length - (actions.includes('recordPassage') ? 1 : 0) <=
      to.context.rights.length;
  assert.equal(broken(bounded), []);
  assert.equal(broken(distinct), []);
  assert.equal(broken(kept), []);
  assert.ok(steps.some(({ to }) => to.context.rights.length === RIGHTS_MAX));
});

passage.test(
  'a right is used once: the oldest, by whoever passed, and its card gets no second',
  () => {
    const oldest = ({ from, to, actions }: Step) =>
      !actions.includes('recordPassage') ||
      (to.context.used === from.context.rights[0] && !to.context.rights.includes(to.context.used));
    const recorded = ({ from, to, actions }: Step) =>
      to.context.used === from.context.used ||
      actions.filter((name) => name === 'recordPassage').length === 1;
    const gone = ({ to: { context } }: Step) => !context.rights.includes(context.used);
    assert.equal(broken(oldest), []);
    assert.equal(broken(recorded), []);
    assert.equal(broken(gone), []);
  },
);

passage.test('whoever stands before leaves that open has paid', () => {
  const paid = ({ to }: Step) =>
    !['opening', 'open', 'passing'].includes(String(to.value)) || to.context.rights.length > 0;
  const shut = ({ to }: Step) => to.value !== 'closed' || to.context.rights.length === 0;
  assert.equal(broken(paid), []);
  assert.equal(broken(shut), []);
});

passage.test('the leaves never open against a right that is still in hand', () => {
  const oneWay = ({ from, to }: Step) =>
    from.context.rights.length === 0 ||
    to.context.rights.length === 0 ||
    from.context.direction === to.context.direction ||
    // who had not come when the leaves closed has lost his turn
    from.value === 'closing';
  assert.equal(broken(oneWay), []);
});

passage.test('a lost board is told nothing but to open in a fire, and holds no right', () => {
  const silent = ({ to, actions }: Step) =>
    to.value !== 'blind' ||
    (to.context.rights.length === 0 && !actions.some((name) => name.endsWith('Leaves')));
  const found = ({ from, event, to }: Step) =>
    from.value !== 'blind' ||
    event !== 'FOUND' ||
    to.value === (from.context.occupied ? 'clearing' : 'closing');
  assert.equal(broken(silent), []);
  assert.equal(broken(found), []);
});

passage.test('somebody in the zone always finds the leaves open or told to open', () => {
  const open = ({ from, event, actions }: Step) =>
    from.value !== 'closing' || event !== 'ZONE_OCCUPIED' || actions.includes('openLeaves');
  assert.equal(broken(open), []);
});

passage.run();
