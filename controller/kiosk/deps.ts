/** What a kiosk is made of; everything arrives through ports. */

import type { KioskConfig } from '../../config/kiosk.ts';
import type { CardReader, Clock, Printer, Voice } from '../../firmware-bridge/ports.ts';
import type { Replug } from '../../firmware-bridge/supervise/devices.ts';
import type { Blacklist } from '../blacklist/blacklist.ts';
import type { Network } from '../gate/network.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../ops/log.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import type { SscCrypto } from '../sam/ssc-keys.ts';
import type { CardDesk } from './card-work.ts';
import type { Face } from './report.ts';
import type { Prompt } from './words.ts';

export interface KioskDeps {
  readonly config: KioskConfig;
  readonly clock: Clock;
  readonly readers: Readonly<Partial<Record<Face, CardReader>>>;
  /** How a card is read; see `read-card.ts`. */
  readonly cards: CardDesk;
  /** Who answers for the keys of a Social Security Card; null: nobody. */
  readonly crypto: SscCrypto | null;
  readonly printer: Printer | null;
  /** Together the till; null: nothing is sold here. */
  readonly sale: {
    readonly sam: PurchaseSam;
    readonly ledger: Ledger;
    readonly blacklist: Blacklist;
    readonly network: Network;
  } | null;
  readonly voice: Voice | null;
  readonly prepared: (locale: string, prompt: Prompt) => Promise<Buffer | null>;
  readonly log: Log;
  readonly replug?: { readonly reader?: Replug; readonly sam?: Replug };
}
