/** One header, one spelling. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  encodeHeader,
  headerLength,
  ListFileError,
  type ListHeader,
  parseHeader,
} from '../../../../controller/blacklist/list-file/header.ts';
import { feature } from '../../../kit/feature.ts';
import { ISSUED } from './office.ts';

const headers = feature('header of a list');

const FULL: ListHeader = {
  ...{ list: 'blacklist', kind: 'full', version: 42, base: 0, issued: ISSUED },
  ...{ count: 3, total: 3, filter_bytes: 24 },
} as const;
const DELTA: ListHeader = {
  ...FULL,
  ...{ kind: 'delta', base: 41, total: 9, filter_bytes: 0 },
} as const;

headers.test('GIVEN a header THEN it is written as documented', () => {
  const text =
    '{"list":"blacklist","kind":"full","version":42,"base":0,"issued":"2026-11-24T06:00:00Z",' +
    '"count":3,"total":3,"filter_bytes":24}';
  const bytes = encodeHeader(FULL);
  assert.is(bytes.subarray(0, 8).toString(), 'TAPLIST1');
  assert.is(headerLength(bytes.subarray(0, 12)), text.length);
  assert.is(bytes.subarray(12).toString(), text);
  assert.equal(parseHeader(Buffer.from(text)), FULL);
});

const WRONG: readonly [object, string][] = [
  [{ list: 'whitelist' }, 'list is one of blacklist, issuers, cities'],
  [{ kind: 'half' }, 'kind is full or delta'],
  [{ version: 0 }, 'version is at least 1'],
  [{ version: 1.5 }, 'version is a whole number'],
  [{ version: 2 ** 32 }, 'version is a whole number'],
  [{ version: '42' }, 'version is a whole number'],
  [{ count: -1 }, 'count is a whole number'],
  [{ count: null }, 'count is a whole number'],
  [{ base: 1 }, 'base is 0 in a full list'],
  [{ total: 4 }, 'total is count in a full list'],
  [{ ...DELTA, base: 0 }, 'base is a version before'],
  [{ ...DELTA, base: 42 }, 'base is a version before'],
  [{ ...DELTA, filter_bytes: 24 }, 'only a full blacklist has a filter'],
  [{ list: 'cities' }, 'only a full blacklist has a filter'],
  [{ issued: '2026-11-24T06:00:00.000Z' }, 'issued is a time as'],
  [{ issued: '2026-02-30T06:00:00Z' }, 'issued is a time as'],
  [{ issued: '2026-11-24T25:00:00Z' }, 'issued is a time as'],
  [{ issued: 20261124 }, 'issued is a time as'],
];
for (const [change, message] of WRONG) {
  headers.test(`GIVEN ${JSON.stringify(change)} THEN neither written nor read: ${message}`, () => {
    const wrong = { ...FULL, ...change };
    assert.throws(() => encodeHeader(wrong), message);
    assert.throws(() => parseHeader(Buffer.from(JSON.stringify(wrong))), message);
  });
}

const text = JSON.stringify(DELTA);
const SPELLINGS: Readonly<Record<string, string>> = {
  blanks: text.replaceAll(',', ', '),
  'a further key': text.replace('}', ',"note":1}'),
  'another order': JSON.stringify(Object.fromEntries(Object.entries(DELTA).toReversed())),
  'a key twice': text.replace('{', '{"version":7,'),
  'an escaped letter': text.replace('blacklist', 'bl\\u0061cklist'),
  'another number': text.replace('42', '4.2e1'),
  'a line end': `${text}\n`,
};
for (const [what, json] of Object.entries(SPELLINGS)) {
  headers.test(`GIVEN the header with ${what} THEN it is refused`, () => {
    assert.throws(() => parseHeader(Buffer.from(json)), 'one legal way');
  });
}

headers.test('any bytes or JSON: a ListFileError, or a header that writes the same bytes', () => {
  const number = fc.oneof(fc.nat(50), fc.constantFrom(-1, 0.5, 2 ** 32, 2 ** 53, '1', null));
  const near = fc
    .record({
      list: fc.constantFrom('blacklist', 'issuers', 'cities', 'other'),
      kind: fc.constantFrom('full', 'delta', ''),
      version: number,
      base: number,
      issued: fc.constantFrom(ISSUED, '2026', 1),
      count: number,
      total: number,
      filter_bytes: fc.oneof(fc.constant(0), number),
    })
    .map((value) => JSON.stringify(value));
  const strange = fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list).toString());
  fc.assert(
    fc.property(fc.oneof(near, fc.json(), strange), (json) => {
      const bytes = Buffer.from(json);
      try {
        assert.equal(encodeHeader(parseHeader(bytes)).subarray(12), bytes);
      } catch (error) {
        assert.instance(error, ListFileError);
      }
    }),
    { numRuns: 2_000 },
  );
});

headers.test('GIVEN another beginning or a huge length THEN it is refused', () => {
  assert.throws(() => headerLength(Buffer.from('TAPLIST2\0\0\0\x10')), 'this is no list file');
  assert.throws(() => headerLength(Buffer.from('TAPLIST1\0\0\x10\x01')), 'at most 4096 bytes');
});

headers.run();
