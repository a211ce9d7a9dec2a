import * as assert from 'uvu/assert';
import { modeMachine } from '../../controller/kiosk/mode.ts';
import { type SessionEvent, sessionMachine } from '../../controller/kiosk/session.ts';
import { afterEvent, explore, type Step, statesOf, visited } from '../kit/explore.ts';
import { feature } from '../kit/feature.ts';

const machines = feature('machines of the kiosk');

const EVENTS: readonly SessionEvent['type'][] = [
  ...(['CARD', 'ODD', 'CARD_GONE', 'READ', 'UNREADABLE', 'GUIDE', 'ASK_PIN'] as const),
  ...(['PIN_RIGHT', 'PIN_ENDS', 'PAY', 'CONFIRM', 'JUDGED', 'TORN', 'RETAP'] as const),
  ...(['PRINTED', 'NOT_PRINTED', 'BACK', 'FINISH', 'IDLE', 'CLOSE'] as const),
];
const steps = explore(sessionMachine, {
  events: [
    ...EVENTS.map((type) => ({ type })),
    { type: 'SERVICE', service: 'balance' },
    { type: 'PRINT', what: 'information' },
    { type: 'PRINT', what: 'receipt' },
    afterEvent(sessionMachine, 'unreadable', 'adviceShown'),
    afterEvent(sessionMachine, 'paying', 'tornWaits'),
    afterEvent(sessionMachine, 'paid', 'resultShown'),
    afterEvent(sessionMachine, 'printed', 'resultShown'),
    afterEvent(sessionMachine, 'takeCard', 'remindAgain'),
  ] as { type: string }[],
  key: ({ context }) => JSON.stringify(context),
  limit: 2_000,
});
const name = ({ from, event, to }: Step) => `${from.value} --${event}--> ${to.value}`;

machines.test('GIVEN every event in every state THEN every state of a session is reached', () => {
  assert.equal(visited(steps), statesOf(sessionMachine));
});

machines.test('WHEN a card leaves THEN its report goes with it, whatever was going on', () => {
  for (const step of steps.filter(({ event }) => event === 'CARD_GONE')) {
    if (step.from.value === 'welcome') continue;
    const { actions, from } = step;
    const drops = actions.includes('dropReport') || actions.includes('endVisit');
    assert.ok(drops || from.value === 'takeCard', name(step));
    assert.is(step.to.context.card, false, name(step));
  }
});

machines.test('WHEN a session ends THEN everything of the person goes', () => {
  const over = (value: unknown) => value === 'welcome' || value === 'takeCard';
  for (const step of steps) {
    if (!over(step.to.value) || over(step.from.value)) continue;
    // A guide without a card beside it belongs to nobody.
    if (step.from.value === 'guide' && step.event === 'BACK') continue;
    assert.ok(step.actions.includes('endVisit'), name(step));
  }
});

machines.test('WHEN the PIN page is left THEN the digits are wiped', () => {
  for (const step of steps) {
    if (step.from.value !== 'pin' || step.to.value === 'pin') continue;
    assert.ok(step.actions.includes('wipePin'), name(step));
  }
});

machines.test('WHILE money is under way THEN only its verdict, or patience, ends it', () => {
  for (const step of steps) {
    if (step.from.value !== 'paying' || step.to.value === 'paying') continue;
    const judged = step.event === 'JUDGED';
    assert.ok(judged || step.actions.includes('giveUpTorn'), name(step));
    assert.is(step.to.value, 'paid', name(step));
    if (!judged) assert.is(step.from.context.torn, true, name(step));
  }
});

machines.test('A payment begins after a confirmation alone, and goes on with its card', () => {
  for (const step of steps) {
    if (!step.actions.includes('payItem')) continue;
    const asked = step.from.value === 'confirming' && step.event === 'CONFIRM';
    const back = step.from.value === 'paying' && step.event === 'RETAP';
    assert.ok(asked || back, name(step));
  }
});

machines.test('GIVEN parts that come and go THEN every mode is reached, and left again', () => {
  const events = [
    ...['READY', 'STAFF', 'CODE_RIGHT', 'LEAVE', 'STOP'].map((type) => ({ type })),
    ...['a-reader', 'b-reader', 'printer'].flatMap((part) => [
      { type: 'PART_LOST', part },
      { type: 'PART_BACK', part },
    ]),
  ];
  const modes = explore(modeMachine, {
    events,
    key: ({ context }) => JSON.stringify(context),
    limit: 500,
  });
  const reached = visited(modes).filter((mode) => mode !== 'settling');
  // The readers of this exploration are none: without input the kiosk is blind.
  assert.equal(reached, ['code', 'maintenance', 'outOfService', 'starting', 'stopped']);
});

machines.run();
