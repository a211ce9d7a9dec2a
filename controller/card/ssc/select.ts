/** SELECT of the Social Security Card's environment SSSE, its files, and the FCI (protocol §10.1). */

import type { Command } from '../apdu.ts';
import { findTag, parseTlv } from '../tlv.ts';

/** `sx1.sh.` and 社会保障 in GBK. */
export const SSSE = Buffer.from('7378312E73682EC9E7BBE1B1A3D5CF', 'hex');

export const DF = {
  /** 公共应用 */
  publicData: Buffer.from('DF01', 'hex'),
  /** 社会保险: 医疗保险 */
  medicalInsurance: Buffer.from('DF04', 'hex'),
} as const;

export type SscAlgorithm = 'des' | 'ssf33' | 'sm4';

export interface Environment {
  /** 30 (1E) on every card seen; null where the FCI does not tell. */
  readonly directorySfi: number | null;
  /** Tag 9F0C/86; null on cards before generation 3, which lack it. */
  readonly algorithm: SscAlgorithm | null;
}

/** Without Le, as both traces have it; cards answer the FCI all the same. */
export function selectEnvironment(): Command {
  return { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00, data: SSSE };
}

const ALGORITHMS: readonly (SscAlgorithm | undefined)[] = [undefined, 'des', 'ssf33', 'sm4'];

/** Null when this is no FCI of an SSSE: then the card is no Social Security Card. */
export function parseEnvironment(fci: Buffer): Environment | null {
  const parsed = parseTlv(fci);
  if (!parsed.ok || !findTag(parsed.nodes, '84')?.value.equals(SSSE)) return null;
  const sfi = findTag(parsed.nodes, '88')?.value;
  // The issuer's data are a TLV list inside a primitive tag.
  const issuer = parseTlv(findTag(parsed.nodes, '9F0C')?.value ?? Buffer.alloc(0));
  const algorithm = issuer.ok ? findTag(issuer.nodes, '86')?.value : undefined;
  return {
    directorySfi: sfi?.length === 1 ? sfi.readUInt8(0) : null,
    algorithm: algorithm?.length === 1 ? (ALGORITHMS[algorithm.readUInt8(0)] ?? null) : null,
  };
}

/** How P1 may name a file; the first is the standard's, the others what some cards want. */
export const P1_FALLBACKS = { elementary: [0x02, 0x00], dedicated: [0x00, 0x01] } as const;

/** @param p1 one of the fallbacks for its kind */
export function selectFile(fid: Buffer, p1: number): Command {
  return { cla: 0x00, ins: 0xa4, p1, p2: 0x00, data: fid };
}

/** Answers after which the next P1 is worth trying. */
export function wantsOtherP1(sw: number): boolean {
  return sw === 0x6a86 || sw === 0x6b00;
}
