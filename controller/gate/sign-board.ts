/** What the passenger sees: a result for a moment, then what the lane says between taps. */

import type { LaneConfig } from '../../config/schema.ts';
import type { Clock, Indicator, Sign, Timer } from '../../firmware-bridge/ports.ts';
import { type Amounts, signFor } from './feedback.ts';
import type { LaneMode } from './lane.ts';
import type { Message } from './outcome.ts';

const IDLE_MESSAGE: Readonly<Record<LaneMode, Message>> = {
  starting: 'starting',
  inService: 'ready',
  degraded: 'ready',
  maintenance: 'maintenance',
  outOfService: 'out-of-service',
  emergency: 'emergency',
  stopped: 'closed',
};

export interface SignBoard {
  readonly sign: Sign;
  /** What it says now. */
  readonly message: Message;
  /** Shows a result for `lane.result_shown_ms`. */
  tell(message: Message, amounts?: Amounts): void;
  /** Shows at once what the lane's mode says. */
  idle(): void;
  stop(): void;
}

export interface SignBoardOptions {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly indicator: Indicator;
  readonly mode: () => LaneMode;
  readonly changed: () => void;
}

export function createSignBoard(options: SignBoardOptions): SignBoard {
  const { config, clock, indicator, mode, changed } = options;
  let message: Message = 'starting';
  let sign = signFor(message, config);
  let timer: Timer;

  return {
    get sign() {
      return sign;
    },
    get message() {
      return message;
    },
    tell(next, amounts) {
      put(next, amounts);
      timer = clock.setTimeout(idle, config.lane.result_shown_ms);
    },
    idle,
    stop: () => clock.clearTimeout(timer),
  };

  function idle(): void {
    put(IDLE_MESSAGE[mode()]);
  }

  function put(next: Message, amounts?: Amounts): void {
    clock.clearTimeout(timer);
    message = next;
    sign = signFor(next, config, amounts);
    indicator.show(sign);
    changed();
  }
}
