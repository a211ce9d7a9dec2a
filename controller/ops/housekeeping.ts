/** What a lane does beside its passengers, once an hour: settled books go when they are old. */

import type { LaneConfig } from '../../config/schema.ts';
import { type Clock, describeFault, type Timer } from '../../firmware-bridge/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from './log.ts';

interface Housekeeping {
  readonly config: Pick<LaneConfig, 'ledger' | 'site'>;
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'tidy' | 'counters'>;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;

/** Returns the function that ends it. */
export function keepHouse({ config, clock, ledger, log }: Housekeeping): () => void {
  let timer: Timer;
  let over = false;
  void round();
  return () => {
    over = true;
    clock.clearTimeout(timer);
  };

  async function round(): Promise<void> {
    const removed = await ledger.tidy({
      keep_days: config.ledger.keep_days,
      wall_ms: clock.wall_ms(),
      utc_offset_minutes: config.site.utc_offset_minutes,
    });
    if (!removed.ok) log.warn({}, describeFault(removed.fault));
    else if (removed.value > 0) log.info({ segments: removed.value }, 'settled books removed');
    if (ledger.counters().held_by_damaged_segment) {
      log.warn({}, 'a damaged file holds settled books back; see tapway ledger settle');
    }
    if (!over) timer = clock.setTimeout(() => void round(), HOUR_MS);
  }
}
