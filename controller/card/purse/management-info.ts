/** EF17, management information of a T-Union purse (docs/protocol.md §1.3). */

import type { Command } from '../apdu.ts';
import { hexOf } from '../bytes.ts';

export interface ManagementInfo {
  /** 0001: the card may be used in other cities. */
  readonly interoperable: boolean;
  /** Byte 10, of local meaning. */
  readonly cardKind: string;
}

export function readManagementInfo(): Command {
  return { cla: 0x00, ins: 0xb0, p1: 0x97, p2: 0x00, le: 60 };
}

export function parseManagementInfo(bytes: Buffer): ManagementInfo | null {
  if (bytes.length < 11) return null;
  return {
    interoperable: bytes.readUInt16BE(8) === 1,
    cardKind: hexOf(bytes.subarray(10, 11)),
  };
}
