/**
 * Reads the ledger's files from the outside: its own reading of the format that
 * `controller/ledger/frame.ts` describes, sharing no code with it.
 *   length u32 LE ‖ checksum u32 ‖ {"seq":…,"prev":"…", …}
 */

import { hash } from 'node:crypto';

export interface Written {
  readonly seq: number;
  readonly prev: string;
  readonly frame: Buffer;
}

const HEADER_BYTES = 8;
const BEGINNING = /^\{"seq":(\d+),"prev":"([0-9a-f]{32})"/;
const BEGINNING_MAX = 80;
const MARK = '{"seq":';
const SEGMENT = /\/ledger-\d+\.log(\.new)?$/;

export function isSegment(path: string): boolean {
  return SEGMENT.test(path);
}

/** The frames in these bytes, from the first one on; zeros, or anything else, end them. */
export function framesIn(bytes: Buffer): Written[] {
  const found: Written[] = [];
  const first = Math.max(0, bytes.indexOf(MARK) - HEADER_BYTES);
  for (let at = first; at + HEADER_BYTES < bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    const begin = at + HEADER_BYTES;
    const head = BEGINNING.exec(bytes.toString('latin1', begin, begin + BEGINNING_MAX));
    if (!head || end > bytes.length) break;
    const [, seq, prev = ''] = head;
    found.push({ seq: Number(seq), prev, frame: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

/** Null when the payload is no JSON. */
export function fieldsOf({ frame }: Written): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(frame.toString('utf8', HEADER_BYTES)) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** What the next frame must name as its predecessor. */
export function hashOf(frame: Buffer): string {
  return hash('sm3', frame, 'hex').slice(0, 32);
}
