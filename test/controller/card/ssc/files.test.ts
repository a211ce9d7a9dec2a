/** Text, dates and files of the card: what real cards hold, and whatever else they may. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { accountInRecord, accountInTrack2 } from '../../../../controller/card/qpboc/account.ts';
import { getProcessingOptions, parseOptions } from '../../../../controller/card/qpboc/gpo.ts';
import {
  directorySfi,
  parseApplication,
  parseDirectory,
} from '../../../../controller/card/qpboc/select.ts';
import { parseCardId } from '../../../../controller/card/ssc/card-id.ts';
import { historicalBytes } from '../../../../controller/card/ssc/historical.ts';
import { parseHolderFile } from '../../../../controller/card/ssc/holder-file.ts';
import {
  INSURANCE_FILES,
  insuranceValue,
} from '../../../../controller/card/ssc/insurance-files.ts';
import { parseIssuerFile } from '../../../../controller/card/ssc/issuer-file.ts';
import { beginsPicture, parsePhoto } from '../../../../controller/card/ssc/photo.ts';
import { parseRecord, parseRecords } from '../../../../controller/card/ssc/records.ts';
import { parseEnvironment } from '../../../../controller/card/ssc/select.ts';
import { asciiOf, dateOf, digitsOf, textOf } from '../../../../controller/card/ssc/text.ts';
import { feature } from '../../../kit/feature.ts';
import { bytes } from '../../../sim/card/hand.ts';

const files = feature('ssc files');

/** Published code points: GBK, GB18030 in four bytes, and three of those that 2022 moved. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['D5C5C8FD', '张三'],
  ['C9E7BBE1B1A3D5CF', '社会保障'],
  ['B0A2A1A4B2BC', '阿·布'],
  ['FE9F', '䶮'],
  ['FE59', '\u9FB4'],
  ['FE90', '\u9FBA'],
  ['A6D9', '\uFE10'],
  ['8139EE39', '㐀'],
  ['95328236', '𠀀'],
  ['D5C5C8FD0000', '张三'],
  ['D5C5C8FDFFFF', '张三'],
  ['D5C5C8FD2020', '张三'],
  ['D5C5C8FD00FFC9E7', '张三'],
  ['FFFFFFFF', ''],
  ['00000000', ''],
  ['', ''],
];

for (const [hex, text] of TEXTS) {
  files.test(`${hex} reads ${JSON.stringify(text)}`, () => {
    assert.equal(textOf(bytes(hex)), { text, broken: false });
  });
}

files.test('GIVEN half a character THEN the rest of the text, and a word that it is broken', () => {
  const { text, broken } = textOf(bytes('D5C5C8'));
  assert.ok(broken);
  assert.ok(text.startsWith('张'));
});

const holder = (items: Readonly<Record<number, string>>) =>
  parseHolderFile(new Map(Object.entries(items).map(([tag, hex]) => [Number(tag), bytes(hex)])));

files.test('GIVEN a name cut through a character THEN it is joined as bytes', () => {
  const name = Buffer.from('测试'.repeat(8)); // 16 characters, 32 bytes of GBK
  const gbk = Buffer.alloc(32, Buffer.from('B2E2CAD4', 'hex'));
  const long = Buffer.concat([Buffer.from('41', 'hex'), gbk]);
  const told = holder({
    9: long.toString('hex', 0, 30),
    78: `${long.toString('hex', 30)}${'00'.repeat(17)}`,
  });
  assert.is(told.name.text, `A${name.toString()}`);
  assert.not.ok(told.name.broken);
});

files.test('GIVEN a long name of another script THEN a blank at the seam stays', () => {
  const text = 'TEST SAMPLE PERSON OF NO PLACE AT ALL';
  assert.is(text[29], 'E');
  const first = Buffer.from(`${text.slice(0, 4)}${'X'.repeat(25)} `).toString('hex');
  const told = holder({ 9: first, 78: Buffer.from('YZ').toString('hex').padEnd(40, '0') });
  assert.is(told.name.text, `TEST${'X'.repeat(25)} YZ`);
});

files.test(
  'GIVEN sex and birth date unwritten THEN out of a number whose check digit is right',
  () => {
    const number = (text: string) => Buffer.from(text).toString('hex');
    const blank = { 10: 'FF', 13: 'FFFFFFFF' };
    const told = holder({ ...blank, 8: number('11010519491231002x') });
    assert.is(told.citizenNumber, '11010519491231002X');
    assert.is(told.sex, 'female');
    assert.is(told.birthDate.date, '1949-12-31');
    const wrong = holder({ ...blank, 8: number('110105194912310021') });
    assert.is(wrong.sex, null);
    assert.is(wrong.birthDate.date, null);
    const written = holder({ 8: number('11010519491231002X'), 10: '31', 13: '19500101' });
    assert.is(written.sex, 'male');
    assert.is(written.birthDate.date, '1950-01-01');
  },
);

const DATES: readonly (readonly [string, string | null, boolean])[] = [
  ['20180611', '2018-06-11', false],
  ['20240229', '2024-02-29', false],
  ['20230229', null, true],
  ['20181301', null, true],
  ['32303138', null, true],
  ['18991231', null, true],
  ['FFFFFFFF', null, false],
  ['00000000', null, false],
  ['20202020', null, false],
  ['2018', null, true],
  ['', null, false],
];

for (const [hex, date, bad] of DATES) {
  files.test(`date ${hex || 'empty'}: ${date}${bad ? ', bad' : ''}`, () => {
    assert.equal(dateOf(bytes(hex)), { date, bad });
  });
}

const VERSIONS: readonly (readonly [string | null, number | null])[] = [
  ['332E3030', 3],
  ['322E3000', 2],
  ['322E3031', 2],
  ['312E3030', 1],
  ['FFFFFFFF', 1],
  ['00000000', 1],
  ['342E3030', null],
  [null, null],
];

for (const [hex, generation] of VERSIONS) {
  files.test(`version ${hex}: generation ${generation}`, () => {
    const records = new Map(hex === null ? [] : [[0x03, bytes(hex)]]);
    assert.is(parseIssuerFile(records).generation, generation);
  });
}

files.test('environment: the algorithm tag, or none', () => {
  const name = '840F7378312E73682EC9E7BBE1B1A3D5CF';
  const of = (hex: string) => parseEnvironment(bytes(hex))?.algorithm;
  assert.is(of(`6F1C${name}A50988011E9F0C03860103`), 'sm4');
  assert.is(of(`6F1C${name}A50988011E9F0C03860102`), 'ssf33');
  assert.is(of(`6F1C${name}A50988011E9F0C03860109`), null);
  assert.is(of(`6F16${name}A50388011E`), null);
  assert.is(parseEnvironment(bytes('6F00')), null);
});

files.test('photo: as long as it says, or to its last end mark', () => {
  const bmp = Buffer.alloc(64, 7);
  bmp.write('BM', 'latin1');
  bmp.writeUInt32LE(40, 2);
  assert.is(parsePhoto(bmp)?.bytes.length, 40);
  bmp.writeUInt32LE(400, 2);
  assert.is(parsePhoto(bmp), null);
  assert.is(parsePhoto(bytes('FFD8FFE0 01 FFD9 02 FFD9 FFFF'))?.bytes.length, 10);
  assert.is(parsePhoto(bytes('FFD8FFE0 01 02')), null);
  assert.is(parsePhoto(bytes('0000')), null);
});

files.test('records of a whole file: the first of two, nothing of what is cut off', () => {
  const records = parseRecords(bytes('0101AA 00FF 0102BBCC 0202 DD'));
  assert.equal([...records], [[1, bytes('AA')]]);
});

files.test('GIVEN any bytes THEN no parser throws', () => {
  const parsers: readonly ((input: Buffer) => unknown)[] = [
    parseEnvironment,
    parseRecords,
    (input) => parseRecord(input, 7),
    (input) => parseIssuerFile(parseRecords(input)),
    (input) => parseHolderFile(parseRecords(input)),
    parseCardId,
    historicalBytes,
    parsePhoto,
    beginsPicture,
    textOf,
    asciiOf,
    digitsOf,
    dateOf,
    parseDirectory,
    directorySfi,
    parseApplication,
    parseOptions,
    (input) => accountInTrack2(input, []),
    (input) => accountInRecord(input, []),
    (input) => getProcessingOptions(input, { face: 'contact', date: '260701' }),
    (input) => INSURANCE_FILES.flatMap(({ items }) => items.map((i) => insuranceValue(i, input))),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...parsers), (input, parse) => {
      parse(Buffer.from(input));
    }),
    { numRuns: 5_000 },
  );
});

files.test('GIVEN any values THEN records there and back', () => {
  const value = fc.uint8Array({ maxLength: 40 });
  const tag = fc.integer({ min: 1, max: 0xfe });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(tag, value), { selector: ([t]) => t }), (list) => {
      const encoded = list.map(([t, v]) => Buffer.from([t, v.length, ...v]));
      const told = [...parseRecords(Buffer.concat(encoded))];
      assert.equal(
        told,
        list.map(([t, v]) => [t, Buffer.from(v)]),
      );
    }),
  );
});

files.run();
