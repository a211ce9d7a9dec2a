import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import { type LaneEvent, laneMachine } from '../../../controller/gate/lane.ts';
import { explore, statesOf, visited } from '../../kit/explore.ts';
import { feature } from '../../kit/feature.ts';

const lane = feature('lane machine');

const LOST: LaneEvent = { type: 'PART_LOST', part: 'sam' };
const WAIVED: LaneEvent = { type: 'PART_WAIVED', part: 'sam' };
const BACK: LaneEvent = { type: 'PART_BACK', part: 'sam' };
const ALARM: LaneEvent = { type: 'ALARM_ON', part: 'lists' };
const ALL_CLEAR: LaneEvent = { type: 'ALARM_OFF', part: 'lists' };
const told = (type: Exclude<LaneEvent, { part: string }>['type']): LaneEvent => ({ type });

/** The modes that a lane goes through, the first one included. */
function modes(...events: readonly LaneEvent[]): string {
  const actor = createActor(laneMachine);
  const seen: string[] = [];
  actor.subscribe(({ value }) => {
    if (seen.at(-1) !== value) seen.push(value);
  });
  actor.start();
  for (const event of events) actor.send(event);
  actor.stop();
  return seen.join(' ');
}

const WALKS: readonly (readonly [string, readonly LaneEvent[], string])[] = [
  [
    'start, serve, stop; after that nothing moves',
    [told('READY'), told('STOP'), told('FIRE_ON'), told('READY'), LOST],
    'starting inService stopped',
  ],
  [
    'a lane that starts without its SAM serves when the SAM is there',
    [LOST, told('READY'), BACK],
    'starting outOfService inService',
  ],
  [
    'two parts lost: both must be back',
    [
      ...[told('READY'), LOST, { type: 'PART_LOST', part: 'reader' } as const, BACK],
      ...[{ type: 'PART_BACK', part: 'reader' } as const],
    ],
    'starting inService outOfService inService',
  ],
  [
    'a part lost twice is back at once',
    [told('READY'), LOST, LOST, BACK],
    'starting inService outOfService inService',
  ],
  ['a part that was never lost', [told('READY'), BACK], 'starting inService'],
  [
    'an alarm outlives a lost part and ends when its cause does',
    [told('READY'), ALARM, LOST, BACK, ALL_CLEAR],
    'starting inService degraded outOfService degraded inService',
  ],
  [
    'of two alarms both must end',
    [
      ...[told('READY'), ALARM, ALARM, { type: 'ALARM_ON', part: 'ledger' } as const, ALL_CLEAR],
      ...[{ type: 'ALARM_OFF', part: 'ledger' } as const],
    ],
    'starting inService degraded inService',
  ],
  [
    'fire during maintenance, and a part lost during the fire',
    [
      ...[told('READY'), told('MAINTENANCE_ON'), told('FIRE_ON'), LOST, told('FIRE_OFF')],
      ...[told('MAINTENANCE_OFF'), BACK],
    ],
    'starting inService maintenance emergency maintenance outOfService inService',
  ],
  [
    'a SAM that is away, lost by policy, and back: closed, free, in service',
    [told('READY'), LOST, WAIVED, WAIVED, BACK],
    'starting inService outOfService free inService',
  ],
  [
    'a lane that begins without its SAM is free as soon as it is ready',
    [LOST, WAIVED, told('READY')],
    'starting outOfService starting free',
  ],
  [
    'what closes comes before what opens: a reader lost, a service key, a fire',
    [
      ...[told('READY'), WAIVED, { type: 'PART_LOST', part: 'reader' } as const],
      ...[{ type: 'PART_BACK', part: 'reader' } as const, told('MAINTENANCE_ON')],
      ...[told('FIRE_ON'), told('MAINTENANCE_OFF'), told('FIRE_OFF')],
    ],
    'starting inService free outOfService free maintenance emergency free',
  ],
  ['fire before the lane is ready', [told('FIRE_ON'), told('READY')], 'starting emergency'],
];
for (const [title, events, expected] of WALKS)
  lane.test(title, () => {
    assert.is(modes(...events), expected);
  });

interface Facts {
  readonly ready: boolean;
  readonly fire: boolean;
  readonly maintenance: boolean;
  readonly alarms: readonly string[];
  readonly lost: readonly string[];
  readonly waived: readonly string[];
}

const EVENTS: readonly LaneEvent[] = [
  ...[LOST, WAIVED, BACK, { type: 'PART_LOST', part: 'reader' } as const],
  { type: 'PART_BACK', part: 'reader' },
  ...[ALARM, ALL_CLEAR],
  ...(['READY', 'STOP'] as const).map(told),
  ...(['MAINTENANCE_ON', 'MAINTENANCE_OFF', 'FIRE_ON', 'FIRE_OFF'] as const).map(told),
];
const STEPS = explore(laneMachine, {
  events: EVENTS,
  key: ({ context }) => JSON.stringify({ ...context, lost: [...context.lost].sort() }),
  limit: 1_000,
});

function modeFor({ ready, fire, maintenance, alarms, lost, waived }: Facts): string {
  if (fire) return 'emergency';
  if (maintenance) return 'maintenance';
  if (lost.length > 0) return 'outOfService';
  if (!ready) return 'starting';
  if (waived.length > 0) return 'free';
  return alarms.length > 0 ? 'degraded' : 'inService';
}

lane.test('every combination of facts is reached, and its mode is the one of the order', () => {
  const running = STEPS.map(({ to }) => to).filter(({ value }) => value !== 'stopped');
  for (const { value, context } of running) assert.is(value, modeFor(context));
  const combinations = new Set(
    running.map(({ context }) => JSON.stringify({ ...context, lost: [...context.lost].sort() })),
  );
  // Four facts, the reader lost or not, the SAM there, lost, waived, or waived and lost again.
  assert.is(combinations.size, 2 ** 7);
});

lane.test('every state but the passing one is reached', () => {
  assert.equal([...visited(STEPS), 'settling'].sort(), statesOf(laneMachine));
});

lane.test('fire wins, and stop is legal, in every state', () => {
  const goals = { STOP: 'stopped', FIRE_ON: 'emergency' };
  for (const [type, goal] of Object.entries(goals)) {
    const steps = STEPS.filter(({ event }) => event === type);
    const from = [...new Set(steps.map((step) => String(step.from.value)))].sort();
    assert.equal([...from, 'settling', 'stopped'].sort(), statesOf(laneMachine));
    assert.equal([...new Set(steps.map(({ to }) => to.value))], [goal]);
  }
});

lane.test('parts are counted once each, whatever happens', () => {
  for (const { to } of STEPS) assert.ok(to.context.lost.length <= 2);
});

lane.run();
