import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import { type PassageEvent, passageMachine } from '../../../controller/gate/passage.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const passage = feature('passage machine');

/** What happens, in short: an event, `pay <ref>`, `pay-far <ref>` or `wait <ms>`. */
type Happening = PassageEvent['type'] | `${'pay' | 'pay-far' | 'wait'} ${number}`;

interface Walk {
  /** Every state, and every order or record in round brackets, as they come. */
  readonly told: readonly string[];
  readonly rights: readonly number[];
  readonly overflowed: number;
}

async function walk(...happenings: Happening[]): Promise<Walk> {
  const clock = createFakeClock();
  const told: string[] = [];
  const machine = passageMachine.provide({
    actions: {
      openLeaves: () => told.push('(open)'),
      closeLeaves: () => told.push('(close)'),
      tell: (_, { incident }) => told.push(`(${incident})`),
      recordPassage: ({ context }) => told.push(`(passed ${context.used})`),
      countUnpaid: () => told.push('(unpaid)'),
    },
  });
  const actor = createActor(machine, { clock });
  let state = '';
  actor.subscribe(({ value }) => {
    if (value !== state) told.push(value);
    state = value;
  });
  actor.start();
  for (const happening of happenings) {
    const [word, number] = happening.split(' ');
    if (word === 'wait') await clock.advance(Number(number));
    else if (word === 'pay') pay(Number(number), 'in');
    else if (word === 'pay-far') pay(Number(number), 'out');
    else actor.send({ type: word } as PassageEvent);
  }
  const { rights, overflowed } = actor.getSnapshot().context;
  actor.stop();
  return { told, rights, overflowed };

  function pay(ref: number, direction: 'in' | 'out'): void {
    actor.send({ type: 'OPEN', ref, direction });
  }
}

