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
  free: 'free-passage',
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
  /** Shows at once what the lane has to say between taps, and again only if it is news. */
  idle(): void;
  /** The same, unless a result is shown. */
  refresh(): void;
  stop(): void;
}

export interface SignBoardOptions {
  readonly config: LaneConfig;
  readonly clock: Clock;
  readonly indicator: Indicator;
  readonly mode: () => LaneMode;
  /** Does this end of the lane serve, while the lane does? */
  readonly serves: () => boolean;
  /** The other end is served at this moment. */
  readonly busy: () => boolean;
  readonly changed: () => void;
}

export function createSignBoard(options: SignBoardOptions): SignBoard {
  const { config, clock, indicator, mode, serves, busy, changed } = options;
  const usual = new Map<Message, Sign>();
  let message: Message = 'starting';
  let sign = signFor(message, config);
  let timer: Timer = null;
  let shown = false;

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
    refresh() {
      if (timer === null && message !== idleMessage()) idle();
    },
    stop: () => clock.clearTimeout(timer),
  };

  function idle(): void {
    const next = idleMessage();
    if (shown && timer === null && next === message) changed();
    else put(next);
  }

  function idleMessage(): Message {
    const usual = IDLE_MESSAGE[mode()];
    if (usual !== 'ready') return usual;
    if (!serves()) return 'out-of-service';
    return busy() ? 'wait' : 'ready';
  }

  /** Most signs come again and again and say nothing of money. */
  function usualSign(next: Message): Sign {
    const known = usual.get(next) ?? signFor(next, config);
    usual.set(next, known);
    return known;
  }

  function put(next: Message, amounts?: Amounts): void {
    clock.clearTimeout(timer);
    timer = null;
    message = next;
    sign = amounts ? signFor(next, config, amounts) : usualSign(next);
    shown = true;
    indicator.show(sign);
    changed();
  }
}
