/** SELECT, READ RECORD in all modes, READ BINARY, and who may read which file. */

import * as assert from 'uvu/assert';
import { gb18030 } from '../../../../sim/card/ssc/text.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes, upper } from '../hand.ts';
import {
  ask,
  cardOf,
  faceOf,
  grant,
  SELECT_EF05,
  SELECT_EF06,
  SELECT_EF08,
  SELECT_SSSE,
  transcript,
} from './hand.ts';

const reading = feature('sim card ssc reading');

function inEnvironment(...of: Parameters<typeof cardOf>) {
  const face = faceOf(cardOf(...of));
  ask(face, SELECT_SSSE);
  return face;
}

/** EF05 of the card by hand. */
const ISSUE = '050420230601';
const END = '060420330601';
const NUMBER = '07095A4E42303030303137';

const MODES: readonly (readonly [title: string, command: string, answer: string])[] = [
  ['100 by number', '00B205042C', '6C06'],
  ['100 by number, exact length', '00B2050406', `${ISSUE}9000`],
  ['100 with a longer Le gives the record', '00B20504FF', `${ISSUE}9000`],
  ['100 with Le 00', '00B2050400', `${ISSUE}9000`],
  ['100 beyond the last', '00B2080400', '6A83'],
  ['100 the current one, when there is none', '00B2000400', '6A83'],
  ['101 from the sixth to the last', '00B2060500', `${END}${NUMBER}9000`],
  ['110 from the last to the sixth', '00B2060600', `${NUMBER}${END}9000`],
  ['101 from nowhere', '00B2000500', '6A83'],
  ['000 first with identifier', '00B2050000', `${ISSUE}9000`],
  ['000 no such identifier', '00B20A0000', '6A83'],
  ['001 last with identifier', '00B2060100', `${END}9000`],
  ['001 last of any', '00B2000100', `${NUMBER}9000`],
  ['010 next with identifier, from the start', '00B2060200', `${END}9000`],
  ['011 previous of any, from the end', '00B2000300', `${NUMBER}9000`],
  ['111 is reserved', '00B2010700', '6A83'],
  ['short file id 5', '00B2052C00', `${ISSUE}9000`],
  ['short file id of no file', '00B2050C00', '6A82'],
  ['short file id 31', '00B205FC00', '6A86'],
  ['READ BINARY of records', '00B0000000', '6981'],
];

for (const [title, command, answer] of MODES) {
  reading.test(`READ RECORD ${title}`, () => {
    const face = inEnvironment();
    ask(face, SELECT_EF05);
    const sent = title.includes('100 by number') && answer === '6C06' ? '00B2050404' : command;
    assert.is(ask(face, sent), answer);
  });
}

reading.test('next and previous walk from the record read last', () => {
  const face = inEnvironment();
  transcript(face, [
    `${SELECT_EF05} < 9000`,
    `00B2050400 < ${ISSUE} 9000`,
    `00B2000200 < ${END} 9000`,
    `00B2000200 < ${NUMBER} 9000`,
    '00B2000200 < 6A83',
    `00B2000300 < ${END} 9000`,
    `00B2000400 < ${END} 9000`,
    `${SELECT_EF05} < 9000`,
    '00B2000400 < 6A83',
  ]);
});

const SELECTS: readonly (readonly [title: string, command: string, answer: RegExp])[] = [
  ['an EF with P1 02', SELECT_EF05, /^9000$/],
  ['an EF with P1 00', '00A4000002EF05', /^9000$/],
  ['no such EF', '00A4020002EF0C', /^6A82$/],
  ['a DF by id', '00A4000002DF01', /^6F0D8406D15600000500.*9000$/],
  ['a DF by id with P1 01', '00A4010002DF04', /^6F0D8406D15600000503.*9000$/],
  ['a DF by AID', '00A4040006D15600000502', /^6F0D8406D15600000502.*9000$/],
  ['an EF is no DF', '00A4010002EF05', /^6A82$/],
  ['a DF is no EF', '00A4020002DF01', /^6A82$/],
  ['an unknown AID', '00A4040006D15600000599', /^6A82$/],
  ['no name', '00A4040000', /^6700$/],
  ['P2 other than 00', '00A4020402EF05', /^6A86$/],
  ['P1 08', '00A4080002EF05', /^6A86$/],
  ['one byte of id', '00A4020001EF', /^6700$/],
  ['an unknown instruction', '00DA000000', /^6D00$/],
  ['an unknown class', 'B026000000', /^6E00$/],
  ['less than a command', '00A4', /^6700$/],
];

for (const [title, command, answer] of SELECTS) {
  reading.test(`SELECT and the like: ${title}`, () => {
    assert.match(ask(inEnvironment(), command), answer);
  });
}

reading.test('before any SELECT there is the master file: no EF, and a random all the same', () => {
  const face = faceOf(cardOf());
  transcript(face, [
    `${SELECT_EF05} < 6A82`,
    '00B2010400 < 6986',
    '0084000008 < *9000',
    '00A40000023F00 < 9000',
    '00B2010C00 < 6A82',
  ]);
});

