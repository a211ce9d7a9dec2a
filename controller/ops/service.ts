/** A service from its start to its stop: what systemd is told, and the books kept in order. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Clock } from '../../firmware-bridge/ports.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { keepHouse } from './housekeeping.ts';
import type { Log } from './log.ts';
import { createNotify } from './notify.ts';

export interface Service {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Pick<LaneConfig, 'ledger' | 'site'>;
  readonly ledger: Ledger;
  /** SIGINT or SIGTERM. */
  readonly stopped: Promise<void>;
  /** For how long its loop has not gone round, and what is too long: systemd then restarts it. */
  readonly stillFor_ms: () => number;
  readonly still_max_ms: number;
  /** For `systemctl status`; `onChange` tells when it is another. */
  readonly mode: () => string;
  readonly onChange: (listener: () => void) => void;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

/** Resolves when it was stopped and has ended. */
export async function runService(service: Service): Promise<void> {
  const { env, clock, log, config, ledger, stopped, stillFor_ms, still_max_ms } = service;
  const notify = createNotify({ env, clock, log, alive: () => stillFor_ms() < still_max_ms });
  service.onChange(() => notify.status(service.mode()));
  // A mute reader may take seconds to come up; a signal must not wait for it.
  await Promise.race([service.start(), stopped]);
  notify.ready();
  const endHousekeeping = keepHouse({ config, clock, ledger, log });
  await stopped;
  endHousekeeping();
  await Promise.all([notify.stopping(), service.stop()]);
}
