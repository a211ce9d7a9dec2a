/** Whose cards a lane takes: signed lists win over the configuration, once one was imported. */

import * as assert from 'uvu/assert';
import { createNetwork } from '../../../controller/gate/network.ts';
import { feature } from '../../kit/feature.ts';
import { laneConfig } from './tap/bench.ts';

const network = feature('network of a lane');

/** Named in the configuration, on the signed list (null: none), is `A` accepted? */
const RULES: readonly (readonly [readonly string[], readonly string[] | null, boolean])[] = [
  [[], null, true],
  [['A'], null, true],
  [['B'], null, false],
  [['B'], ['A'], true],
  [['A'], ['B'], false],
  [[], ['B'], false],
  [['A'], [], false],
];
for (const [named, listed, accepted] of RULES)
  network.test(
    `GIVEN [${named}] configured and ${listed ? `[${listed}] listed` : 'no list'} ` +
      `THEN A is ${accepted ? '' : 'not '}taken`,
    () => {
      const site = { ...laneConfig('flat').site, issuers: [...named], local_cities: [...named] };
      const codes = {
        has: (code: string) => listed?.includes(code) ?? null,
        health: () => ({ kind: 'good' }) as const,
        onHealth: () => () => {},
      };
      const made = createNetwork(site, { issuers: codes, cities: codes });
      assert.is(made.accepts('A'), accepted);
      assert.is(made.isLocal('A'), accepted);
      assert.is(made.lists.issuers, codes, 'for those who watch over it');
    },
  );

network.run();
