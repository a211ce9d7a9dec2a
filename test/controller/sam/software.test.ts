/** What only the software SAM can do wrong: its keys, its configuration, its end. */

import * as assert from 'uvu/assert';
import { type KeySet, parseKeySet } from '../../../controller/sam/key-set.ts';
import type { PurchaseInput } from '../../../controller/sam/sam.ts';
import { createSoftwareSam, type SoftwareSamOptions } from '../../../controller/sam/software.ts';
import { keysAsJson, SIM_ISSUER } from '../../../sim/keys.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';
import {
  AT,
  bytes,
  OPENSSL,
  openssl,
  SERIAL,
  sm4BlockMac,
  TERMINAL,
  upper,
} from '../../sim/card/hand.ts';
import { inputOf, must, told } from './input.ts';

const software = feature('software sam');

function keySet(): KeySet {
  return must(parseKeySet(keysAsJson()));
}

function samOf(differs: Partial<SoftwareSamOptions> = {}) {
  return createSoftwareSam({
    keySet: keySet(),
    algorithms: { '00': '3des', '01': 'des', '03': 'sm4', '04': 'sm4' },
    sessionMode: 'complement',
    firstTermSeq: 0x0102,
    lockKeyVersion: '01',
    ...differs,
  });
}

const SIGNED = `000000C8 09 ${TERMINAL} ${AT}`.replaceAll(' ', '');
const X = '0A1B2C3D00070102';

function cardKey(algorithm: 'sm4' | '3des'): string {
  const by = OPENSSL[algorithm];
  const [master] = keySet().keys.filter(
    (key) => key.usage === 'purchase' && key.algorithm === algorithm,
  );
  if (!master) throw new Error('no key');
  return by.diversify(by.diversify(upper(master.key), SIM_ISSUER), SERIAL.slice(4));
}

for (const [algorithm, byte] of [
  ['sm4', 0x04],
  ['3des', 0x00],
] as const) {
  software.testWith(
    PROGRAMS.openssl,
    `the openssl program alone computes the same ${algorithm} MAC1 and MAC2`,
    async () => {
      const by = OPENSSL[algorithm];
      const session = by.session(cardKey(algorithm), X);
      const sam = samOf();
      const { termSeq, mac1 } = must(await sam.initPurchase(inputOf(byte)));
      assert.is(upper(termSeq), '00000102');
      assert.is(upper(mac1), by.mac(session, SIGNED));
      const mac2 = bytes(by.mac(session, '000000C8'));
      assert.is(told(await sam.creditPurchase(mac2)), 'verified');
    },
  );
}

software.testWith(PROGRAMS.openssl, 'session mode pad80, by the openssl program', async () => {
  const session = openssl('sm4-ecb', cardKey('sm4'), `${X}8000000000000000`);
  const { mac1 } = must(await samOf({ sessionMode: 'pad80' }).initPurchase(inputOf(0x04)));
  assert.is(upper(mac1), OPENSSL.sm4.mac(session, SIGNED));
});

software.testWith(PROGRAMS.openssl, 'algorithm byte 01, single DES by openssl', async () => {
  const left = cardKey('3des').slice(0, 16);
  const session = openssl('des-ede3-ecb', left.repeat(3), X);
  const { mac1 } = must(await samOf().initPurchase(inputOf(0x01)));
  assert.is(upper(mac1), OPENSSL['3des'].mac(session, SIGNED));
});

software.testWith(PROGRAMS.openssl, 'the MAC of a block, by the openssl program', async () => {
  const lock = keySet().keys.find(({ usage, version }) => usage === 'lock' && version === '01');
  const { cardFactor, issuerFactor } = inputOf(0x04);
  const mac = must(await samOf().blockMac(bytes('C0FFEE01'), cardFactor, issuerFactor));
  assert.is(upper(mac ?? Buffer.alloc(0)), sm4BlockMac(upper(lock?.key ?? bytes('')), 'C0FFEE01'));
});

