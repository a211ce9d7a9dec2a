/** EF15, public application information of a T-Union purse (docs/protocol.md §1.2). */

import type { Command } from '../apdu.ts';
import { hexOf } from '../bytes.ts';

export const PUBLIC_INFO_LENGTH = 30;

export interface PublicInfo {
  /** 8 bytes; the first 4 are the key of the issuer white list, bytes 2–3 the city. */
  readonly issuer: Buffer;
  /** Must be 02: an electronic purse. */
  readonly applicationType: number;
  /** 01 enabled; FF is used for expired. */
  readonly version: number;
  /** Application serial, 10 bytes BCD: the card number. */
  readonly serial: Buffer;
  /** BCD `YYYYMMDD`, as digits. */
  readonly start: string;
  readonly expiry: string;
  /** Byte 28: card type, of local meaning (00 ordinary); an index into the concessions. */
  readonly cardType: string;
}

export function readPublicInfo(): Command {
  return { cla: 0x00, ins: 0xb0, p1: 0x95, p2: 0x00, le: PUBLIC_INFO_LENGTH };
}

/** Null when the length is not 30. Digits that are no date are left for the screening to refuse. */
export function parsePublicInfo(bytes: Buffer): PublicInfo | null {
  if (bytes.length !== PUBLIC_INFO_LENGTH) return null;
  return {
    issuer: bytes.subarray(0, 8),
    applicationType: bytes.readUInt8(8),
    version: bytes.readUInt8(9),
    serial: bytes.subarray(10, 20),
    start: hexOf(bytes.subarray(20, 24)),
    expiry: hexOf(bytes.subarray(24, 28)),
    cardType: hexOf(bytes.subarray(28, 29)),
  };
}

/** City of issue, 4 hex digits. */
export function cityOf(info: PublicInfo): string {
  return hexOf(info.issuer.subarray(2, 4));
}
