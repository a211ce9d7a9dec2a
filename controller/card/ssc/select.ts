/** SELECT of the environment SSSE and of its files, and the FCI (docs/protocol.md §10.1). */

import type { Command } from '../apdu.ts';
import { findTag, parseTlv } from '../tlv.ts';

/** `sx1.sh.` and 社会保障 in GBK. */
const SSSE = Buffer.from('7378312E73682EC9E7BBE1B1A3D5CF', 'hex');

export interface Directory {
  readonly fid: Buffer;
  readonly aid: Buffer;
}

export const DF = {
  /** 公共应用 */
  publicData: directory('DF01', 'D15600000500'),
  /** 社会保险: 医疗保险 */
  medicalInsurance: directory('DF04', 'D15600000503'),
} as const;

function directory(fid: string, aid: string): Directory {
  return { fid: Buffer.from(fid, 'hex'), aid: Buffer.from(aid, 'hex') };
}

export type SscAlgorithm = 'des' | 'ssf33' | 'sm4';

export interface Environment {
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
  // The issuer's data are a TLV list inside a primitive tag.
  const issuer = parseTlv(findTag(parsed.nodes, '9F0C')?.value ?? Buffer.alloc(0));
  const algorithm = issuer.ok ? findTag(issuer.nodes, '86')?.value : undefined;
  return {
    algorithm: algorithm?.length === 1 ? (ALGORITHMS[algorithm.readUInt8(0)] ?? null) : null,
  };
}

/**
 * The ways to name a file, the standard's first: P1 02 or 00 for a file under the current
 * directory, P1 00 or 01 for a directory, and at last its application name.
 */
export function selectElementary(fid: Buffer): Command[] {
  return [0x02, 0x00].map((p1) => select(p1, fid));
}

export function selectDirectory({ fid, aid }: Directory): Command[] {
  return [select(0x00, fid), select(0x01, fid), select(0x04, aid)];
}

function select(p1: number, data: Buffer): Command {
  return { cla: 0x00, ins: 0xa4, p1, p2: 0x00, data };
}

/** Answers after which the next way is worth trying. */
export function wantsOtherWay(sw: number): boolean {
  return sw === 0x6a86 || sw === 0x6b00;
}
