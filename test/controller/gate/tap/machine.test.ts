import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import {
  STAGES,
  type Stage,
  type TapEvent,
  tapMachine,
} from '../../../../controller/gate/tap/machine.ts';
import { feature } from '../../../kit/feature.ts';

const tap = feature('tap machine');

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

tap.test('GIVEN no runner THEN the machine says what is missing', () => {
  const actor = createActor(tapMachine);
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  actor.send({ type: 'CARD' });
  assert.match(String(errors.at(0)), 'provided by the runner');
});

tap.run();
