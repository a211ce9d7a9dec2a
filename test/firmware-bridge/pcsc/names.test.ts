/** Names of slots: patterns, and what is said when they name none or several. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { matches, whyNotOne } from '../../../firmware-bridge/pcsc/names.ts';
import { feature } from '../../kit/feature.ts';

const names = feature('pcsc names');

const ACR = 'ACS ACR1281 1S Dual Reader 00 00';
const TABLE: readonly (readonly [pattern: string, name: string, fits: boolean])[] = [
  ['*', ACR, true],
  ['*', '', true],
  [ACR, ACR, true],
  ['ACS*', ACR, true],
  ['acs*', ACR, false],
  ['*Dual*00 00', ACR, true],
  ['*Dual*00 01', ACR, false],
  ['ACR1281', ACR, false],
  ['*00 0?', ACR, true],
  ['*00 ?', ACR, false],
  ['SCM [CCID] (1.0) 00 00', 'SCM [CCID] (1.0) 00 00', true],
  ['SCM (1.0)', 'SCM (1x0)', false],
  ['**', 'any', true],
  ['?', '讀', true],
];

names.test('a pattern fits whole names; * is any text, ? one character', () => {
  for (const [pattern, name, fits] of TABLE) {
    assert.is(matches(pattern, name), fits, `${pattern} / ${name}`);
  }
});

names.test('every name without wildcards fits itself alone', () => {
  const plain = fc.string().filter((text) => !/[*?]/.test(text));
  fc.assert(fc.property(plain, (name) => matches(name, name)));
  fc.assert(fc.property(plain, plain, (one, other) => matches(one, other) === (one === other)));
});

names.test('any pattern of wildcards and text ends quickly and never throws', () => {
  const part = fc.constantFrom('*', '?', 'a', '\\', '[', '(', '$', '{2}', ' ');
  const pattern = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      pattern,
      fc.string({ maxLength: 40 }),
      (a, b) => typeof matches(a, b) === 'boolean',
    ),
  );
});

names.test('what is said lists the names', () => {
  assert.is(whyNotOne('*', []), "'*' matches nothing: pcscd sees no reader at all");
  assert.is(whyNotOne('X*', ['A', 'B']), "'X*' matches none of 'A', 'B'");
  assert.is(whyNotOne('*', ['A', 'B']), "'*' matches 'A', 'B'; make it match one");
});

names.run();
