/** The text from which the office builds a list: one entry a line, `#` comments, blank lines. */

import type { Disk } from '../../../firmware-bridge/ports.ts';
import { listKey } from '../../card/ssc/card-id.ts';
import { REASONS } from '../blacklist.ts';
import { ListFileError, type ListName, strideOf } from './header.ts';

const CHUNK_BYTES = 64 * 1024;
const LINE_MAX = 1_000;
const FIRST_ENTRIES = 4_096;

const FORMS: Readonly<Record<ListName, { pattern: RegExp; expected: string }>> = {
  blacklist: {
    pattern: /^([0-9A-Fa-f]{20}|[0-9A-Fa-f]{32})[\s,;]+([a-z-]+)$/,
    expected:
      'application serial (20 hex digits) or card id (32 hex digits), a comma, ' +
      `one of ${REASONS.join(', ')}`,
  },
  issuers: { pattern: /^([0-9A-Fa-f]{8})$/, expected: 'the first 8 hex digits of an issuer id' },
  cities: { pattern: /^([0-9A-Fa-f]{4})$/, expected: 'a city code of 4 hex digits' },
};
const VALUES = new Map<string | undefined, number>(REASONS.map((reason, at) => [reason, at + 1]));

export type Lines = Iterable<string> | AsyncIterable<string>;

/** Entries in the order of their lines. Throws ListFileError naming the line. */
export async function parseLines(list: ListName, lines: Lines): Promise<Buffer> {
  const stride = strideOf(list);
  const { pattern, expected } = FORMS[list];
  let entries = Buffer.alloc(FIRST_ENTRIES * stride);
  let used = 0;
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const text = withoutComment(line).trim();
    if (text === '') continue;
    const [, key = '', reason] = pattern.exec(text) ?? [];
    const value = list === 'blacklist' ? VALUES.get(reason) : 1;
    if (key === '' || value === undefined) {
      throw new ListFileError(`line ${number}: expected ${expected}`);
    }
    if (used === entries.length) entries = Buffer.concat([entries, Buffer.alloc(used)]);
    used += entries.write(list === 'blacklist' ? cardKey(key) : key, used, 'hex');
    used = entries.writeUInt8(value, used);
  }
  return entries.subarray(0, used);
}

/**
 * The 10 bytes, as hex, under which a list holds a card: its serial, or for a Social Security Card
 * the hash of its id, so that the list names no card of a person.
 * @param name 20 or 32 hex digits
 */
export function cardKey(name: string): string {
  return name.length === 20 ? name : listKey(Buffer.from(name, 'hex')).toString('hex');
}

function withoutComment(line: string): string {
  const hash = line.indexOf('#');
  return hash < 0 ? line : line.slice(0, hash);
}

/** The lines of a text file, UTF-8 with or without byte order mark. */
export async function* readLines(disk: Disk, path: string): AsyncGenerator<string> {
  const file = await disk.open(path, 'read');
  try {
    const decoder = new TextDecoder();
    let rest = '';
    let number = 0;
    for (let offset = 0; ; ) {
      const chunk = await file.read(offset, CHUNK_BYTES);
      offset += chunk.length;
      const lines = (rest + decoder.decode(chunk, { stream: chunk.length > 0 })).split('\n');
      rest = lines.pop() ?? '';
      number += lines.length;
      yield* lines;
      if (rest.length > LINE_MAX) throw tooLong(number + 1);
      if (chunk.length === 0) break;
    }
    yield rest;
  } finally {
    await file.close();
  }
}

function tooLong(line: number): ListFileError {
  return new ListFileError(
    `line ${line}: longer than ${LINE_MAX} characters; is this a text file?`,
  );
}
