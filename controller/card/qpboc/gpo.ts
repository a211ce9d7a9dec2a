/**
 * GET PROCESSING OPTIONS for whoever only wants to know which bank's card this is, and what it may
 * answer (docs/protocol.md §10.7, §10.8). Every value says: no purchase.
 */

import type { Command } from '../apdu.ts';
import { findTag, parseTlv } from '../tlv.ts';

/**
 * Terminal data by tag. The amount is zero, and the terminal wants the issuer's word (TTQ byte 2,
 * bit 8), so that a card has no reason to approve offline. What is not here is all zeros: no
 * electronic cash (9F7A), no extended transaction (DF60), no random of ours.
 */
const TERMINAL: Readonly<Record<'contact' | 'contactless', Readonly<Record<string, string>>>> = {
  contact: { '9F66': '10000000', '9F1A': '0156', '5F2A': '0156' },
  contactless: { '9F66': '20800000', '9F1A': '0156', '5F2A': '0156' },
};

export interface Terminal {
  readonly face: 'contact' | 'contactless';
  /** 9A, BCD `YYMMDD`. */
  readonly date: string;
}

/** Null when the card's list of wishes makes no sense or is longer than a command. */
export function getProcessingOptions(pdol: Buffer | null, terminal: Terminal): Command | null {
  const values = pdolValues(pdol ?? Buffer.alloc(0), terminal);
  if (!values || values.length > 252) return null;
  const head = values.length < 0x80 ? [0x83, values.length] : [0x83, 0x81, values.length];
  const data = Buffer.concat([Buffer.from(head), values]);
  return { cla: 0x80, ins: 0xa8, p1: 0x00, p2: 0x00, data, le: 256 };
}

/** A list of tag and length without values (EMV Book 3, 5.4). */
function pdolValues(pdol: Buffer, { face, date }: Terminal): Buffer | null {
  const known: Readonly<Record<string, string>> = { ...TERMINAL[face], '9A': date };
  const parts: Buffer[] = [];
  for (let at = 0; at < pdol.length; ) {
    const first = pdol.readUInt8(at);
    const size = (first & 0x1f) === 0x1f ? 2 : 1;
    const length = pdol[at + size];
    if (length === undefined) return null;
    const tag = pdol.toString('hex', at, at + size).toUpperCase();
    parts.push(fitted(Buffer.from(known[tag] ?? '', 'hex'), length));
    at += size + 1;
  }
  return Buffer.concat(parts);
}

/** All our values are numeric or flags of full length: short ones are filled in front. */
function fitted(value: Buffer, length: number): Buffer {
  const whole = Buffer.alloc(length);
  value
    .subarray(Math.max(0, value.length - length))
    .copy(whole, Math.max(0, length - value.length));
  return whole;
}

export interface Options {
  /** 9F26 or 9F10 is there: the card has decided; not one record may be read after that. */
  readonly decided: boolean;
  /** Tag 57, when the answer itself holds it. */
  readonly track2: Buffer | null;
  /** Records that the card names, in its order. */
  readonly records: readonly { readonly sfi: number; readonly number: number }[];
}

const RECORDS_MAX = 32;

/** Template 80 (AIP and AFL) or 77; null when it is neither. */
export function parseOptions(data: Buffer): Options | null {
  const parsed = parseTlv(data);
  const root = parsed.ok ? parsed.nodes[0] : undefined;
  if (root?.tag === '80') {
    return { decided: false, track2: null, records: recordsOf(root.value.subarray(2)) };
  }
  if (root?.tag !== '77' || !root.children) return null;
  const tag = (name: string) => findTag(root.children ?? [], name)?.value;
  return {
    decided: [tag('9F26'), tag('9F10'), tag('9F27')].some((value) => value !== undefined),
    track2: tag('57') ?? null,
    records: recordsOf(tag('94') ?? Buffer.alloc(0)),
  };
}

/** The file locator: 4 bytes a file; nonsense ends it. */
function recordsOf(afl: Buffer): Options['records'] {
  const records: { sfi: number; number: number }[] = [];
  for (let at = 0; at + 4 <= afl.length; at += 4) {
    const sfi = afl.readUInt8(at) >> 3;
    const first = afl.readUInt8(at + 1);
    const last = afl.readUInt8(at + 2);
    if (sfi < 1 || sfi > 30 || first < 1 || last < first) break;
    for (let number = first; number <= last; number++) {
      if (records.length === RECORDS_MAX) return records;
      records.push({ sfi, number });
    }
  }
  return records;
}
