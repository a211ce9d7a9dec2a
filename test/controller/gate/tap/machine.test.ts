import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import {
  STAGES,
  type Stage,
  type TapEvent,
  tapMachine,
} from '../../../../controller/gate/tap/machine.ts';
import { explore, statesOf, visited } from '../../../kit/explore.ts';
import { feature } from '../../../kit/feature.ts';

const tap = feature('tap machine');

const EVENTS: readonly TapEvent['type'][] = [
  ...(['CARD', 'NEXT', 'TORN', 'AGAIN', 'GRANT', 'REFUSE', 'FAIL', 'DOUBT', 'RESET'] as const),
];
const RESTS = ['granted', 'refused', 'failed', 'uncertain'];

const WALKS: readonly (readonly [string, readonly TapEvent['type'][], string])[] = [
  [
    'a flat fare',
    ['CARD', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'GRANT', 'RESET'],
    'idle selecting screening planning initialising authorising debiting confirming granted idle',
  ],
  [
    'a supplement before the entry',
    [
      ...(['CARD', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'AGAIN'] as const),
      ...(['NEXT', 'NEXT', 'NEXT', 'GRANT'] as const),
    ],
    'idle selecting screening planning initialising authorising debiting confirming ' +
      'initialising authorising debiting confirming granted',
  ],
  [
    'torn, and proved the next time',
    [
      ...(['CARD', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'NEXT', 'DOUBT', 'RESET'] as const),
      ...(['CARD', 'NEXT', 'TORN', 'GRANT', 'RESET'] as const),
    ],
    'idle selecting screening planning initialising authorising debiting uncertain idle ' +
      'selecting screening recovering granted idle',
  ],
  [
    'torn, and not debited: pays after all',
    ['CARD', 'NEXT', 'TORN', 'NEXT', 'NEXT'],
    'idle selecting screening recovering planning initialising',
  ],
];
for (const [title, events, expected] of WALKS)
  tap.test(title, () => {
    const seen: string[] = [];
    const run: Stage[] = [];
    const machine = tapMachine.provide({
      actions: { runStage: (_, { stage }) => run.push(stage) },
    });
    const actor = createActor(machine);
    actor.subscribe(({ value }) => seen.push(value));
    actor.start();
    for (const type of events) actor.send({ type });
    assert.is(seen.join(' '), expected);
    const stages: readonly string[] = STAGES;
    assert.equal(
      run,
      seen.filter((state) => stages.includes(state)),
    );
  });

const STEPS = explore(tapMachine, {
  events: EVENTS.map((type) => ({ type })),
  key: () => '',
  limit: 20,
});

tap.test('every state is reached and every transition taken', () => {
  assert.equal(visited(STEPS), statesOf(tapMachine));
  for (const node of Object.values(tapMachine.states)) {
    for (const { eventType, target } of [...node.transitions.values()].flat()) {
      const taken = STEPS.some(
        ({ from, event, to }) =>
          from.value === node.key && event === eventType && to.value === target?.[0]?.key,
      );
      assert.ok(taken, `${node.key} ${eventType}`);
    }
  }
});

tap.test('a stage runs when its state is entered, and an event out of turn runs none', () => {
  for (const { from, to, actions } of STEPS) {
    const stages: readonly string[] = STAGES;
    const entered = from.value !== to.value && stages.includes(String(to.value));
    assert.equal(actions, entered ? ['runStage'] : []);
  }
});

tap.test('from 8054 on there is no way back to a second 8054 but by its own proof', () => {
  const after = STEPS.filter(({ from }) => ['debiting', 'confirming'].includes(String(from.value)));
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
    const ways = STEPS.filter(({ from, to }) => from.value === rest && to.value !== rest);
    assert.equal(
      ways.map(({ event, to }) => `${event} ${to.value}`),
      ['RESET idle'],
    );
  }
});

tap.test('GIVEN no runner THEN the machine says what is missing', () => {
  const actor = createActor(tapMachine);
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  actor.send({ type: 'CARD' });
  assert.match(String(errors.at(0)), 'provided by the runner');
});

tap.run();
