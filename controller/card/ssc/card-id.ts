/** 卡的识别码: 16 bytes that name a card, and the key under which a list holds it. */

import { createHash } from 'node:crypto';
import { hexOf } from '../bytes.ts';

export const CARD_ID_LENGTH = 16;
/** The fixed part, bytes 3 to 7. */
const APPLICATION = Buffer.from('D156000005', 'hex');
/** GB/T 2260: north, north-east, east, south, south-west, north-west, Taiwan, Hong Kong, Macao. */
const PROVINCES = /^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)/;

export interface CardId {
  /** 16 bytes. */
  readonly bytes: Buffer;
  /** GB/T 2260, 6 digits as they stand; may be nonsense when the structure is not right. */
  readonly region: string;
  /** Bytes 8 to 11. */
  readonly serial: string;
  /** Fixed part and province are as the standard has them. */
  readonly structured: boolean;
}

/** Null when it has not 16 bytes. The authentication code at its end is the issuer's to check. */
export function parseCardId(bytes: Buffer): CardId | null {
  if (bytes.length !== CARD_ID_LENGTH) return null;
  const region = hexOf(bytes.subarray(0, 3));
  return {
    bytes,
    region,
    serial: hexOf(bytes.subarray(8, 12)),
    structured: bytes.subarray(3, 8).equals(APPLICATION) && PROVINCES.test(region),
  };
}

/**
 * The 10 bytes under which a list of dead cards holds this one: the beginning of SM3 over the card
 * id, so that a list names no card of a person.
 */
export function listKey(cardId: Buffer): Buffer {
  return createHash('sm3').update(cardId).digest().subarray(0, 10);
}
