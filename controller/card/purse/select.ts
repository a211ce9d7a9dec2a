/** SELECT of the transit purse and its FCI (docs/protocol.md §1.1). */

import type { Command } from '../apdu.ts';
import { findTag, parseTlv } from '../tlv.ts';
import { PUBLIC_INFO_LENGTH } from './public-info.ts';

export function selectByName(aid: Buffer): Command {
  return { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00, data: aid, le: 256 };
}

/**
 * The 30 bytes of tag 9F0C, which repeat EF15 on T-Union cards, so that one READ BINARY is saved.
 * Null when the FCI lacks them or cannot be read; then EF15 is read as a file.
 */
export function publicInfoInFci(fci: Buffer): Buffer | null {
  const parsed = parseTlv(fci);
  if (!parsed.ok) return null;
  const value = findTag(parsed.nodes, '9F0C')?.value;
  return value?.length === PUBLIC_INFO_LENGTH ? value : null;
}
