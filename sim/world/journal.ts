/**
 * Reads the ledger's files from the outside: its own reading of the format that
 * `controller/ledger/frame.ts` describes, sharing no code with it.
 *   length u32 LE ‖ checksum u32 ‖ {"seq":…,"prev":"…", …}
 */

import { hash } from 'node:crypto';

export interface Written {
  readonly seq: number;
  readonly prev: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly frame: Buffer;
}

const HEADER_BYTES = 8;
const SEGMENT = /\/ledger-\d+\.log(\.new)?$/;

export function isSegment(path: string): boolean {
  return SEGMENT.test(path);
}

/** The frames that these bytes begin with; zeros, or anything else, end them. */
export function framesIn(bytes: Buffer): Written[] {
  const found: Written[] = [];
  for (let at = 0; at + HEADER_BYTES < bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    const frame = bytes.subarray(at, end);
    const record = end > bytes.length ? null : parse(frame.subarray(HEADER_BYTES));
    if (!record) break;
    found.push({ ...record, frame });
    at = end;
  }
  return found;
}

function parse(payload: Buffer): Omit<Written, 'frame'> | null {
  try {
    const fields = JSON.parse(payload.toString()) as Record<string, unknown>;
    const { seq, prev, type } = fields;
    return { seq: Number(seq), prev: String(prev), type: String(type), fields };
  } catch {
    return null;
  }
}

/** What the next frame must name as its predecessor. */
export function hashOf(frame: Buffer): string {
  return hash('sm3', frame, 'hex').slice(0, 32);
}
