import * as assert from 'uvu/assert';
import { encodeGb18030 } from '../../../../controller/kiosk/slip/gb18030.ts';
import { feature } from '../../../kit/feature.ts';

const gb = feature('GB 18030-2022');

/** The 18 characters that the 2022 edition gives other code points than the 2005 edition. */
const MOVED: readonly (readonly [number, string])[] = [
  ...([
    [0xfe10, 'a6d9'],
    [0xfe12, 'a6da'],
    [0xfe11, 'a6db'],
    [0xfe13, 'a6dc'],
    [0xfe14, 'a6dd'],
    [0xfe15, 'a6de'],
    [0xfe16, 'a6df'],
    [0xfe17, 'a6ec'],
    [0xfe18, 'a6ed'],
    [0xfe19, 'a6f3'],
  ] as const),
  ...([
    [0x9fb4, 'fe59'],
    [0x9fb5, 'fe61'],
    [0x9fb6, 'fe66'],
    [0x9fb7, 'fe67'],
    [0x9fb8, 'fe6d'],
    [0x9fb9, 'fe7e'],
    [0x9fba, 'fe90'],
    [0x9fbb, 'fea0'],
  ] as const),
];

gb.test('the 18 characters that moved in 2022 have their two-byte codes', () => {
  for (const [point, code] of MOVED) {
    assert.is(encodeGb18030(String.fromCodePoint(point)).toString('hex'), code, point.toString(16));
  }
});

gb.test('codes of the card standard and of the code charts', () => {
  // 张三, 社会保障, ·, 䶮 as written on cards; four-byte codes from the code charts.
  const known: readonly (readonly [string, string])[] = [
    ['张三', 'd5c5c8fd'],
    ['社会保障', 'c9e7bbe1b1a3d5cf'],
    ['·', 'a1a4'],
    ['䶮', 'fe9f'],
    ['ḿ', 'a8bc'],
    ['\u0080', '81308130'],
    ['㐀', '8139ee39'],
    ['\u{20000}', '95328236'],
    ['\u{10FFFF}', 'e3329a35'],
    ['A\n~', '410a7e'],
  ];
  for (const [text, code] of known) assert.is(encodeGb18030(text).toString('hex'), code, text);
});

gb.test('every character that the decoder knows comes back, and none fails', () => {
  const points = Array.from({ length: 0x110000 }, (_, point) => point);
  const chars = points
    .filter((point) => point < 0xd800 || point >= 0xe000)
    .map((point) => String.fromCodePoint(point));
  const decoder = new TextDecoder('gb18030', { fatal: true });
  const back = Array.from(decoder.decode(encodeGb18030(chars.join(''))));
  assert.is(back.length, chars.length);
  const others = chars.filter((char, index) => back[index] !== char);
  for (const char of others) assert.is(back[chars.indexOf(char)], '〓');
  const lost = others.map((char) => char.codePointAt(0)?.toString(16));
  // Private characters that the 2022 edition gave up, one that it never had, two non-characters.
  const given = 'e5e5 e78d e78e e78f e790 e791 e792 e793 e794 e795 e796 e81e e826 e82b e82c e832';
  assert.is(lost.join(' '), `${given} e843 e854 e864 fffe ffff`);
});

gb.test('GIVEN half a surrogate pair WHEN encoded THEN 〓', () => {
  assert.is(encodeGb18030('a\ud800b').toString('hex'), '61a1fe62');
});

gb.run();
