/** GET CHALLENGE, INTERNAL and EXTERNAL AUTHENTICATE (docs/protocol.md §10.4). */

import type { Command } from '../apdu.ts';

const CHALLENGE_LENGTH = 8;
/** Key id of RKSSSE on the card: reading rights on EF06, EF07 and EF08. */
export const RK_SSSE = 0x0a;

export function getChallenge(): Command {
  return { cla: 0x00, ins: 0x84, p1: 0x00, p2: 0x00, le: CHALLENGE_LENGTH };
}

export function parseChallenge(data: Buffer): Buffer | null {
  return data.length === CHALLENGE_LENGTH ? data : null;
}

export interface InternalChallenge {
  /** 8 bytes: what the session key is made of. */
  readonly factor: Buffer;
  /** 8 bytes: what the card enciphers. */
  readonly raw: Buffer;
  /** Some card systems want the key's version at the end; null: none. */
  readonly keyVersion: number | null;
}

/** 0088, key IRK (id 00): the card proves that it knows it. Without Le, as the traces have it. */
export function internalAuthenticate({ factor, raw, keyVersion }: InternalChallenge): Command {
  const data = Buffer.concat([factor, raw, version(keyVersion)]);
  return { cla: 0x00, ins: 0x88, p1: 0x00, p2: 0x00, data };
}

/** 8 bytes of authentication data. */
export function parseProof(data: Buffer): Buffer | null {
  return data.length === 8 ? data : null;
}

export interface ExternalProof {
  /** Key id on the card. */
  readonly keyId: number;
  /** 8 bytes over the challenge that the card gave last. */
  readonly authentication: Buffer;
  readonly raw: Buffer;
  readonly keyVersion: number | null;
}

/** 0082. Never to be repeated: a wrong one may cost one of the card's few tries. */
export function externalAuthenticate(proof: ExternalProof): Command {
  const { keyId, authentication, raw, keyVersion } = proof;
  const data = Buffer.concat([authentication, raw, version(keyVersion)]);
  return { cla: 0x00, ins: 0x82, p1: 0x00, p2: keyId, data };
}

function version(keyVersion: number | null): Buffer {
  return keyVersion === null ? Buffer.alloc(0) : Buffer.from([keyVersion]);
}