type Right = 'nothing' | 'key' | 'PIN' | 'both';
const ACCESS: readonly (readonly [file: string, gen: 1 | 2 | 3, right: Right, sw: string])[] = [
  ['EF05', 3, 'nothing', '9000'],
  ['EF06', 1, 'nothing', '9000'],
  ['EF06', 2, 'nothing', '9000'],
  ['EF06', 3, 'nothing', '6982'],
  ['EF06', 3, 'PIN', '6982'],
  ['EF06', 3, 'key', '9000'],
  ['EF07', 1, 'nothing', '6982'],
  ['EF08', 2, 'nothing', '6982'],
  ['EF08', 2, 'key', '9000'],
  ['EF08', 3, 'PIN', '6982'],
  ['DF01 EF05', 3, 'nothing', '6982'],
  ['DF01 EF05', 3, 'PIN', '9000'],
  ['DF01 EF05', 2, 'key', '9000'],
  ['DF04 EF08', 3, 'PIN', '9000'],
  ['DF04 EF06', 3, 'PIN', '6982'],
  ['DF04 EF06', 3, 'key', '6982'],
  ['DF04 EF06', 3, 'both', '9000'],
];

for (const [file, generation, right, sw] of ACCESS) {
  reading.test(`generation ${generation}: ${file} with ${right} answers ${sw}`, () => {
    const face = inEnvironment({ generation });
    const [directory, inside] = file.split(' ');
    const algorithm = generation === 3 ? 'sm4' : '3des';
    if (inside) assert.match(ask(face, `00A4000002${directory}`), /9000$/);
    const key = inside ? { key: 'RKDF', kid: '84' } : {};
    if (right === 'key' || right === 'both') assert.is(grant(face, { algorithm, ...key }), '9000');
    if (right === 'PIN' || right === 'both') assert.is(ask(face, '0020000003123456'), '9000');
    assert.is(ask(face, `00A4020002${inside ?? directory}`), '9000');
    const command = /EF0[78]$/.test(file) && !inside ? '00B0000010' : '00B2010400';
    assert.match(ask(face, command), new RegExp(`${sw}$`));
  });
}

reading.test('a DF keeps the right to EF06, another DF loses the key of the first', () => {
  const face = inEnvironment();
  grant(face);
  ask(face, '00A4000002DF01');
  assert.is(grant(face, { key: 'RKDF', kid: '84' }), '9000');
  ask(face, '00A4000002DF02');
  assert.is(ask(face, '00B2012C00'), '6982');
  ask(face, SELECT_SSSE);
  ask(face, SELECT_EF06);
  assert.is(ask(face, '00B2080014'), '6982', 'SELECT of the environment begins anew');
});

reading.test('the photo is 4096 bytes in pieces: a whole JPEG, a whole BMP, or FF', () => {
  const photoOf = (photo?: 'jpeg' | 'bmp') => {
    const face = inEnvironment({ photo });
    grant(face);
    ask(face, SELECT_EF08);
    const pieces = Array.from({ length: 18 }, (_, index) => {
      const offset = (index * 0xf0).toString(16).padStart(4, '0');
      return ask(face, `00B0${offset}${index < 17 ? 'F0' : '00'}`).slice(0, -4);
    });
    assert.is(ask(face, '00B0100000'), '6B00', 'nothing behind the end');
    return bytes(pieces.join(''));
  };
  const jpeg = photoOf('jpeg');
  assert.is(jpeg.length, 4096);
  assert.is(upper(jpeg.subarray(0, 3)), 'FFD8FF');
  assert.ok(jpeg.indexOf(bytes('FFD9FFFF')) > 1000, 'has an end, and filling behind it');
  const bmp = photoOf('bmp');
  assert.is(bmp.toString('latin1', 0, 2), 'BM');
  assert.is(bmp.readUInt32LE(2), 62 + 12 * 120);
  assert.ok(photoOf().every((byte) => byte === 0xff));
});

reading.test('a name of more than 30 bytes goes on in 4E, in the middle of a character', () => {
  const name = gb18030('样本·阿依阿依阿依阿依阿依测𬭚试用名');
  const face = inEnvironment({ openHolder: true, holder: { citizenNumber: '0', name } });
  ask(face, SELECT_EF06);
  const [first, more] = [ask(face, '00B2090020'), ask(face, '00B24E0016')];
  assert.is(first, `091E${upper(name.subarray(0, 30))}9000`);
  assert.is(more, `4E14${upper(name.subarray(30)).padEnd(40, '0')}9000`);
});

reading.test('generation 1 knows no extension of the name; a blank card is FF all over', () => {
  const first = inEnvironment({ generation: 1 });
  ask(first, SELECT_EF06);
  assert.is(ask(first, '00B24E0016'), '6A83');
  const blank = inEnvironment({ holder: null, openHolder: true });
  ask(blank, SELECT_EF06);
  const sizes = { '08': 18, '09': 30, '4E': 20, '0A': 1, '0B': 1, '0C': 3, '0D': 4 };
  const expected = Object.entries(sizes).map(
    ([tag, size]) =>
      `${tag}${size.toString(16).toUpperCase().padStart(2, '0')}${'FF'.repeat(size)}`,
  );
  assert.is(ask(blank, '00B20105FF'), `${expected.join('')}9000`);
});

reading.test('a locked application: 6283 and 6985, or 6A81; unlocked files stay shut', () => {
  transcript(faceOf(cardOf({ locked: 'temporary' })), [
    `${SELECT_SSSE} < 6F1C840F *6283`,
    `${SELECT_EF05} < 6985`,
    '00B2052C00 < 6985',
    '0020000003123456 < 6985',
  ]);
  transcript(faceOf(cardOf({ locked: 'permanent' })), [
    `${SELECT_SSSE} < 6A81`,
    `${SELECT_EF05} < 6985`,
    '00A4040006D15600000500 < 6A81',
  ]);
});

reading.run();
