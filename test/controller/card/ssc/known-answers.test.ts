/** Check digits, code tables, factors and list keys against published values and OpenSSL. */

import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { listKey, parseCardId } from '../../../../controller/card/ssc/card-id.ts';
import * as check from '../../../../controller/card/ssc/check-digits.ts';
import { ETHNIC_GROUPS, regionName, sexOf } from '../../../../controller/card/ssc/codes.ts';
import * as factors from '../../../../controller/card/ssc/factors.ts';
import { historicalBytes } from '../../../../controller/card/ssc/historical.ts';
import { feature, PROGRAMS } from '../../../kit/feature.ts';
import { bytes, upper } from '../../../sim/card/hand.ts';

const answers = feature('ssc known answers');

answers.test('card numbers: the example of the standard and three made ones', () => {
  for (const [first, digit] of [
    ['D2143569', 'X'],
    ['A1234567', '4'],
    ['ZNB00001', '7'],
    ['B0000000', '0'],
  ] as const) {
    assert.is(check.cardNumberCheck(first), digit);
    assert.ok(check.isCardNumber(`${first}${digit}`));
  }
  assert.not.ok(check.isCardNumber('A12345675'));
  for (const odd of ['', 'A123456', 'a1234567', 'A12345674 ', '张三样本张三样本']) {
    assert.is(check.cardNumberCheck(odd), null);
  }
});

answers.test('citizen numbers: both examples of GB 11643', () => {
  assert.ok(check.isCitizenNumber('11010519491231002X'));
  assert.ok(check.isCitizenNumber('440524188001010014'));
  assert.not.ok(check.isCitizenNumber('110105194912310021'));
  assert.not.ok(check.isCitizenNumber('11010519491231002x'), 'upper case is the caller’s');
  assert.is(check.citizenNumberCheck('1101051949123100'), null);
});

answers.test('ethnic groups: 56 of them, the last has the last code', () => {
  assert.is(ETHNIC_GROUPS.get('01'), '汉');
  assert.is(ETHNIC_GROUPS.get('22'), '畲');
  assert.is(ETHNIC_GROUPS.get('37'), '仡佬');
  assert.is(ETHNIC_GROUPS.get('56'), '基诺');
  assert.is(ETHNIC_GROUPS.get('57'), undefined);
  assert.is(ETHNIC_GROUPS.get('99'), '其他');
});

answers.test('sex and regions, the former ones included', () => {
  assert.is(sexOf(bytes('31')), 'male');
  assert.is(sexOf(bytes('32')), 'female');
  for (const odd of ['', '30', '39', 'FF', '00', '3131']) assert.is(sexOf(bytes(odd)), null);
  assert.is(regionName('330212'), '宁波市鄞州区');
  assert.is(regionName('330204'), '宁波市江东区（原）');
  assert.is(regionName('330100'), null);
});

answers.test('factors: Zhejiang has one for every district of a city, others one for each', () => {
  const zhejiang = ['33'];
  assert.is(upper(factors.provinceFactor('330212')), '3333303030307368');
  assert.is(upper(factors.cityFactor('330200', zhejiang)), '3333303230307378');
  assert.is(upper(factors.cityFactor('330212', zhejiang)), '3333303230307378');
  assert.is(upper(factors.cityFactor('330212', [])), '3333303231327378');
  assert.is(factors.cityFactor('510101', zhejiang).toString(), '510101sx');
});

/** The three ways in which the same historical bytes reach a program. */
const HISTORY = '0081544C9686845101C0666779';
answers.test('historical bytes: contact, contactless, and as a PC/SC reader tells them', () => {
  for (const answer of [`3B6D0000${HISTORY}`, `12788 0A002${HISTORY}`, `3B8D8001${HISTORY}E9`]) {
    assert.is(upper(historicalBytes(bytes(answer)) ?? Buffer.alloc(0)), HISTORY);
  }
  assert.is(upper(factors.cardFactor(bytes(HISTORY))), '86845101C0666779');
  for (const odd of [
    '',
    '3B',
    '3B6D',
    '3BFF',
    `3B6C0000${HISTORY.slice(2)}`,
    '05788080 02',
    '01',
  ]) {
    assert.is(historicalBytes(bytes(odd)), null);
  }
});

answers.test('card ids: fixed part and province', () => {
  const good = parseCardId(bytes('330200D15600000500000001FFFFFFFF'));
  assert.is(good?.region, '330200');
  assert.is(good?.serial, '00000001');
  assert.ok(good?.structured);
  assert.not.ok(parseCardId(bytes('990200D15600000500000001FFFFFFFF'))?.structured);
  assert.not.ok(parseCardId(bytes('330200D15600000600000001FFFFFFFF'))?.structured);
  assert.is(parseCardId(bytes('330200D156')), null);
});

answers.testWith(
  PROGRAMS.openssl,
  'a list holds the first 10 bytes of SM3, as OpenSSL has it',
  () => {
    const id = bytes('330200D15600000599000001FFFFFFFF');
    const { stdout } = spawnSync('openssl', ['dgst', '-sm3', '-binary'], { input: id });
    assert.is(stdout.length, 32);
    assert.equal(listKey(id), stdout.subarray(0, 10));
  },
);

answers.run();
