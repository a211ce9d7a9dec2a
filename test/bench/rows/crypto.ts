import { createCipheriv, createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import smCrypto from 'sm-crypto';
import { diversify, pad80, sessionMac } from '../../../controller/crypto/purse-keys.ts';
import { privateKeyFrom } from '../../../controller/crypto/sm2.ts';
import { expectOk } from '../kit/lane.ts';
import { timed } from '../kit/stopwatch.ts';
import { type Line, lineOf, quantilesOf, type Row } from '../measure.ts';

/** What MAC1 covers: amount, type, terminal, time. */
const MAC1_BYTES = 18;

export const sm4: Row = {
  name: 'sm4',
  what: 'SM4 as the software SAM uses it, beside node:crypto (OpenSSL) doing the same',
  async run({ quick }) {
    const key = randomBytes(16);
    const data = randomBytes(MAC1_BYTES);
    const factor = randomBytes(8);
    const zero = Buffer.alloc(16);
    const taken = timed({
      of: {
        ours: () => sessionMac('sm4', key, data),
        openssl: () => opensslMac(key, zero, data),
        derive: () => diversify('sm4', key, factor),
      },
      ...{ rounds: quick ? 3 : 10, calls: quick ? 5_000 : 20_000 },
    });
    if (!sessionMac('sm4', key, data).equals(opensslMac(key, zero, data))) {
      throw new Error('the two do not agree');
    }
    return [
      ...pairOf('SM4 MAC1', { ours: taken.ours, peer: taken.openssl, by: 'node:crypto' }, 5),
      lineOf('SM4 diversification, one level', 'µs', quantilesOf(taken.derive)),
    ];
  },
};

function opensslMac(key: Buffer, iv: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv('sm4-cbc', key, iv).setAutoPadding(false);
  return cipher.update(pad80(data, 16)).subarray(-16, -12);
}

export const sm2: Row = {
  name: 'sm2',
  what: 'SM2 verification of a list signature, beside sm-crypto doing the same',
  async run({ quick }) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const key = expectOk(privateKeyFrom(pem));
    const { publicKey } = key;
    const message = createHash('sm3').update(randomBytes(64)).digest();
    const signature = key.sign(message);
    const hex = { signature: signature.toString('hex'), point: publicKey.point.toString('hex') };
    const bySmCrypto = () =>
      smCrypto.sm2.doVerifySignature([...message], hex.signature, hex.point, { hash: true });
    if (!publicKey.verify(message, signature) || !bySmCrypto()) throw new Error('not verified');
    const taken = timed({
      of: { ours: () => publicKey.verify(message, signature), peer: bySmCrypto },
      ...{ rounds: quick ? 2 : 6, calls: quick ? 20 : 100, unit: 'ms' },
    });
    return pairOf('SM2 verify', { ...taken, by: 'sm-crypto' }, 1);
  },
};

interface Pair {
  readonly ours: number[][];
  readonly peer: number[][];
  readonly by: string;
}

function pairOf(measure: string, { ours, peer, by }: Pair, limit: number): Line[] {
  const unit = measure.startsWith('SM4') ? 'µs' : 'ms';
  const mine = quantilesOf(ours);
  const its = quantilesOf(peer);
  const ratio = { times: mine.p50 / its.p50, of: by };
  return [
    lineOf(`${measure}, as used`, unit, { ...mine, ratio, target: { p50: limit } }),
    lineOf(`${measure}, ${by}`, unit, its),
  ];
}
