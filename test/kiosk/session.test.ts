import * as assert from 'uvu/assert';
import { feature } from '../kit/feature.ts';
import { started } from './kiosk-bench.ts';

const session = feature('a person at the kiosk');

session.test(
  'GIVEN a card in the slot WHEN read, looked at and taken THEN the screens follow',
  async () => {
    const bench = await started();
    await bench.insert();
    assert.is(bench.screen('card').card.holder?.name.startsWith('张'), true);
    await bench.do({ type: 'finish' });
    await bench.takeOut();
    assert.equal(bench.screens, [
      'out-of-service',
      'welcome',
      'reading',
      'card',
      'take-card',
      'welcome',
    ]);
    await bench.stop();
  },
);

session.run();
