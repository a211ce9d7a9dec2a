import * as assert from 'uvu/assert';
import {
  describeStatus,
  hex4,
  isBlocked,
  refusesDebit,
} from '../../../controller/card/status-words.ts';
import { feature } from '../../kit/feature.ts';

const status = feature('status words');
const EVERY = Array.from({ length: 0x10000 }, (_, sw) => sw);

const MEANINGS: readonly (readonly [number, string])[] = [
  [0x9000, '9000 done'],
  [0x6108, '6108 8 bytes more to fetch'],
  [0x6100, '6100 256 bytes more to fetch'],
  [0x6c0e, '6C0E wrong Le, 14 is right'],
  [0x6c00, '6C00 wrong Le, 256 is right'],
  [0x63c2, '63C2 wrong, 2 tries left'],
  [0x6300, '6300 unknown status'],
  [0x6581, '6581 memory failure'],
  [0x6f00, '6F00 no precise diagnosis'],
  [0x9302, '9302 MAC wrong'],
  [0x9401, '9401 insufficient funds'],
  [0x9403, '9403 key index not supported'],
  [0x0001, '0001 unknown status'],
];

status.test('GIVEN a status word THEN its number and its meaning in the field', () => {
  for (const [sw, text] of MEANINGS) assert.is(describeStatus(sw), text);
});

status.test('every word of the union list has a meaning', () => {
  const known =
    '9000 6281 6283 6284 63C1 6400 6581 6700 6901 6981 6982 6983 6984 6985 6986 6987 6988 6A80 ' +
    '6A81 6A82 6A83 6A84 6A86 6A88 6B00 6C01 6D00 6E00 6F00 9301 9401 9302 9303 9402 9403 9406';
  for (const word of known.split(' '))
    assert.not.match(describeStatus(Number.parseInt(word, 16)), /unknown/, word);
});

status.test('every 16-bit word is described in one line that begins with its four digits', () => {
  for (const sw of EVERY) {
    const text = describeStatus(sw);
    if (!/^[0-9A-F]{4} \S[^\n]*$/.test(text) || !text.startsWith(hex4(sw))) assert.is(text, sw);
  }
});

status.test('a blocked application is told by four words and no other', () => {
  assert.equal(EVERY.filter(isBlocked).map(hex4), ['6283', '6284', '6A81', '9303']);
});

/** Written out from docs/protocol.md §2.5 and §8, by eye, not from the source. */
const REFUSED_ALONE = ['6283', '6700', '9301', '9302', '9303', '9401', '9402', '9403'];
const REFUSED_CLASSES = ['69', '6A', '6B', '6D', '6E'];

status.test('8054: exactly these words say for certain that nothing was debited', () => {
  for (const sw of EVERY) {
    const word = hex4(sw);
    const expected = REFUSED_ALONE.includes(word) || REFUSED_CLASSES.includes(word.slice(0, 2));
    if (refusesDebit(sw) !== expected) assert.unreachable(`${word}: ${refusesDebit(sw)}`);
  }
});

status.test('8054: whatever may come after a write leaves the debit unknown', () => {
  const doubtful =
    '9000 6100 6108 6C08 6200 6281 6282 6284 6300 63C0 63C3 6400 6401 6500 6501 6581 6600 6701 ' +
    '6800 6881 6F00 6F01 6FFF 9100 9300 9400 9404 9406 9999 0000 0001 FFFF';
  for (const word of doubtful.split(' '))
    assert.is(refusesDebit(Number.parseInt(word, 16)), false, word);
});

status.run();
