/** What reading a card needs, and what asking for the PIN may come to. */

import type { LaneConfig } from '../../../config/schema.ts';
import type { SscConfig } from '../../../config/ssc.ts';
import type { Clock, Fault } from '../../../firmware-bridge/ports.ts';
import type { Blacklist, Health } from '../../blacklist/blacklist.ts';
import type { SscCrypto } from '../../sam/ssc-keys.ts';

export interface ReadingDeps {
  readonly clock: Pick<Clock, 'wall_ms'>;
  readonly utcOffset_minutes: number;
  readonly ssc: SscConfig;
  readonly purse: Pick<LaneConfig['purse'], 'aid'>;
  /** Null without keys: then a card tells what it tells everybody. */
  readonly crypto: SscCrypto | null;
  /** Superseded and lost cards by their key (card/ssc/card-id.ts); null where nobody keeps them. */
  readonly deadCards: DeadCards | null;
  /** Trouble of PSAM or HSM that a person need not hear of: the card is read without it. */
  readonly onTrouble?: (fault: Fault) => void;
}

export interface DeadCards extends Blacklist {
  health(): Health;
}

/** What a card says of its PIN without losing a try. */
export type PinTries =
  | { readonly kind: 'left'; readonly left: number }
  | { readonly kind: 'locked' }
  /** The card has no PIN: nothing needs to be asked. */
  | { readonly kind: 'unset' }
  /** It does not tell; then no try is made. */
  | { readonly kind: 'untold' };

export type PinVerdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly left: number }
  | { readonly kind: 'locked' }
  | { readonly kind: 'unset' }
  /** Nothing was sent, for the card does not tell how many tries are left; or its answer to the try
   * tells nothing. */
  | { readonly kind: 'untold' }
  /** Nothing was sent: one try is left, and the holder has not agreed to use it. */
  | { readonly kind: 'last-try' }
  /** Nothing was sent: a PIN has 4 to 16 digits. */
  | { readonly kind: 'malformed' };

export interface PinEntry {
  /** Digits as typed, ASCII; whoever made the entry wipes them as soon as the verdict is here. */
  readonly pin: Buffer;
  /** The holder agreed that the last try be used. */
  readonly lastTryAgreed: boolean;
}