const WALKS: readonly (readonly [string, readonly Happening[], string])[] = [
  [
    'one passenger pays and walks through',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE', 'CLOSED'],
    'closed (open) opening open passing (passed 1) clearing (close) closing closed',
  ],
  [
    'the board tells of the free zone first and then that somebody passed',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'ZONE_FREE', 'PASSED', 'CLOSED'],
    'closed (open) opening open passing open (passed 1) (close) closing closed',
  ],
  [
    'a board without zone sensor',
    ['pay 1', 'OPENED', 'PASSED', 'CLOSED'],
    'closed (open) opening open (passed 1) (close) closing closed',
  ],
  [
    'somebody squeezes through leaves that still open',
    ['pay 1', 'PASSED', 'CLOSED'],
    'closed (open) opening (passed 1) (close) closing closed',
  ],
  [
    'stepping back keeps the right',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'ZONE_FREE', 'ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open passing open passing (passed 1) clearing (close) closing',
  ],
  [
    'two rights in a row: open between them, an order for each',
    [
      ...(['pay 1', 'pay 2', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE'] as const),
      ...(['ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE', 'CLOSED'] as const),
    ],
    'closed (open) opening open passing (passed 1) (open) open passing (passed 2) clearing ' +
      '(close) closing closed',
  ],
  [
    'a second passenger pays while the first is between the leaves',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'pay 2', 'PASSED', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open passing (passed 1) (open) open (passed 2) clearing (close) closing',
  ],
  [
    'a second passenger pays while the leaves stand open',
    ['pay 1', 'OPENED', 'wait 7900', 'pay 2', 'wait 7900', 'ZONE_OCCUPIED', 'PASSED', 'PASSED'],
    'closed (open) opening open passing (passed 1) (open) open (passed 2) clearing',
  ],
  [
    'nobody comes: the leaves close, the right ends',
    ['pay 1', 'OPENED', 'wait 8000', 'CLOSED'],
    'closed (open) opening open (close) closing (unused-right) closed',
  ],
  [
    'a barrier that never reports opened',
    ['pay 1', 'wait 8000', 'CLOSED'],
    'closed (open) opening (never-opened) (close) closing (unused-right) closed',
  ],
  [
    'a barrier that never reports closed',
    ['pay 1', 'wait 16000', 'pay 2'],
    'closed (open) opening (never-opened) (close) closing (never-closed) (unused-right) closed ' +
      '(open) opening',
  ],
  [
    'time is up while somebody stands in the zone: it waits, and his right still counts',
    ['ZONE_OCCUPIED', 'pay 1', 'OPENED', 'wait 60000', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open clearing (obstruction) (passed 1) (close) closing',
  ],
  [
    'somebody steps in while the leaves close: open, wait, close again',
    ['pay 1', 'OPENED', 'wait 8000', 'ZONE_OCCUPIED', 'wait 60000', 'ZONE_FREE', 'CLOSED'],
    'closed (open) opening open (close) closing (open) obstructed (obstruction) ' +
      '(close) closing (unused-right) closed',
  ],
  [
    'the late one walks on his own right, which cannot be used again',
    ['pay 1', 'OPENED', 'wait 8000', 'ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE', 'CLOSED', 'pay 1'],
    'closed (open) opening open (close) closing (open) obstructed (passed 1) clearing ' +
      '(close) closing closed',
  ],
  [
    'a second one slips through behind the first: an alarm',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open passing (passed 1) clearing (tailgating) (close) closing',
  ],
  [
    'somebody without a right walks through closing leaves: an alarm',
    ['pay 1', 'OPENED', 'PASSED', 'PASSED', 'ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open (passed 1) (close) closing (tailgating) (close) ' +
      '(open) obstructed (tailgating) clearing (close) closing',
  ],
  [
    'somebody pays while the leaves close: his right alone counts',
    ['pay 1', 'OPENED', 'wait 8000', 'pay 2', 'OPENED', 'PASSED', 'CLOSED'],
    'closed (open) opening open (close) closing (open) opening open (passed 2) (close) closing ' +
      'closed',
  ],
  [
    'somebody pays while the zone is being cleared',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'pay 2', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open passing (passed 1) clearing (open) open (passed 2) clearing ' +
      '(close) closing',
  ],
  [
    'somebody pays while the leaves are held open by a person between them',
    ['pay 1', 'OPENED', 'PASSED', 'ZONE_OCCUPIED', 'pay 2', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open (passed 1) (close) closing (open) obstructed passing (passed 2) ' +
      'clearing (close) closing',
  ],
  [
    'intrusion through the closed gate',
    ['INTRUSION', 'INTRUSION', 'ZONE_OCCUPIED', 'ZONE_FREE', 'wait 8000'],
    'closed (intrusion) intrusion (close) closing (never-closed) closed',
  ],
  [
    'intrusion, and somebody pays meanwhile: the leaves are told to open for him',
    ['INTRUSION', 'ZONE_OCCUPIED', 'pay 1', 'ZONE_FREE', 'OPENED', 'PASSED'],
    'closed (intrusion) intrusion (open) opening open (passed 1) (close) closing',
  ],
  [
    'an intruder whom the zone never saw holds the gate for the time-out',
    ['INTRUSION', 'wait 8000', 'wait 8000'],
    'closed (intrusion) intrusion (close) closing (never-closed) closed',
  ],
  [
    'the same, and somebody has paid',
    ['INTRUSION', 'pay 1', 'wait 8000', 'OPENED'],
    'closed (intrusion) intrusion (open) opening open',
  ],
  [
    'intrusion while the leaves open',
    ['pay 1', 'INTRUSION', 'ZONE_FREE'],
    'closed (open) opening (intrusion) intrusion (open) opening',
  ],
  [
    'intrusion while the leaves stand open',
    ['pay 1', 'OPENED', 'INTRUSION', 'ZONE_FREE', 'PASSED'],
    'closed (open) opening open (intrusion) intrusion (open) opening (passed 1) (close) closing',
  ],
  [
    'somebody comes against a passenger who walks: he passes on his right',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'INTRUSION', 'PASSED', 'ZONE_FREE'],
    'closed (open) opening open passing (intrusion) intrusion (passed 1) (close) closing',
  ],
  [
    'intrusion while the zone is cleared, while closing, while obstructed: an alarm, no more',
    [
      ...(['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'INTRUSION', 'ZONE_FREE'] as const),
      ...(['INTRUSION', 'ZONE_OCCUPIED', 'INTRUSION', 'ZONE_FREE'] as const),
    ],
    'closed (open) opening open passing (passed 1) clearing (intrusion) (close) closing ' +
      '(intrusion) (open) obstructed (intrusion) (close) closing',
  ],
  [
    'fire while closed: open until it is over and the zone is free',
    ['FIRE_ON', 'ZONE_OCCUPIED', 'PASSED', 'INTRUSION', 'pay 1', 'FIRE_OFF', 'ZONE_FREE'],
    'closed (open) emergency clearing (close) closing',
  ],
  [
    'a passenger turns back (U-turn), keeps the right, and walks later',
    [
      ...(['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'ZONE_FREE', 'TURNED_BACK'] as const),
      ...(['ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE', 'CLOSED'] as const),
    ],
    'closed (open) opening open passing open (turned-back) passing (passed 1) clearing ' +
      '(close) closing closed',
  ],
  [
    'reverse entry through the open gate: two alarms, the paying one keeps his right',
    [
      ...(['pay 1', 'OPENED', 'INTRUSION', 'ZONE_OCCUPIED', 'PASSED_AGAINST'] as const),
      ...(['ZONE_FREE', 'OPENED', 'PASSED'] as const),
    ],
    'closed (open) opening open (intrusion) intrusion (reverse-entry) (open) opening open ' +
      '(passed 1) (close) closing',
  ],
  [
    'somebody climbs over the shut gate',
    ['INTRUSION', 'PASSED', 'ZONE_FREE', 'CLOSED', 'PASSED'],
    'closed (intrusion) intrusion (forced) (close) closing closed (forced)',
  ],
  [
    'a bag stands in the zone: one alarm, and the leaves stay open',
    ['pay 1', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'wait 60000', 'ZONE_FREE', 'CLOSED'],
    'closed (open) opening open passing (passed 1) clearing (obstruction) (close) closing closed',
  ],
  [
    'the far side pays while somebody walks: refused; served once the lane is shut',
    [
      ...(['pay 1', 'pay-far 2', 'OPENED', 'pay-far 2', 'ZONE_OCCUPIED', 'pay-far 2'] as const),
      ...(['PASSED', 'pay-far 2', 'ZONE_FREE', 'CLOSED', 'pay-far 2', 'PASSED'] as const),
    ],
    'closed (open) opening (far-side-refused) open (far-side-refused) passing ' +
      '(far-side-refused) (passed 1) clearing (far-side-refused) (close) closing closed ' +
      '(open) opening (passed 2) (close) closing',
  ],
  [
    'the board is lost while somebody has paid; found again, the leaves are shut anew',
    ['pay 1', 'OPENED', 'LOST', 'pay 2', 'LOST', 'ZONE_OCCUPIED', 'FOUND', 'ZONE_FREE', 'CLOSED'],
    'closed (open) opening open (barrier-lost) blind clearing (close) closing closed',
  ],
  [
    'the board answers for the first time: where its leaves stand is unknown, so shut them',
    ['FOUND', 'CLOSED', 'pay 1'],
    'closed (close) closing closed (open) opening',
  ],
  [
    'fire, then the board is lost and found: it is told to open again',
    ['FIRE_ON', 'LOST', 'FOUND', 'FIRE_OFF', 'CLOSED'],
    'closed (open) emergency (barrier-lost) (open) (close) closing closed',
  ],
  [
    'fire from another source while the board is lost',
    ['LOST', 'FIRE_ON', 'FOUND'],
    'closed (barrier-lost) blind (open) emergency (open)',
  ],
  [
    'free passage: open to both ways, without an alarm, until it ends and the zone is free',
    [
      ...(['FREE_ON', 'FREE_ON', 'OPENED', 'ZONE_OCCUPIED', 'PASSED', 'ZONE_FREE'] as const),
      ...(['PASSED_AGAINST', 'INTRUSION', 'TURNED_BACK', 'wait 60000'] as const),
      ...(['ZONE_OCCUPIED', 'FREE_OFF', 'ZONE_FREE', 'CLOSED'] as const),
    ],
    'closed (open) free (unpaid) (unpaid) clearing (close) closing closed',
  ],
  [
    'free passage begins behind somebody who paid: his is the first passage, the next is unpaid',
    ['pay 1', 'OPENED', 'FREE_ON', 'pay 2', 'PASSED', 'PASSED', 'PASSED', 'FREE_OFF', 'CLOSED'],
    'closed (open) opening open (open) free (passed 1) (passed 2) (unpaid) (close) closing closed',
  ],
  [
    'free passage on a board that shuts behind everybody: it is told to open again',
    ['FREE_ON', 'OPENED', 'PASSED', 'CLOSED'],
    'closed (open) free (unpaid) (open)',
  ],
  [
    'fire, and a lost board, during free passage',
    ['FREE_ON', 'FIRE_ON', 'FREE_ON', 'FIRE_OFF', 'FREE_ON', 'LOST', 'FREE_ON', 'FOUND'],
    'closed (open) free (open) emergency (close) closing (open) free (barrier-lost) blind ' +
      '(close) closing',
  ],
];
for (const [title, happenings, expected] of WALKS)
  passage.test(title, async () => {
    assert.is((await walk(...happenings)).told.join(' '), expected);
  });

passage.test('GIVEN a right in hand WHEN its card taps again THEN it stays one right', async () => {
  for (const state of [['pay 1'], ['pay 1', 'OPENED'], ['pay 1', 'ZONE_OCCUPIED']] as const) {
    assert.equal((await walk(...state, 'pay 1')).rights, [1]);
  }
});

passage.test(
  'GIVEN a used right WHEN its card taps before the disk knows THEN no second',
  async () => {
    const { told } = await walk('pay 1', 'OPENED', 'PASSED', 'CLOSED', 'pay 1');
    assert.is(told.at(-1), 'closed');
  },
);

passage.test(
  'GIVEN three rights WHEN a fourth pays THEN the first three stay, in order',
  async () => {
    const { told, rights, overflowed } = await walk('pay 1', 'pay 2', 'pay 3', 'pay 4', 'PASSED');
    assert.equal(rights, [2, 3]);
    assert.is(overflowed, 1);
    assert.ok(told.includes('(passed 1)'));
  },
);

passage.run();