software.test('the worked example that `tapway-sim keys` prints is what it signs', async () => {
  const { example } = keysAsJson();
  for (const [algorithm, byte] of [
    ['sm4', 0x04],
    ['3des', 0x00],
  ] as const) {
    const { card, mac1, mac2, at } = example[algorithm];
    const sam = samOf();
    const cardFactor = bytes(card).subarray(2);
    const signed = must(await sam.initPurchase(inputOf(byte, { cardFactor, at: bytes(at) })));
    assert.is(upper(signed.mac1), mac1);
    assert.is(told(await sam.creditPurchase(bytes(mac2))), 'verified');
  }
});

software.test('the configuration says which algorithm a byte is; others are refused', async () => {
  const { mac1 } = must(await samOf().initPurchase(inputOf(0x04)));
  assert.equal(must(await samOf().initPurchase(inputOf(0x03))).mac1, mac1, '03 is SM4 too');
  const reply = await samOf({ algorithms: { '00': '3des' } }).initPurchase(inputOf(0x04));
  assert.is(told(reply), 'sam-refused none');
  assert.match(reply.ok ? '' : reply.fault.detail, /algorithm 04 is not configured/);
});

software.test('GIVEN a key version that is not there THEN it is named, and no key', async () => {
  const reply = await samOf().initPurchase(inputOf(0x04, { keyVersion: 0x0a }));
  assert.is(reply.ok ? '' : reply.fault.detail, 'no sm4 purchase key of version 0A');
});

software.test('GIVEN a lock key first in the set THEN the key index is the purchase key’s', () => {
  const { keys, ...rest } = keySet();
  assert.is(samOf({ keySet: { ...rest, keys: keys.toReversed() } }).identity.keyIndex, 0x01);
  const locks = keys.filter(({ usage }) => usage === 'lock');
  assert.throws(() => samOf({ keySet: { ...rest, keys: locks } }), /without a purchase key/);
});

software.test('GIVEN the last termSeq THEN it begins again at zero', async () => {
  for (const firstTermSeq of [0xffffffff, 0x1ffffffff]) {
    const sam = samOf({ firstTermSeq });
    const first = must(await sam.initPurchase(inputOf(0x04)));
    const second = must(await sam.initPurchase(inputOf(0x04)));
    assert.equal([upper(first.termSeq), upper(second.termSeq)], ['FFFFFFFF', '00000000']);
  }
});

software.test('WHEN closed THEN the keys are zero, and it signs nothing any more', async () => {
  const held = keySet();
  const sam = samOf({ keySet: held });
  must(await sam.initPurchase(inputOf(0x04)));
  assert.ok(
    held.keys.every(({ key }) => key.some((byte) => byte !== 0)),
    'signing spares them',
  );
  await sam.close();
  assert.ok(held.keys.every(({ key }) => key.equals(Buffer.alloc(16))));
  const { cardFactor, issuerFactor } = inputOf(0x04);
  for (const reply of [
    await sam.creditPurchase(Buffer.alloc(4)),
    await sam.initPurchase(inputOf(0x04)),
    await sam.blockMac(Buffer.alloc(4), cardFactor, issuerFactor),
    await sam.start(),
  ]) {
    assert.is(told(reply), 'sam-absent none');
  }
  await sam.close();
});

software.test('GIVEN a MAC2 of another length THEN wrong', async () => {
  for (const length of [0, 3, 5, 16]) {
    const sam = samOf();
    must(await sam.initPurchase(inputOf(0x04)));
    assert.is(told(await sam.creditPurchase(Buffer.alloc(length))), 'wrong');
  }
});

software.test('two purchases that differ in one input have different MAC1', async () => {
  const differences: Partial<PurchaseInput>[] = [
    {},
    { random: bytes('0A1B2C3E') },
    { counter: 8 },
    { amount_fen: 201 },
    { txnType: 0x06 },
    { at: bytes('20260701083001') },
    { cardFactor: bytes('4399900000000043') },
    { issuerFactor: bytes('01133320FFFFFFFE') },
  ];
  const seen = new Set<string>();
  for (const differs of differences)
    seen.add(upper(must(await samOf().initPurchase(inputOf(0x04, differs))).mac1));
  assert.is(seen.size, differences.length);
});

software.run();
