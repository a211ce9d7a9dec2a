/** Known answers that other people published (docs/protocol.md §9). */

import * as assert from 'uvu/assert';
import {
  diversify,
  diversifyAll,
  encrypt,
  lastBlock,
  mac,
  pad80,
  secureMac,
  sessionKey,
  tacKey,
} from '../../../sim/crypto.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { bytes, OPENSSL, openssl, upper } from './hand.ts';

const arithmetic = feature('sim card arithmetic');
const K = bytes('00112233445566778899AABBCCDDEEFF');

arithmetic.test('GIVEN the block of GB/T 32907 WHEN encrypted by SM4 THEN the printed one', () => {
  const block = bytes('0123456789ABCDEFFEDCBA9876543210');
  assert.is(upper(encrypt('sm4', block, block)), '681EDF34D206965E86B3E94F536E4246');
});

arithmetic.test('GIVEN the printed SM4 CBC-MAC example THEN its last block', () => {
  const key = bytes('EEF3C9888129755F2C769DBC459448CE');
  const iv = bytes('FBD7B7AB0793F814B28A970F9E859C05');
  const data = bytes('99C9D02D03F2CD394A680DC51B112322');
  assert.is(upper(lastBlock('sm4', key, { iv, data })), '530EDF0605A302F30096AE46BD6316AF');
  assert.is(upper(secureMac('sm4', key, { iv, data })), '530EDF06');
});

arithmetic.test('GIVEN KAT-D THEN diversification, key load and its secure MAC', () => {
  const factor = bytes('1122334455667788');
  assert.is(upper(diversify('3des', K, factor)), '496BD7A3513644533100B54E71196528');
  const load = encrypt('3des', K, bytes(`13220000${upper(K)}80000000`));
  assert.is(upper(load), 'DCC0BB5793ABFCA2CA8C1624822F6E01A86A0B5CBED191DD');
  const data = pad80(Buffer.concat([bytes('84D400001C'), load]), 8);
  const iv = bytes('5D72B3FD00000000');
  assert.is(upper(secureMac('3des', K, { iv, data })), '8A9D4ADB');
});

const TAC_KEY = bytes('8888888888888888');
const KAT_A = [
  {
    what: 'load MAC1',
    key: '11FDF264E8AEEFA3',
    data: '00000000 00002000 02 001122334455',
    mac: '03976C22',
  },
  {
    what: 'load MAC2',
    key: '11FDF264E8AEEFA3',
    data: '00002000 02 001122334455 20161216105800',
    mac: '8AFA5718',
  },
  {
    what: 'load TAC',
    key: upper(TAC_KEY),
    data: '00002000 0000 00002000 02 001122334455 20161216105800',
    mac: 'FA00066D',
  },
  {
    what: 'second load MAC1',
    key: '7C45FBFB5B3A68F5',
    data: '00000000 00002000 02 001122334455',
    mac: 'EA411F90',
  },
  {
    what: 'purchase MAC1',
    key: 'C08346DF9F1D457A',
    data: '00000001 06 001122334455 20161216134600',
    mac: 'D45737C5',
  },
  { what: 'purchase MAC2', key: 'C08346DF9F1D457A', data: '00000001', mac: '66B54A6B' },
  {
    what: 'purchase TAC',
    key: upper(TAC_KEY),
    data: '00000001 06 001122334455 00000000 20161216134600',
    mac: '8AF270DC',
  },
];

for (const { what, key, data, mac: expected } of KAT_A) {
  arithmetic.test(`GIVEN KAT-A THEN its ${what}`, () => {
    assert.is(upper(mac('3des', bytes(key), bytes(data))), expected);
  });
}

arithmetic.test('GIVEN KAT-A THEN its session keys', () => {
  assert.is(
    upper(sessionKey('3des', K, { input: bytes('C903814D 0000 8000') })),
    '11FDF264E8AEEFA3',
  );
  assert.is(
    upper(sessionKey('3des', K, { input: bytes('E0B84748 0000 8000') })),
    '7C45FBFB5B3A68F5',
  );
  assert.is(
    upper(sessionKey('3des', K, { input: bytes('584633C9 0000 0000') })),
    'C08346DF9F1D457A',
  );
});

arithmetic.test(
  'GIVEN 16 bytes of TAC key THEN the halves combine for DES and stay for SM4',
  () => {
    const dtk = bytes('F0F0F0F0F0F0F0F0 7878787878787878');
    assert.is(upper(tacKey('3des', dtk)), upper(TAC_KEY));
    assert.is(upper(tacKey('sm4', dtk)), upper(dtk));
  },
);

arithmetic.testWith(PROGRAMS.openssl, 'GIVEN OpenSSL THEN levels and session keys agree', () => {
  const [issuer, card] = ['01133320FFFFFFFF', '4399900000000042'];
  const random = '0A1B2C3D00070102';
  for (const algorithm of ['sm4', '3des'] as const) {
    const by = OPENSSL[algorithm];
    const expected = by.diversify(by.diversify(upper(K), issuer), card);
    const key = diversifyAll(algorithm, K, [bytes(issuer), bytes(card)]);
    assert.is(upper(key), expected, algorithm);
    const session = sessionKey(algorithm, key, { input: bytes(random) });
    assert.is(upper(session), by.session(expected, random), algorithm);
  }
});

arithmetic.testWith(
  PROGRAMS.openssl,
  'GIVEN the pad80 and the DES mode THEN OpenSSL agrees',
  () => {
    const x = '0A1B2C3D00070102';
    const input = bytes(x);
    const padded = openssl('sm4-ecb', upper(K), `${x}8000000000000000`);
    assert.is(upper(sessionKey('sm4', K, { input, mode: 'pad80' })), padded);
    const single = openssl('des-ede3-ecb', upper(K).slice(0, 16).repeat(3), x);
    assert.is(upper(sessionKey('des', K, { input })), single);
  },
);

arithmetic.run();
