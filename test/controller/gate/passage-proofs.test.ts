/** What holds in every state that the passage machine can reach. */

import * as assert from 'uvu/assert';
import { passageMachine } from '../../../controller/gate/passage.ts';
import { afterEvent, explore, type Step, statesOf, visited } from '../../kit/explore.ts';
import { feature } from '../../kit/feature.ts';

const passage = feature('passage machine, every state');

const EVENTS = [
  ...[1, 2].map((ref) => ({ type: 'OPEN', ref, direction: 'in' })),
  { type: 'OPEN', ref: 3, direction: 'out' },
  ...['OPENED', 'CLOSED', 'ZONE_OCCUPIED', 'ZONE_FREE', 'PASSED', 'INTRUSION'],
  ...['PASSED_AGAINST', 'TURNED_BACK', 'LOST', 'FOUND', 'FIRE_ON', 'FIRE_OFF'],
  ...['FREE_ON', 'FREE_OFF'],
].map((event) => (typeof event === 'string' ? { type: event } : event));
const TIMED = ['opening', 'open', 'clearing', 'closing', 'obstructed', 'intrusion'];
const STEPS = explore(passageMachine, {
  events: [...EVENTS, ...TIMED.map((state) => afterEvent(passageMachine, state, 'passageTimeout'))],
  key: ({ context }) => JSON.stringify({ ...context, overflowed: 0 }),
  limit: 2_000,
});

function violations(rule: (step: Step) => boolean): string[] {
  const name = ({ from, event, to }: Step) => `${from.value} ${event} ${to.value}`;
  return STEPS.filter((step) => !rule(step)).map(name);
}

passage.test('every state is reached, and no state waits for a time-out unknown here', () => {
  assert.equal(visited(STEPS), statesOf(passageMachine));
  const timed = Object.values(passageMachine.states).filter(({ after }) => after.length > 0);
  assert.equal(timed.map(({ key }) => key).sort(), [...TIMED].sort());
});

passage.test('every transition is taken', () => {
  for (const node of Object.values(passageMachine.states)) {
    for (const { eventType, target } of [...node.transitions.values()].flat()) {
      const used = STEPS.some(
        ({ from, event, to }) =>
          from.value === node.key &&
          event === eventType &&
          // `clearing` of a free zone goes on to `closing` at once
          (!target || [target[0]?.key, 'closing'].includes(String(to.value))),
      );
      assert.ok(used, `${node.key} ${eventType}`);
    }
  }
});

passage.test('the leaves are never told to close, nor left closing, on an occupied zone', () => {
  const safe = ({ to, actions }: Step) =>
    !to.context.occupied || (!actions.includes('closeLeaves') && to.value !== 'closing');
  assert.equal(violations(safe), []);
  assert.ok(STEPS.some(({ actions }) => actions.includes('closeLeaves')));
});

passage.test('fire opens and wins in every state, and nothing but its end closes', () => {
  const wins = ({ event, to, actions }: Step) =>
    event !== 'FIRE_ON' || (to.value === 'emergency' && actions.includes('openLeaves'));
  const never = ({ to, actions }: Step) =>
    to.value !== 'emergency' || !actions.includes('closeLeaves');
  const stays = ({ from, event, to }: Step) =>
    from.value !== 'emergency' || event === 'FIRE_OFF' || to.value === 'emergency';
  assert.equal(violations(wins), []);
  assert.equal(violations(never), []);
  assert.equal(violations(stays), []);
});

passage.test('whoever stands before leaves that open has paid, and each right opens once', () => {
  const paid = ({ to }: Step) =>
    !['opening', 'open', 'passing'].includes(String(to.value)) || to.context.rights.length > 0;
  const shut = ({ to }: Step) => to.value !== 'closed' || to.context.rights.length === 0;
  const once = ({ to: { context } }: Step) =>
    new Set(context.rights).size === context.rights.length;
  const recorded = ({ from, to, actions }: Step) =>
    !actions.includes('recordPassage') || to.context.used === from.context.rights[0];
  assert.equal(violations(paid), []);
  assert.equal(violations(shut), []);
  assert.equal(violations(once), []);
  assert.equal(violations(recorded), []);
});

passage.test('the leaves never open against a right that is still in hand', () => {
  const oneWay = ({ from, to }: Step) =>
    from.context.rights.length === 0 ||
    to.context.rights.length === 0 ||
    from.context.direction === to.context.direction ||
    // who had not come when the leaves closed has lost his turn
    from.value === 'closing';
  assert.equal(violations(oneWay), []);
});

passage.test('a lost board is told nothing but to open in a fire, and holds no right', () => {
  const silent = ({ to, actions }: Step) =>
    to.value !== 'blind' ||
    (to.context.rights.length === 0 && !actions.some((name) => name.endsWith('Leaves')));
  const found = ({ from, event, to }: Step) =>
    from.value !== 'blind' ||
    event !== 'FOUND' ||
    to.value === (from.context.occupied ? 'clearing' : 'closing');
  assert.equal(violations(silent), []);
  assert.equal(violations(found), []);
});

passage.test('somebody in the zone always finds the leaves open or told to open', () => {
  const open = ({ from, event, actions }: Step) =>
    from.value !== 'closing' || event !== 'ZONE_OCCUPIED' || actions.includes('openLeaves');
  assert.equal(violations(open), []);
});

passage.run();
