/** What a lane does about lists that it cannot rely on: alarm or close, by configuration. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Health, WatchedBlacklist, WatchedList } from '../blacklist/blacklist.ts';
import type { Log } from '../ops/log.ts';
import type { LaneEvent } from './lane.ts';
import type { Network } from './network.ts';

interface ListWatch {
  readonly blacklist: WatchedBlacklist;
  readonly network: Pick<Network, 'lists'>;
  readonly config: Pick<LaneConfig, 'lists'>;
  readonly log: Log;
  readonly send: (event: LaneEvent) => void;
}

/** One of them. */
interface Watched {
  /** Of the lane. */
  readonly part: 'lists' | 'issuers' | 'cities';
  readonly name: string;
  readonly list: WatchedList;
}

/** Watches the blacklist and the lists of issuers and cities. Returns the function that ends it. */
export function followBlacklist(watch: ListWatch): () => void {
  const { issuers, cities } = watch.network.lists;
  const ends = [
    follow(watch, { part: 'lists', name: 'blacklist', list: watch.blacklist }),
    follow(watch, { part: 'issuers', name: 'list of issuers', list: issuers }),
    follow(watch, { part: 'cities', name: 'list of cities', list: cities }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function follow({ config, log, send }: ListWatch, watched: Watched): () => void {
  const { part, list } = watched;
  apply(list.health());
  return list.onHealth(apply);

  function apply(health: Health): void {
    const { policy, text } = judge(health, watched, config);
    if (text) log.error({ part, policy }, text);
    else if (health.kind === 'absent' && part === 'lists') {
      log.warn({}, 'no blacklist was ever imported');
    }
    send({ type: policy === 'close' ? 'PART_LOST' : 'PART_BACK', part });
    send({ type: policy === 'degraded' ? 'ALARM_ON' : 'ALARM_OFF', part });
  }
}

interface Verdict {
  readonly policy: 'serve' | 'degraded' | 'close';
  readonly text?: string;
}

/** A lane that trusts nobody's lists does not wait for one; none of issuers or cities is needed. */
function judge(health: Health, { part, name }: Watched, { lists }: ListWatch['config']): Verdict {
  switch (health.kind) {
    case 'good':
      return { policy: 'serve' };
    case 'absent':
      if (part !== 'lists' || lists.trusted_keys.length === 0) return { policy: 'serve' };
      return { policy: lists.when_stale, text: 'no blacklist was ever imported; import one' };
    case 'stale':
      return { policy: lists.when_stale, text: `${name} stale: ${health.detail}` };
    case 'unreadable':
      return { policy: lists.when_unreadable, text: `${name} damaged: ${health.detail}` };
  }
}
