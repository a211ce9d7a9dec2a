/**
 * The header of a list file (README.md): the JSON of `ListHeader`, keys in its order, no blanks.
 * One header has one spelling; every other is refused.
 */

import type { Stride } from '../table.ts';

export const LIST_NAMES = ['blacklist', 'issuers', 'cities'] as const;
export type ListName = (typeof LIST_NAMES)[number];

export interface ListHeader {
  readonly list: ListName;
  readonly kind: 'full' | 'delta';
  /** At least 1. */
  readonly version: number;
  /** 0 in a full list, else the earlier version that the delta continues. */
  readonly base: number;
  /** YYYY-MM-DDTHH:MM:SSZ */
  readonly issued: string;
  /** Entries in this file. */
  readonly count: number;
  /** Entries of the list after applying it. */
  readonly total: number;
  /** 0: no filter. */
  readonly filter_bytes: number;
}

/** What is wrong with a list file, in one line. */
export class ListFileError extends Error {}

const MAGIC = Buffer.from('TAPLIST1');
/** Magic and the length of the header. */
export const PREAMBLE_BYTES = MAGIC.length + 4;
const HEADER_MAX = 4_096;
/** So that every position in a file is exact. */
const NUMBER_MAX = 2 ** 32 - 1;

const STRIDES: Readonly<Record<ListName, Stride>> = { blacklist: 11, issuers: 5, cities: 3 };

/** Bytes of one entry: key and one value byte. */
export function strideOf(list: ListName): Stride {
  return STRIDES[list];
}

/** Magic, length and JSON. Throws ListFileError on values that no list has. */
export function encodeHeader(header: ListHeader): Buffer {
  const json = spell(header);
  checkHeader(header);
  const preamble = Buffer.concat([MAGIC, Buffer.alloc(4)]);
  preamble.writeUInt32BE(json.length, MAGIC.length);
  return Buffer.concat([preamble, json]);
}

/** Length of the JSON that follows. @param preamble 12 bytes. Throws ListFileError. */
export function headerLength(preamble: Buffer): number {
  if (!preamble.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ListFileError('this is no list file: it does not begin with TAPLIST1');
  }
  const length = preamble.readUInt32BE(MAGIC.length);
  if (length <= HEADER_MAX) return length;
  throw new ListFileError(`a header has at most ${HEADER_MAX} bytes, not ${length}`);
}

/** Throws ListFileError. */
export function parseHeader(json: Buffer): ListHeader {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    throw new ListFileError('the header is no JSON');
  }
  if (typeof value !== 'object' || value === null) {
    throw new ListFileError('the header is no JSON object');
  }
  const header = value as ListHeader;
  checkHeader(header);
  if (!spell(header).equals(json)) {
    throw new ListFileError(
      'the header is not spelled in the one legal way (README of list files)',
    );
  }
  return header;
}

function spell(header: ListHeader): Buffer {
  const { list, kind, version, base, issued, count, total, filter_bytes } = header;
  const ordered = { list, kind, version, base, issued, count, total, filter_bytes };
  return Buffer.from(JSON.stringify(ordered));
}

function checkHeader(header: ListHeader): void {
  const { list, kind, version, base, issued, count, total, filter_bytes } = header;
  const demand = (holds: boolean, rule: string) => {
    if (!holds) throw new ListFileError(`header: ${rule}`);
  };
  demand(LIST_NAMES.includes(list), `list is one of ${LIST_NAMES.join(', ')}`);
  demand(kind === 'full' || kind === 'delta', 'kind is full or delta');
  for (const [name, number] of Object.entries({ version, base, count, total, filter_bytes })) {
    const whole = Number.isInteger(number) && number >= 0 && number <= NUMBER_MAX;
    demand(whole, `${name} is a whole number up to ${NUMBER_MAX}`);
  }
  demand(version >= 1, 'version is at least 1');
  demand(isInstant(issued), 'issued is a time as 2026-11-24T06:00:00Z');
  if (kind === 'full') {
    demand(base === 0, 'base is 0 in a full list');
    demand(total === count, 'total is count in a full list');
  } else {
    demand(base >= 1 && base < version, 'base is a version before that of the delta');
  }
  const mayFilter = list === 'blacklist' && kind === 'full';
  demand(filter_bytes === 0 || mayFilter, 'only a full blacklist has a filter');
}

function isInstant(text: unknown): boolean {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return false;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text.replace('Z', '.000Z');
}
