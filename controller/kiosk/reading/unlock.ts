/**
 * Authentication between kiosk and card: is it genuine, and may we read the holder's file. A wrong
 * external authentication may cost the card one of few tries, so a card gets one a presentation.
 */

import type { SscConfig } from '../../../config/ssc.ts';
import type { Card, Reply } from '../../../firmware-bridge/ports.ts';
import { SW_OK } from '../../card/apdu.ts';
import * as auth from '../../card/ssc/authenticate.ts';
import { cardFactor, cityFactor, provinceFactor } from '../../card/ssc/factors.ts';
import type { AuthRequest, SscAlgorithm, SscKey } from '../../sam/ssc-keys.ts';
import type { SscReport } from '../report.ts';
import type { CardTalk } from './card-talk.ts';
import type { ReadingDeps } from './reading.ts';

export interface Identity {
  readonly algorithm: SscAlgorithm;
  /** 16 bytes. */
  readonly cardId: Buffer;
  /** GB/T 2260, 6 digits. */
  readonly region: string;
  /** 13 bytes. */
  readonly historical: Buffer;
}

export interface Unlocking {
  /** By internal authentication. */
  genuine(): Promise<SscReport['genuine']>;
  /** `unable`: nothing was sent, for want of keys or because this card had its attempt. */
  unlock(): Promise<'open' | 'refused' | 'unable'>;
}

/** Cards that had their attempt. A `Card` is one presentation: laid down anew it is another. */
const attempted = new WeakSet<Card>();

/** @param identity null when the card does not tell enough to derive its keys */
export function createUnlocking(
  talk: CardTalk,
  deps: Pick<ReadingDeps, 'ssc' | 'crypto' | 'onTrouble'>,
  identity: Identity | null,
): Unlocking {
  const { ssc, crypto, onTrouble } = deps;
  const keyVersion = ssc.auth_key_version ? Number.parseInt(ssc.auth_key_version, 16) : null;

  async function challenges(): Promise<{ raw: Buffer; factor: Buffer } | null> {
    const raw = auth.parseChallenge((await talk.data(auth.getChallenge())) ?? Buffer.alloc(0));
    // The card remembers the latest one: that is the factor.
    const factor = auth.parseChallenge((await talk.data(auth.getChallenge())) ?? Buffer.alloc(0));
    return raw && factor ? { raw, factor } : null;
  }

  async function compute(
    key: SscKey,
    { raw, factor }: { raw: Buffer; factor: Buffer },
  ): Promise<Buffer | null> {
    if (!crypto || !identity) return null;
    const request = requestOf(identity, ssc, { key, raw, processFactor: factor });
    const answer: Reply<Buffer> = await crypto.authenticate(request);
    if (answer.ok) return answer.value;
    onTrouble?.(answer.fault);
    return null;
  }

  return {
    async genuine() {
      if (!crypto || !identity || !ssc.check_genuine) return 'unchecked';
      const asked = await challenges();
      if (!asked) return 'unchecked';
      const answer = await talk.data(auth.internalAuthenticate({ ...asked, keyVersion }));
      const proof = auth.parseProof(answer ?? Buffer.alloc(0));
      const expected = proof && (await compute('irk', asked));
      if (!proof || !expected) return 'unchecked';
      return proof.equals(expected) ? 'genuine' : 'counterfeit';
    },
    async unlock() {
      if (!crypto || !identity || ssc.ef06_auth === 'never' || attempted.has(talk.card)) {
        return 'unable';
      }
      const asked = await challenges();
      const authentication = asked && (await compute('rk_ssse', asked));
      if (!asked || !authentication) return 'unable';
      attempted.add(talk.card);
      const { raw } = asked;
      const proof = { keyId: auth.RK_SSSE, authentication, raw, keyVersion };
      const answer = await talk.send(auth.externalAuthenticate(proof));
      return answer?.sw === SW_OK ? 'open' : 'refused';
    },
  };
}

function requestOf(
  { algorithm, cardId, region, historical }: Identity,
  ssc: SscConfig,
  challenge: Pick<AuthRequest, 'key' | 'raw' | 'processFactor'>,
): AuthRequest {
  return {
    ...challenge,
    algorithm,
    cardId,
    historical,
    factors: {
      card: cardFactor(historical),
      city: cityFactor(region, ssc.short_city_provinces),
      province: provinceFactor(region),
    },
  };
}
