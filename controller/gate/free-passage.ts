/** Everybody passes unpaid, by policy: counts them, and tells log and ledger of begin and end. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Clock, Fault } from '../../firmware-bridge/ports.ts';
import { bcdStamp, hexOf } from '../card/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FreePassage } from '../ledger/records.ts';
import type { Log } from '../ops/log.ts';

interface FreePassageOptions {
  readonly config: Pick<LaneConfig, 'site'>;
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly log: Log;
  readonly onFault: (fault: Fault) => void;
}

export interface FreePassageKeeper {
  /** Does everybody pass unpaid from now on? Saying it twice changes nothing. */
  follow(free: boolean): void;
  /** Somebody passed unpaid. */
  count(): void;
}

const REASON = 'SAM lost';

export function createFreePassage(options: FreePassageOptions): FreePassageKeeper {
  const { config, clock, ledger, log, onFault } = options;
  let free = false;
  let passed = 0;

  return {
    follow(now) {
      if (now === free) return;
      free = now;
      if (free) passed = 0;
      if (free) log.error({ part: 'sam' }, 'free passage begins: the SAM is lost, nobody pays');
      else log.warn({ part: 'sam', passed }, 'free passage ends');
      void note(free ? 'begins' : 'ends');
    },
    count() {
      passed += 1;
    },
  };

  async function note(phase: FreePassage['phase']): Promise<void> {
    const at = hexOf(bcdStamp(clock.wall_ms(), config.site.utc_offset_minutes));
    const record = { type: 'free-passage', phase, reason: REASON, at, passed } as const;
    const answer = await ledger.append(record);
    if (!answer.ok) onFault(answer.fault);
  }
}
