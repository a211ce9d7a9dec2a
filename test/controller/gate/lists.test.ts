/** What a lane does when its blacklist is old, missing or damaged: as the configuration says. */

import * as assert from 'uvu/assert';
import type { LaneConfig } from '../../../config/schema.ts';
import type { Health } from '../../../controller/blacklist/blacklist.ts';
import { followBlacklist } from '../../../controller/gate/list-watch.ts';
import { createNetwork } from '../../../controller/gate/network.ts';
import { feature } from '../../kit/feature.ts';
import { type Bench, ended, started } from './gate-bench.ts';
import { laneConfig } from './tap/bench.ts';

const lists = feature('lists a lane cannot rely on');

const KEY = `04${'00'.repeat(64)}`;
const GOOD: Health = { kind: 'good' };
const ABSENT: Health = { kind: 'absent' };
const STALE: Health = { kind: 'stale', detail: 'issued 80 hours ago' };
const DAMAGED: Health = { kind: 'unreadable', detail: 'a page does not match' };

/** Health, the settings that differ from the shipped ones, the mode in which the lane starts. */
const RULES: readonly (readonly [string, Health, Partial<LaneConfig['lists']>, string])[] = [
  ['a good list', GOOD, {}, 'inService'],
  ['no list, and nobody who could sign one', ABSENT, {}, 'inService'],
  ['no list although some are expected', ABSENT, { trusted_keys: [KEY] }, 'degraded'],
  ['no list, strict', ABSENT, { trusted_keys: [KEY], when_stale: 'close' }, 'outOfService'],
  ['a stale list', STALE, {}, 'degraded'],
  ['a stale list, strict', STALE, { when_stale: 'close' }, 'outOfService'],
  ['a damaged list', DAMAGED, {}, 'outOfService'],
  ['a damaged list, lenient', DAMAGED, { when_unreadable: 'degraded' }, 'degraded'],
];
for (const [title, health, settings, mode] of RULES)
  lists.test(`GIVEN ${title} WHEN the lane starts THEN it is ${mode}`, async () => {
    const bench = await startedWith(health, settings);
    assert.is(bench.gate.snapshot().mode, mode);
    await ended(bench);
  });

lists.test(
  'GIVEN a lane in service WHEN the list fails and heals THEN the mode follows',
  async () => {
    const bench = await startedWith(GOOD);
    const seen = [STALE, DAMAGED, GOOD].map((health) => {
      bench.judgeList(health);
      return bench.gate.snapshot().mode;
    });
    assert.equal(seen, ['degraded', 'outOfService', 'inService']);
    await ended(bench);
  },
);

for (const part of ['issuers', 'cities'] as const)
  for (const [health, when_unreadable, expected] of [
    [ABSENT, 'close', ['PART_BACK', 'ALARM_OFF']],
    [GOOD, 'close', ['PART_BACK', 'ALARM_OFF']],
    [DAMAGED, 'close', ['PART_LOST', 'ALARM_OFF']],
    [DAMAGED, 'degraded', ['PART_BACK', 'ALARM_ON']],
  ] as const)
    lists.test(`GIVEN a ${health.kind} list of ${part} THEN ${expected.join(' and ')}`, () => {
      const watched = watchedBy(part, { trusted_keys: [KEY], when_unreadable });
      assert.equal(watched.told(), []);
      watched.judge(health);
      assert.equal(watched.told(), expected);
      assert.is(watched.errors(), health === DAMAGED ? 1 : 0);
      watched.end();
      watched.judge(DAMAGED);
      assert.equal(watched.told(), expected, 'nobody listens any more');
    });

lists.run();

/** What the lane is told of one small list, after the start. */
function watchedBy(part: 'issuers' | 'cities', settings: Partial<LaneConfig['lists']>) {
  const shipped = laneConfig('flat');
  const config = { lists: { ...shipped.lists, ...settings } };
  const listeners = new Set<(health: Health) => void>();
  const codes = {
    has: () => null,
    health: () => GOOD,
    onHealth: (listener: (health: Health) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const { lists } = createNetwork(shipped.site);
  const told: { type: string; part?: string }[] = [];
  const errors: string[] = [];
  const silent = () => {};
  const end = followBlacklist({
    config,
    network: { lists: { ...lists, [part]: codes } },
    blacklist: {
      check: () => ({ kind: 'clear' }),
      health: () => GOOD,
      onHealth: () => silent,
    },
    log: { debug: silent, info: silent, warn: silent, error: () => errors.push('') },
    send: (event) => told.push(event),
  });
  told.length = 0;
  return {
    end,
    errors: () => errors.length,
    judge: (health: Health) => {
      for (const listener of listeners) listener(health);
    },
    told: () => told.filter((event) => event.part === part).map(({ type }) => type),
  };
}

function startedWith(health: Health, settings: Partial<LaneConfig['lists']> = {}): Promise<Bench> {
  return started((bench) => {
    bench.listHealth = health;
    bench.config = { ...bench.config, lists: { ...bench.config.lists, ...settings } };
  });
}
