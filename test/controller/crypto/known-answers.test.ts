/** What other people published: card articles, GB/T 32907, an SM4 CBC-MAC (docs/protocol.md §9). */

import { createCipheriv } from 'node:crypto';
import * as assert from 'uvu/assert';
import { des, desDecrypt, sm4 } from '../../../controller/crypto/ciphers.ts';
import {
  diversify,
  messagingMac,
  pad80,
  sessionKey,
  sessionMac,
} from '../../../controller/crypto/purse-keys.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import { bytes, openssl, upper } from '../../sim/card/hand.ts';

const answers = feature('crypto known answers');
const K = bytes('00112233445566778899AABBCCDDEEFF');

answers.test('GIVEN the published 3DES purchase THEN session key, MAC1 and MAC2', () => {
  const input = { random: bytes('584633C9'), counter: 0, termSeq: bytes('00000000') };
  const session = sessionKey('3des', K, { input, mode: 'complement' });
  assert.is(upper(session), 'C08346DF9F1D457A');
  const signed = bytes('00000001 06 001122334455 20161216134600');
  assert.is(upper(sessionMac('3des', session, signed)), 'D45737C5');
  assert.is(upper(sessionMac('3des', session, bytes('00000001'))), '66B54A6B');
});

answers.test('GIVEN the published 3DES load THEN its MACs and TACs too', () => {
  const key = bytes('11FDF264E8AEEFA3');
  const tacKey = bytes('8888888888888888');
  for (const [with_, data, mac] of [
    [key, '00000000 00002000 02 001122334455', '03976C22'],
    [key, '00002000 02 001122334455 20161216105800', '8AFA5718'],
    [tacKey, '00002000 0000 00002000 02 001122334455 20161216105800', 'FA00066D'],
    [tacKey, '00000001 06 001122334455 00000000 20161216134600', '8AF270DC'],
  ] as const)
    assert.is(upper(sessionMac('3des', with_, bytes(data))), mac);
});

answers.test('GIVEN the published diversification THEN this card key', () => {
  const card = diversify('3des', K, bytes('1122334455667788'));
  assert.is(upper(card), '496BD7A3513644533100B54E71196528');
});

answers.test('GIVEN the published key load THEN its cryptogram and its messaging MAC', () => {
  const load = des.encrypt(K, bytes(`13220000${upper(K)}80000000`));
  assert.is(upper(load), 'DCC0BB5793ABFCA2CA8C1624822F6E01A86A0B5CBED191DD');
  const data = Buffer.concat([bytes('84D400001C'), load]);
  const mac = messagingMac('3des', K, { challenge: bytes('5D72B3FD'), data });
  assert.is(upper(mac), '8A9D4ADB');
});

/** GB/T 32907-2016, appendix A. */
const BLOCK = bytes('0123456789ABCDEFFEDCBA9876543210');

answers.test('GIVEN the block of GB/T 32907 THEN the printed one', () => {
  assert.is(upper(sm4.encrypt(BLOCK, BLOCK)), '681EDF34D206965E86B3E94F536E4246');
});

answers.test(
  'GIVEN that block WHEN encrypted a million times THEN the printed one',
  () => {
    let block: Buffer = BLOCK;
    for (let round = 0; round < 1_000_000; round++) block = sm4.encrypt(BLOCK, block);
    assert.is(upper(block), '595298C7C6FD271F0402F804C33D3F66');
  },
  60_000,
);

answers.test('GIVEN the printed SM4 CBC-MAC THEN its last block', () => {
  const key = bytes('EEF3C9888129755F2C769DBC459448CE');
  const iv = bytes('FBD7B7AB0793F814B28A970F9E859C05');
  const data = bytes('99C9D02D03F2CD394A680DC51B112322');
  assert.is(upper(sm4.cbcLast(key, iv, data)), '530EDF0605A302F30096AE46BD6316AF');
});

