/** Does a value have the shape that records.ts promises? Asked before writing and after reading. */

import type { Fields } from './frame.ts';
import type { LedgerRecord } from './records.ts';

/** What is wrong with a field, or null. */
type Check = (value: unknown) => string | null;

const hex = (bytes: number): Check => {
  const pattern = new RegExp(`^[0-9A-F]{${bytes * 2}}$`);
  return (value) => (matches(value, pattern) ? null : `${bytes} bytes of upper-case hex`);
};
const at: Check = (value) => (matches(value, /^\d{14}$/) ? null : 'YYYYMMDDHHMMSS');
const text: Check = (value) => (matches(value, /^.{0,200}$/s) ? null : 'at most 200 characters');
const flag: Check = (value) => (typeof value === 'boolean' ? null : 'true or false');
const whole =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? null
      : `a whole number from ${min} to ${max}`;
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(String(value)) ? null : `one of ${values.join(', ')}`;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? null : check(value);

const ref = whole(1, Number.MAX_SAFE_INTEGER);
const fen = whole(0, 0xffffffff);

type Shape<T> = { readonly [K in Exclude<keyof T, 'type'>]: Check };
type Shapes = { readonly [T in LedgerRecord as T['type']]: Shape<T> };

const SHAPES: Shapes = {
  intent: {
    card: hex(10),
    issuer: hex(8),
    card_kind: orNull(hex(1)),
    counter: whole(0, 0xffff),
    txn_type: oneOf('09'),
    kind: oneOf('03', '04', '06', '08'),
    amount_fen: fen,
    balance_before_fen: fen,
    at,
    terminal: hex(6),
    psam: hex(10),
    key_version: hex(1),
    algorithm: hex(1),
    trip: hex(48),
    entry: orNull(hex(48)),
    fare_rule: text,
    opens: flag,
    direction: (value) => (value === undefined ? null : oneOf('in', 'out')(value)),
  },
  authorised: { ref, term_seq: hex(4), mac1: hex(4) },
  debited: { ref, tac: hex(4), mac2: hex(4), by: oneOf('8054', '805A') },
  outcome: {
    ref,
    status: oneOf('done', 'recovered', 'mac2-unverified', 'mac2-wrong', 'not-debited', 'grey'),
    reason: text,
  },
  passage: { ref },
  retired: {
    segment: ref,
    first_seq: ref,
    last_seq: ref,
    hash: (value) => (matches(value, /^[0-9a-f]{32}$/) ? null : '16 bytes of lower-case hex'),
    term_seq: hex(4),
    at,
    damaged: (value) => (value === undefined || value === true ? null : 'true, or absent'),
  },
  'free-passage': {
    phase: oneOf('begins', 'ends'),
    reason: text,
    at,
    passed: whole(0, 0xffffffff),
  },
  sighting: { card: hex(10), reason: text, at, blocked: flag },
};

const CHECKS = Object.fromEntries(
  Object.entries(SHAPES).map(([type, shape]) => [type, Object.entries<Check>(shape)]),
);

/** `intent.at must be YYYYMMDDHHMMSS`, or null when the record is right. */
export function faultInRecord(record: Fields): string | null {
  const type = record.type;
  if (!isType(type)) return `unknown type ${JSON.stringify(type)?.slice(0, 40)}`;
  for (const [name, check] of CHECKS[type] ?? []) {
    const wrong = check(record[name]);
    if (wrong !== null) return `${type}.${name} must be ${wrong}`;
  }
  return null;
}

/** The record, or null when it is none: damaged by its writer, or of a later version. */
export function asRecord(fields: Fields): LedgerRecord | null {
  return faultInRecord(fields) === null ? (fields as unknown as LedgerRecord) : null;
}

function isType(type: unknown): type is keyof Shapes {
  return typeof type === 'string' && Object.hasOwn(SHAPES, type);
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}
