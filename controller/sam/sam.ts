/**
 * What the gate asks of a purchase SAM, be it a PSAM card behind a slot or the software SAM.
 * One SAM carries one transaction at a time: a new `initPurchase` destroys the session before it.
 */

import type { Reply } from '../../firmware-bridge/ports.ts';

export interface SamIdentity {
  /** Terminal id, 6 bytes (PSAM MF EF16): goes into 8050, MAC1 and every record. */
  readonly terminal: Buffer;
  /** PSAM serial, 10 bytes (MF EF15). */
  readonly serial: Buffer;
  /** Key index of EF17, byte 0. */
  readonly keyIndex: number;
}

/** Input of 8070, straight from the card's 8050 answer and EF15. */
export interface PurchaseInput {
  readonly random: Buffer; // 4
  readonly counter: number; // n, 2 bytes
  readonly amount_fen: number; // 4 bytes
  readonly txnType: number; // 0x09 compound, 0x06 simple
  readonly at: Buffer; // BCD date 4 ‖ time 3
  readonly keyVersion: number;
  readonly algorithm: number; // opaque to the gate
  readonly cardFactor: Buffer; // EF15[12..19]
  readonly issuerFactor: Buffer; // EF15[0..7]
}

export interface Authorisation {
  readonly termSeq: Buffer; // 4
  readonly mac1: Buffer; // 4
}

export type Mac2Verdict = 'verified' | 'wrong' | 'no-session';

export interface PurchaseSam {
  /** Ready after `start`; reading it before is a programming error. */
  readonly identity: SamIdentity;
  /** Powers up, selects the application, reads the identity. Also heals a mute SAM. */
  start(): Promise<Reply<SamIdentity>>;
  /** Is it still there? Harms no session; absent where nobody can tell without harming one. */
  probe?(): Promise<Reply<unknown>>;
  initPurchase(input: PurchaseInput): Promise<Reply<Authorisation>>;
  creditPurchase(mac2: Buffer): Promise<Reply<Mac2Verdict>>;
  /**
   * MAC4 for `841E 00 00 04` (application block, temporary), or null when the SAM has no such key.
   * @param random the card's 4-byte challenge
   */
  blockMac(random: Buffer, cardFactor: Buffer, issuerFactor: Buffer): Promise<Reply<Buffer | null>>;
  close(): Promise<void>;
}
