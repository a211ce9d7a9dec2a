import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import { type LaneEvent, laneMachine } from '../../../controller/gate/lane.ts';
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

lane.run();
