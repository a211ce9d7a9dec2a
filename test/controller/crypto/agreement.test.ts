/** Two implementations, sm-crypto here and OpenSSL in the simulator, on any input. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { des, sm4 } from '../../../controller/crypto/ciphers.ts';
import * as ours from '../../../controller/crypto/purse-keys.ts';
import * as theirs from '../../../sim/crypto.ts';
import { feature } from '../../kit/feature.ts';

const agreement = feature('crypto agreement');

const algorithms = fc.constantFrom<ours.Algorithm>('sm4', '3des', 'des');
const modes = fc.constantFrom<ours.Sm4SessionMode>('complement', 'pad80');
const some = (length: number) => raw(length, length);
const key = some(16);

function raw(minLength: number, maxLength: number) {
  return fc.uint8Array({ minLength, maxLength }).map((list) => Buffer.from(list));
}

agreement.test('any block and key: both ciphers', () => {
  fc.assert(
    fc.property(key, some(48), some(16), (k, data, iv) => {
      assert.equal(sm4.encrypt(k, data), theirs.encrypt('sm4', k, data));
      assert.equal(des.encrypt(k, data), theirs.encrypt('3des', k, data));
      assert.equal(sm4.cbcLast(k, iv, data), theirs.lastBlock('sm4', k, { iv, data }));
      const short = iv.subarray(0, 8);
      assert.equal(des.cbcLast(k, short, data), theirs.lastBlock('3des', k, { iv: short, data }));
    }),
  );
});

agreement.test('any card: diversification over two levels', () => {
  fc.assert(
    fc.property(algorithms, key, some(8), some(8), (algorithm, master, issuer, card) => {
      const issuerKey = ours.diversify(algorithm, master, issuer);
      const cardKey = ours.diversify(algorithm, issuerKey, card);
      assert.equal(cardKey, theirs.diversifyAll(algorithm, master, [issuer, card]));
      assert.is(cardKey.length, 16);
    }),
  );
});

const input = fc.record({
  random: some(4),
  counter: fc.integer({ min: 0, max: 0xffff }),
  termSeq: some(4),
});

agreement.test('any purchase: session key in both modes, MAC1 and MAC2', () => {
  fc.assert(
    fc.property(algorithms, modes, key, input, raw(0, 40), (algorithm, mode, k, at, data) => {
      const counter = Buffer.alloc(2);
      counter.writeUInt16BE(at.counter);
      const x = Buffer.concat([at.random, counter, at.termSeq.subarray(2)]);
      const session = ours.sessionKey(algorithm, k, { input: at, mode });
      assert.equal(session, theirs.sessionKey(algorithm, k, { input: x, mode }));
      assert.is(session.length, algorithm === 'sm4' ? 16 : 8);
      const mac = ours.sessionMac(algorithm, session, data);
      assert.equal(mac, theirs.mac(algorithm, session, data));
      assert.is(mac.length, 4);
    }),
    { numRuns: 300 },
  );
});

agreement.test('the session mode matters to SM4 alone', () => {
  const at = { random: Buffer.alloc(4, 7), counter: 9, termSeq: Buffer.alloc(4, 3) };
  const k = Buffer.alloc(16, 5);
  for (const algorithm of ['sm4', '3des', 'des'] as const) {
    const [first, second] = (['complement', 'pad80'] as const).map((mode) =>
      ours.sessionKey(algorithm, k, { input: at, mode }).toString('hex'),
    );
    assert.is(first === second, algorithm !== 'sm4');
  }
});

agreement.test('any secure message: its MAC', () => {
  const challenge = fc.oneof(some(4), some(8));
  fc.assert(
    fc.property(algorithms, key, challenge, raw(0, 40), (algorithm, k, random, data) => {
      const block = theirs.blockLength(algorithm);
      const iv = Buffer.concat([random], block);
      const padded = theirs.pad80(data, block);
      const mac = ours.messagingMac(algorithm, k, { challenge: random, data });
      assert.equal(mac, theirs.secureMac(algorithm, k, { iv, data: padded }));
    }),
  );
});

agreement.test('any data: padding', () => {
  fc.assert(
    fc.property(raw(0, 70), fc.constantFrom(8, 16), (data, block) => {
      const padded = ours.pad80(data, block);
      assert.equal(padded, theirs.pad80(data, block));
      assert.equal(padded.subarray(0, data.length), data);
    }),
  );
});

agreement.test('no input is changed', () => {
  const data = Buffer.alloc(8, 0xa5);
  const k = Buffer.alloc(16, 0x3c);
  for (const algorithm of ['sm4', '3des', 'des'] as const) {
    ours.diversify(algorithm, k, data);
    ours.messagingMac(algorithm, k, { challenge: data.subarray(0, 4), data });
  }
  assert.equal([data, k], [Buffer.alloc(8, 0xa5), Buffer.alloc(16, 0x3c)]);
});

agreement.run();
