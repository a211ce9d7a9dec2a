import * as assert from 'uvu/assert';
import { feature } from './feature.ts';

const kit = feature('test kit');

kit.test('GIVEN a body WHEN it finishes in time THEN the test passes', async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(true);
});

kit.run();
