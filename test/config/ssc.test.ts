/** The `ssc` section: what stands when nothing is said, what is refused, and the table of banks. */

import * as assert from 'uvu/assert';
import { sscSchema } from '../../config/ssc.ts';
import { feature } from '../kit/feature.ts';

const ssc = feature('ssc configuration');

ssc.test('GIVEN nothing THEN no keys are used, and the HSM would be asked by TLS', () => {
  const { keys, ef06_auth, auth_key_version, hsm, psam, pooling_card } = sscSchema.parse({});
  assert.is(keys, 'none');
  assert.is(ef06_auth, 'auto');
  assert.is(auth_key_version, undefined);
  assert.is(hsm.tls, true);
  assert.equal(psam.key_ids, { irk: '08', rk_ssse: '0A' });
  assert.equal(pooling_card.faces, ['contact']);
});

const REFUSED: readonly (readonly [string, object])[] = [
  ['a key version of two bytes', { auth_key_version: '0101' }],
  ['four levels', { psam: { levels: 4 } }],
  ['an instruction nobody knows', { psam: { deliver_ins: 'BFDF' } }],
  ['a request without its fields', { hsm: { request: ['raw'] } }],
  ['a bar in the name of an algorithm', { hsm: { algorithm_names: { sm4: 'SM|4' } } }],
  ['a BIN of letters', { banks: [{ name: { en: 'Bank' }, bins: ['62x'] }] }],
  ['a province of three digits', { short_city_provinces: ['330'] }],
  ['a key that nobody knows', { froboz: 1 }],
];

for (const [what, section] of REFUSED) {
  ssc.test(`GIVEN ${what} THEN it is refused`, () => {
    assert.not.ok(sscSchema.safeParse(section).success);
  });
}

ssc.test('the banks of Ningbo: seven, named in both languages, no BIN in two of them', () => {
  const { banks } = sscSchema.parse({});
  assert.is(banks.length, 7);
  for (const { name } of banks) assert.equal(Object.keys(name), ['zh-CN', 'en']);
  const bins = banks.flatMap((bank) => bank.bins);
  assert.is(new Set(bins).size, bins.length);
});

ssc.run();
