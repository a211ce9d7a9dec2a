/**
 * Who answers for the keys of a Social Security Card: a PSAM, an HSM on the network, or the one and
 * then the other. Keys stay where they are; what comes out are eight bytes for one challenge.
 */

import type { Reply } from '../../firmware-bridge/ports.ts';

export type SscAlgorithm = 'des' | 'ssf33' | 'sm4';
/** IRK proves that a card is genuine, RKSSSE opens name, number and photo. */
export type SscKey = 'irk' | 'rk_ssse';

export interface AuthRequest {
  readonly algorithm: SscAlgorithm;
  readonly key: SscKey;
  /** 卡的识别码, 16 bytes. */
  readonly cardId: Buffer;
  /** 13 bytes, T1 to TD. */
  readonly historical: Buffer;
  /** What the key is diversified by, 8 bytes each (card/ssc/factors.ts). */
  readonly factors: { readonly card: Buffer; readonly city: Buffer; readonly province: Buffer };
  /** 8 bytes: the challenge that the session key is made of. */
  readonly processFactor: Buffer;
  /** 8 bytes: what is enciphered. */
  readonly raw: Buffer;
}

export interface SscCrypto {
  /** For logs and the maintenance page, e.g. the name of the slot. */
  readonly name: string;
  /**
   * Authentication data, 8 bytes. Faults `sam-…` or `hsm-…`, effect `none`: asking changes nothing
   * on the card.
   */
  authenticate(request: AuthRequest): Promise<Reply<Buffer>>;
  /** Is it alive? Says what answered. */
  probe(): Promise<Reply<string>>;
  close(): Promise<void>;
}

/**
 * The first answers, and where it cannot the second: a PSAM that is absent or lacks a key, then the
 * HSM. The card is not asked in between.
 */
export function withFallback(first: SscCrypto, second: SscCrypto): SscCrypto {
  return {
    name: `${first.name}, then ${second.name}`,
    async authenticate(request) {
      const answer = await first.authenticate(request);
      return answer.ok ? answer : second.authenticate(request);
    },
    async probe() {
      const alive = await first.probe();
      return alive.ok ? alive : second.probe();
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
