/** PPSE and PSE, the choice of an application, and its FCI (docs/protocol.md §10.7). */

import type { Command } from '../apdu.ts';
import { findTag, parseTlv, type Tlv } from '../tlv.ts';

/** What a reader without contacts asks for, and what a contact reader asks for. */
export const DIRECTORY = {
  contactless: Buffer.from('2PAY.SYS.DDF01', 'latin1'),
  contact: Buffer.from('1PAY.SYS.DDF01', 'latin1'),
} as const;

/** PBOC: debit, credit, quasi-credit, electronic cash alone; tried in this order. */
export const AIDS: readonly Buffer[] = [
  'A000000333010101',
  'A000000333010102',
  'A000000333010103',
  'A000000333010106',
].map((hex) => Buffer.from(hex, 'hex'));

export interface Application {
  readonly aid: Buffer;
  /** 1 is first; 0: the card does not say. */
  readonly priority: number;
}

/** Applications of a directory that we know, the card's favourite first. */
export function parseDirectory(bytes: Buffer): Application[] {
  const parsed = parseTlv(bytes);
  if (!parsed.ok) return [];
  return entriesOf(parsed.nodes)
    .flatMap(({ children = [] }) => {
      const aid = findTag(children, '4F')?.value;
      const known = aid && AIDS.find((each) => each.equals(aid.subarray(0, each.length)));
      if (!known) return [];
      return [{ aid, priority: (findTag(children, '87')?.value[0] ?? 0) & 0x0f }];
    })
    .sort((a, b) => (a.priority || 16) - (b.priority || 16));
}

/** All templates 61, at whatever depth: BF0C of a PPSE, 70 of a directory record. */
function entriesOf(nodes: readonly Tlv[]): Tlv[] {
  return nodes.flatMap((node) => (node.tag === '61' ? [node] : entriesOf(node.children ?? [])));
}

/** Short file id of the directory of a PSE; null when its FCI names none. */
export function directorySfi(fci: Buffer): number | null {
  const parsed = parseTlv(fci);
  const sfi = parsed.ok ? findTag(parsed.nodes, '88')?.value[0] : undefined;
  return sfi !== undefined && sfi >= 1 && sfi <= 10 ? sfi : null;
}

export function readRecord(sfi: number, number: number): Command {
  return { cla: 0x00, ins: 0xb2, p1: number, p2: (sfi << 3) | 4, le: 256 };
}

export interface ApplicationInfo {
  /** 9F12 or 50, e.g. `PBOC DEBIT`; printable ASCII. */
  readonly label: string | null;
  /** 9F38 as it stands; null: the application wants nothing. */
  readonly pdol: Buffer | null;
}

export function parseApplication(fci: Buffer): ApplicationInfo {
  const parsed = parseTlv(fci);
  const nodes = parsed.ok ? parsed.nodes : [];
  const label = findTag(nodes, '50')?.value ?? findTag(nodes, '9F12')?.value;
  const text = label?.toString('latin1').trim() ?? '';
  return {
    label: /^[\x20-\x7e]{1,16}$/.test(text) ? text : null,
    pdol: findTag(nodes, '9F38')?.value ?? null,
  };
}
