import * as assert from 'uvu/assert';
import { drawStory } from '../../sim/world/draw.ts';
import { gapsOf, UNREACHED } from '../../sim/world/gaps.ts';
import { noCoverage } from '../../sim/world/record.ts';
import { runStory } from '../../sim/world/run.ts';
import { feature } from '../kit/feature.ts';

const gaps = feature('what a campaign did not reach');

gaps.test('GIVEN nothing was lived THEN every state, transition and fault is a gap', () => {
  const { states, transitions, faults } = gapsOf(noCoverage());
  assert.is(states.length, 9 + 13 + 11 + 6);
  assert.ok(transitions.length > 60);
  assert.ok(faults.length > 30);
  for (const name of Object.keys(UNREACHED)) assert.ok(states.includes(name), name);
});

gaps.test(
  'GIVEN a story was lived THEN what it reached is no gap, and each name is one that there is',
  async () => {
    const { coverage } = await runStory(drawStory(7, { taps: 60 }));
    const all = gapsOf(noCoverage());
    const { states, transitions, faults } = gapsOf(coverage);
    const entered = Object.keys(coverage.states);
    assert.equal([...states, ...entered].sort(), [...all.states].sort());
    for (const state of ['lane inService', 'tap granted', 'passage open', 'link ready'])
      assert.ok(entered.includes(state), state);
    assert.ok(transitions.length < all.transitions.length);
    // `disk-fails` begins, and is told again by what it did to which call.
    const known = [...all.faults, 'disk-fails'];
    assert.equal(
      Object.keys(coverage.faults).filter((fault) => !known.includes(fault)),
      [],
    );
    assert.ok(faults.length < all.faults.length);
  },
  30_000,
);

gaps.run();