answers.testWith(
  PROGRAMS.openssl,
  'GIVEN several SM4 and DES blocks THEN the openssl program gives the same bytes',
  () => {
    const data = `${upper(K)}${upper(BLOCK)}${upper(K)}`;
    const iv = upper(bytes('0F1E2D3C4B5A69788796A5B4C3D2E1F0'));
    const key = upper(BLOCK);
    assert.is(upper(sm4.encrypt(BLOCK, bytes(data))), openssl('sm4-ecb', key, data));
    const whole = openssl('sm4-cbc', key, data, iv);
    assert.is(upper(sm4.cbcLast(BLOCK, bytes(iv), bytes(data))), whole.slice(-32));
    assert.is(upper(des.encrypt(BLOCK, bytes(data))), openssl('des-ede-ecb', key, data));
    const desWhole = openssl('des-ede-cbc', key, data, iv.slice(0, 16));
    const last = des.cbcLast(BLOCK, bytes(iv).subarray(0, 8), bytes(data));
    assert.is(upper(last), desWhole.slice(-16));
  },
);

answers.test('single DES: encryption of the key load, undone', () => {
  const key = K.subarray(0, 8);
  const block = bytes('0123456789ABCDE7');
  assert.equal(desDecrypt(key, des.encrypt(key, block)), block);
  const direct = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null);
  assert.equal(des.encrypt(key, block), direct.setAutoPadding(false).update(block));
});

/** FIPS 81 and many textbooks: K 133457799BBCDFF1. */
answers.test('GIVEN the textbook DES example THEN its block', () => {
  const cipher = des.encrypt(bytes('133457799BBCDFF1'), bytes('0123456789ABCDEF'));
  assert.is(upper(cipher), '85E813540F0AB405');
});

answers.test('padding always adds: 80, then zeros to the block', () => {
  assert.is(upper(pad80(Buffer.alloc(0), 8)), '8000000000000000');
  assert.is(upper(pad80(bytes('0102030405060708'), 8)), '01020304050607088000000000000000');
  assert.is(upper(pad80(bytes('01020304050607'), 8)), '0102030405060780');
  assert.is(pad80(Buffer.alloc(18), 16).length, 32);
});

answers.test('GIVEN lengths that are no whole block THEN it throws, and says the length', () => {
  for (const length of [0, 1, 7, 9, 15, 17, 31]) {
    const data = Buffer.alloc(length);
    assert.throws(() => sm4.encrypt(K, data), new RegExp(`^${length} bytes .* 16-byte blocks$`));
    assert.throws(() => sm4.cbcLast(K, Buffer.alloc(16), data), /16-byte blocks/);
    assert.throws(() => des.encrypt(K, data), /8-byte blocks/);
    assert.throws(() => des.cbcLast(K, Buffer.alloc(8), data), /8-byte blocks/);
  }
  assert.throws(() => sm4.encrypt(K, Buffer.alloc(8)), /8 bytes are no whole number of 16-byte/);
  assert.throws(() => desDecrypt(K, Buffer.alloc(7)));
});

answers.test('GIVEN a key, IV, factor or random of the wrong length THEN it throws', () => {
  const block = Buffer.alloc(16);
  for (const length of [0, 7, 15, 17, 24]) {
    const wrong = Buffer.alloc(length);
    assert.throws(() => sm4.encrypt(wrong, block), /key is invalid/);
    assert.throws(() => sm4.cbcLast(K, wrong, block), /iv is invalid/);
    assert.throws(() => des.encrypt(wrong, block), /DES key of/);
    assert.throws(() => des.cbcLast(K, wrong, block));
    for (const algorithm of ['sm4', '3des', 'des'] as const) {
      assert.throws(() => diversify(algorithm, K, wrong), /factor or session input of 8/);
      for (const mode of ['complement', 'pad80'] as const) {
        const input = { random: wrong, counter: 0, termSeq: Buffer.alloc(4) };
        assert.throws(() => sessionKey(algorithm, K, { input, mode }), /of 8 is due/);
      }
    }
  }
});

answers.run();
