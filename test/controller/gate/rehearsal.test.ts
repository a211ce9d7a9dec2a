/** The rehearsal before a lane opens: every flow, as expected, and nothing left behind. */

import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { rehearse } from '../../../controller/gate/rehearsal.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { feature } from '../../kit/feature.ts';
import { laneConfig } from './tap/bench.ts';
import { lane, site } from './tap/ride.ts';

const rehearsal = feature('rehearsal');

const never = new Promise<void>(() => {});
const AS_EXPECTED = {
  pass: 20,
  passback: 20,
  'retry-same-card': 20,
  'pass-recovered': 20,
  'listed-stolen': 20,
};

for (const kind of ['flat', 'entry', 'exit'] as const)
  rehearsal.test(
    `GIVEN the shipped ${kind} lane WHEN it rehearses THEN all 100 taps end as expected`,
    async () => {
      const clock = createFakeClock();
      const { taps, ended } = await clock.until(
        rehearse({ config: laneConfig(kind), clock, stopped: never }),
      );
      assert.is(taps, 100);
      assert.equal(ended, AS_EXPECTED);
      assert.is(clock.timers(), 0);
    },
  );

rehearsal.test(
  'GIVEN a site that takes few issuers and cities WHEN it rehearses THEN its cards are accepted',
  async () => {
    const narrow = site({ issuers: ['01132900'], local_cities: ['3320'] })(laneConfig('flat'));
    const { ended } = await rehearse({ config: narrow, clock: systemClock, stopped: never });
    assert.equal(Object.keys(ended).sort(), Object.keys(AS_EXPECTED).sort());
  },
);

rehearsal.test(
  'GIVEN a lane without passback WHEN it rehearses THEN the second tap pays again',
  async () => {
    const config = lane({ passback_minutes: 0 })(laneConfig('flat'));
    const clock = createFakeClock();
    const { ended } = await clock.until(rehearse({ config, clock, stopped: never }));
    assert.is(ended.pass, 40);
  },
);

rehearsal.test(
  'GIVEN a board whose clock stands at 1970 WHEN it rehearses THEN the cards are valid',
  async () => {
    const clock = { ...createFakeClock(), wall_ms: () => 0 };
    const { ended } = await rehearse({ config: laneConfig('flat'), clock, stopped: never });
    assert.equal(ended, AS_EXPECTED);
  },
);

rehearsal.test('GIVEN the lane was stopped WHEN it rehearses THEN it ends at once', async () => {
  const stopped = Promise.resolve();
  const clock = createFakeClock();
  const { taps } = await rehearse({ config: laneConfig('flat'), clock, stopped });
  assert.ok(taps <= 5, `${taps} taps`);
});

rehearsal.test(
  'GIVEN a slow board WHEN it rehearses THEN the event loop has its turn, and it ends in time',
  async () => {
    const fake = createFakeClock();
    let now_ms = 0;
    let turns = 0;
    const clock = {
      ...fake,
      now_ms: () => {
        now_ms += 2;
        return now_ms;
      },
      setTimeout(callback: () => void, delay_ms: number) {
        turns += 1;
        return fake.setTimeout(callback, delay_ms);
      },
    };
    const { taps, spent_ms } = await fake.until(
      rehearse({ config: laneConfig('flat'), clock, stopped: never }),
    );
    assert.ok(turns > 10, `${turns} turns`);
    assert.ok(taps > 0 && taps < 100, `${taps} taps`);
    assert.ok(spent_ms < 2_000, `${spent_ms} ms`);
  },
);

rehearsal.test('it can reach no device, store, sign or log: it imports none', () => {
  for (const file of ['rehearsal.ts', 'rehearsal-card.ts']) {
    const source = readFileSync(
      new URL(`../../../controller/gate/${file}`, import.meta.url),
      'utf8',
    );
    const values = [...source.matchAll(/^import (?!type)[^;]*from '([^']+)'/gm)].map(
      ([, of]) => of,
    );
    const stores = /ledger\/(frame|shape|story-index)\.ts$/;
    const logic = /ports\.ts$|card\/|sam\/software|feedback|network|tap\/runner/;
    assert.equal(
      values.filter(
        (of) => of && !/^\.\/rehearsal/.test(of) && !stores.test(of) && !logic.test(of),
      ),
      [],
    );
  }
});

rehearsal.run();
