/** Names and numbers as cards store them, against programs and numbers that are not ours. */

import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { cardNumber, citizenNumber } from '../../../../sim/card/ssc/numbers.ts';
import { gb18030 } from '../../../../sim/card/ssc/text.ts';
import { feature } from '../../../kit/feature.ts';
import { upper } from '../hand.ts';

const text = feature('sim card ssc text');

const ICONV = { command: 'iconv', install: 'apt-get install libc-bin' };
const NAMES = ['张三', '测试甲', '样本·阿依', '测试䶮𬭚', '虚构省模拟市(虚构地址)', 'Test Jia'];

text.test('published codes: 张三, 社会保障, the interpunct, 䶮', () => {
  assert.is(upper(gb18030('张三')), 'D5C5C8FD');
  assert.is(upper(gb18030('社会保障')), 'C9E7BBE1B1A3D5CF');
  assert.is(upper(gb18030('·')), 'A1A4');
  assert.is(upper(gb18030('䶮')), 'FE9F');
});

text.testWith(ICONV, 'iconv encodes the same, letter by letter', () => {
  for (const name of NAMES) {
    const run = spawnSync('iconv', ['-f', 'UTF-8', '-t', 'GB18030'], { input: name });
    assert.is(upper(gb18030(name)), upper(run.stdout), name);
  }
});

text.test('check digits: region 000000, sequence and birth as asked, and a published rule', () => {
  assert.is(citizenNumber('19850615', 11).slice(0, 17), '00000019850615011');
  // GB 11643: the weighted sum of all 18 characters is 1 modulo 11.
  for (let order = 0; order < 60; order += 1) {
    const number = citizenNumber('19850615', order);
    const sum = [...number].reduce((total, char, at) => {
      const weight = 2 ** (17 - at) % 11;
      return total + weight * (char === 'X' ? 10 : Number(char));
    }, 0);
    assert.is(sum % 11, 1, number);
  }
});

text.test('card numbers: ZNB00001 has the published check digit', () => {
  assert.is(cardNumber(1), 'ZNB000017');
});

text.run();
