import * as assert from 'uvu/assert';
import { GRANTED, type Message, REFUSED, TROUBLED } from '../../../../controller/gate/outcome.ts';
import { feature } from '../../../kit/feature.ts';
import { play, type Scene } from './bench.ts';
import { PAID_SCENES } from './paid.ts';
import { REFUSED_SCENES } from './refused.ts';
import { RIDE } from './ride.ts';
import { TORN_SCENES } from './torn.ts';
import { readTrip, SELECT } from './wire.ts';

const transcripts = feature('every outcome, command by command');

const SCENES = { ...PAID_SCENES, ...REFUSED_SCENES, ...TORN_SCENES };

for (const [title, scene] of Object.entries(SCENES))
  transcripts.test(title, async () => {
    await play(scene);
  });

transcripts.test('no message of a tap is left without a transcript', () => {
  const told = new Set<Message>(
    Object.values(SCENES).flatMap(({ taps }) => taps.map((tap) => tap.told)),
  );
  const missing = [...GRANTED, ...REFUSED, ...TROUBLED].filter((message) => !told.has(message));
  // The reader refuses several cards, and the gate closes: see gate.test.ts.
  assert.equal(missing, ['several-cards', 'out-of-service']);
});

transcripts.test('GIVEN a command that the script does not know THEN the bench fails', async () => {
  const strange = {
    taps: [{ card: [SELECT, '<= 6A82', ...readTrip()], told: 'unsupported-card' }],
  };
  const failure = await play(strange as Scene).catch((error: Error) => error);
  assert.match(String(failure), 'was never sent');
});

transcripts.test(
  'GIVEN a paid tap THEN what it hands to the gate is what the card paid',
  async () => {
    const [paid] = await play({ ...RIDE, taps: [{ card: RIDE.card, told: 'pass' }] });
    assert.equal(paid?.paid, { ref: 1, amount_fen: 200, balance_fen: 4_800 });
  },
);

transcripts.run();
