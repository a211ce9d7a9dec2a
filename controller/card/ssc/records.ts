/**
 * READ RECORD and what it gives: tag 1, length 1, value (docs/protocol.md §10.2). Most cards find a
 * record by its tag, some by its number alone, some hand out all of them at once.
 */

import type { Command } from '../apdu.ts';

/** One data item of a file: the length stands in the standard, longer ones are padded. */
export interface Item {
  readonly tag: number;
  readonly length: number;
}

/** Identifier in P1, current file: the form of the published traces. */
export function readByTag({ tag, length }: Item): Command {
  return { cla: 0x00, ins: 0xb2, p1: tag, p2: 0x00, le: length + 2 };
}

/** Record number in P1, current file. The length is the card's to say (6Cxx). */
export function readByNumber(number: number): Command {
  return { cla: 0x00, ins: 0xb2, p1: number, p2: 0x04, le: 256 };
}

/** All records from the first one on, concatenated; Le FF as one trace has it. */
export function readAll(): Command {
  return { cla: 0x00, ins: 0xb2, p1: 0x01, p2: 0x05, le: 0xff };
}

/** Answers after which another form of reading is worth trying. */
export function wantsOtherForm(sw: number): boolean {
  return [0x6a81, 0x6a83, 0x6a86, 0x6b00, 0x6700].includes(sw);
}

/**
 * Records by their tag. Reads as far as it makes sense: what is cut off at the end is left out, and
 * of two equal tags the first counts.
 */
export function parseRecords(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const records = new Map<number, Buffer>();
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes.readUInt8(at);
    // 00 and FF are no tags of the standard but padding behind the last record.
    if (tag === 0x00 || tag === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + bytes.readUInt8(at + 1);
    if (end > bytes.length) break;
    if (!records.has(tag)) records.set(tag, bytes.subarray(at + 2, end));
    at = end;
  }
  return records;
}

/** The value of the one record that was asked for; null when the answer holds another. */
export function parseRecord(bytes: Buffer, tag: number): Buffer | null {
  return parseRecords(bytes).get(tag) ?? null;
}
