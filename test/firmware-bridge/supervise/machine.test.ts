import * as assert from 'uvu/assert';
import { createActor } from 'xstate';
import { type LinkEvent, linkMachine } from '../../../firmware-bridge/supervise/machine.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';

const links = feature('link machine');

/** What happens, in short: `fail`, `fail at work`, `wait <ms>` … */
const HAPPENINGS: Readonly<Record<string, LinkEvent>> = {
  answer: { type: 'ANSWERED', by: 'probe' },
  work: { type: 'ANSWERED', by: 'use' },
  fail: { type: 'FAILED', by: 'probe' },
  'fail at work': { type: 'FAILED', by: 'use' },
  back: { type: 'RECOVERED' },
  exhausted: { type: 'EXHAUSTED' },
  stop: { type: 'STOP' },
};

async function walk(happenings: string, patience = 2): Promise<string> {
  const clock = createFakeClock();
  const actor = createActor(linkMachine, { clock, input: { patience } });
  const seen: string[] = [];
  actor.subscribe(({ value }) => {
    if (seen.at(-1) !== value) seen.push(value);
  });
  actor.start();
  for (const happening of happenings.split(', ')) {
    const event = HAPPENINGS[happening];
    if (event) actor.send(event);
    else await clock.advance(Number(happening.replace('wait ', '')));
  }
  actor.stop();
  assert.is(clock.timers(), 0);
  return seen.join(' ');
}

const WALKS: readonly (readonly [string, string, string])[] = [
  ['connects, stops', 'back, stop, back', 'connecting ready stopped'],
  ['not there at first', 'fail, back', 'connecting lost ready'],
  [
    'one failure is a doubt, an answer ends it',
    'back, fail, answer',
    'connecting ready suspect ready',
  ],
  ['two failures in a row', 'back, fail, fail, back', 'connecting ready suspect recovering ready'],
  [
    'answers between failures',
    'back, fail, answer, fail, answer',
    'connecting ready suspect ready suspect ready',
  ],
  [
    'an answer does not disprove a failure at work',
    'back, fail at work, answer, fail at work, back',
    'connecting ready suspect recovering ready',
  ],
  ['work does', 'back, fail at work, work', 'connecting ready suspect ready'],
  [
    'nothing more is heard of a doubt',
    'back, fail, wait 500',
    'connecting ready suspect recovering',
  ],
  [
    'its work disproves it before a rung',
    'back, fail, fail, work',
    'connecting ready suspect recovering ready',
  ],
  [
    'no rung helps',
    'back, fail, fail, exhausted, back',
    'connecting ready suspect recovering lost ready',
  ],
  [
    'the ladder takes too long',
    'back, fail, fail, wait 2000',
    'connecting ready suspect recovering lost',
  ],
  ['a lost one is not back for an answer', 'fail, answer, work', 'connecting lost'],
];
for (const [title, happenings, expected] of WALKS)
  links.test(title, async () => {
    assert.is(await walk(happenings), expected);
  });

links.test('a device without patience recovers at the first failure', async () => {
  assert.is(
    await walk('back, fail, back, fail at work', 1),
    'connecting ready recovering ready recovering',
  );
});

links.run();
