/** SM2 against the standard's example, sm-crypto and the openssl program. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import smCrypto from 'sm-crypto';
import * as assert from 'uvu/assert';
import {
  type PrivateKey,
  type PublicKey,
  privateKeyFrom,
  publicKeyFrom,
} from '../../../controller/crypto/sm2.ts';
import type { Reply } from '../../../firmware-bridge/ports.ts';
import { feature, PROGRAMS } from '../../kit/feature.ts';

const sm2 = feature('SM2');

// GB/T 32918.5 A.2: id 1234567812345678, message "message digest".
const D = '3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8';
const POINT = [
  '04',
  '09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020',
  'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
].join('');
const R = 'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3';
const S = 'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa';
const N = 'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123';
const MESSAGE = Buffer.from('message digest');
const DISTID = ['-sigopt', 'distid:1234567812345678'];

const signatureOf = (...parts: readonly string[]) => Buffer.from(parts.join(''), 'hex');
const messages = fc.uint8Array({ maxLength: 80 }).map((list) => Buffer.from(list));

sm2.test('GIVEN the example of GB/T 32918.5 THEN its signature is right, any other wrong', () => {
  const key = publicKey(POINT);
  assert.ok(key.verify(MESSAGE, signatureOf(R, S)));
  assert.not.ok(key.verify(Buffer.from('message digesu'), signatureOf(R, S)));
  assert.not.ok(key.verify(MESSAGE, signatureOf(S, R)));
  assert.equal(key.id, createHash('sm3').update(Buffer.from(POINT, 'hex')).digest().subarray(0, 8));
});

sm2.test('GIVEN r or s outside 1 … n-1, or a wrong length THEN the signature is wrong', () => {
  const key = publicKey(POINT);
  const zero = '00'.repeat(32);
  for (const parts of [[zero, S], [R, zero], [N, S], [R, N], ['ff'.repeat(32), S], [R], []]) {
    assert.not.ok(key.verify(MESSAGE, signatureOf(...parts)), parts.join(' '));
  }
  assert.not.ok(key.verify(MESSAGE, signatureOf(R, S, '00')));
});

sm2.test('any signature bytes: an answer, never an exception', () => {
  const key = publicKey(POINT);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (list) => {
      assert.not.ok(key.verify(MESSAGE, Buffer.from(list)));
    }),
  );
});

sm2.test('GIVEN a small r or s THEN DER is written as short as it must be', () => {
  // Wrong signatures all the same; OpenSSL must only be able to read them.
  for (const small of ['01', '7f', '80', '0080', '00ff']) {
    const part = small.padStart(64, '0');
    assert.not.ok(publicKey(POINT).verify(MESSAGE, signatureOf(part, part)));
  }
});

sm2.test('GIVEN a point that is none THEN it is refused with advice', () => {
  const off = `${POINT.slice(0, -1)}4`;
  const cases = [
    off,
    `04${'ff'.repeat(64)}`,
    `04${'00'.repeat(64)}`,
    '00',
    '',
    `02${POINT.slice(2)}`,
  ];
  for (const point of [...cases, POINT.slice(0, -2), `${POINT}00`]) {
    const refused = publicKeyFrom(Buffer.from(point, 'hex'));
    assert.is(refused.ok, false, point);
    if (!refused.ok) assert.match(refused.fault.detail, 'check trusted_keys');
  }
});

sm2.test(
  'GIVEN sm-crypto THEN each verifies what the other signed, and nothing else',
  () => {
    fc.assert(
      fc.property(messages, fc.nat(63), (message, position) => {
        const pair = smCrypto.sm2.generateKeyPairHex();
        const key = need(privateKeyFrom(sec1(pair.privateKey, pair.publicKey)));
        assert.is(key.publicKey.point.toString('hex'), pair.publicKey);
        const list = [...message];
        const options = { hash: true, publicKey: pair.publicKey } as const;
        const ours = key.sign(message);
        const theirs = smCrypto.sm2.doSignature(list, pair.privateKey, options);
        const judge = (signature: Buffer) =>
          smCrypto.sm2.doVerifySignature(list, signature.toString('hex'), pair.publicKey, options);
        assert.is(ours.length, 64);
        assert.ok(judge(ours));
        assert.ok(key.publicKey.verify(message, Buffer.from(theirs, 'hex')));
        ours.writeUInt8(ours.readUInt8(position) ^ 1, position);
        assert.not.ok(judge(ours));
        assert.not.ok(key.publicKey.verify(message, ours));
      }),
      { numRuns: 10 },
    );
  },
  30_000,
);

sm2.test('GIVEN no SM2 key in the PEM THEN the refusal says what to do and shows no key', () => {
  const body = 'TUlHSEFnRUFNQk1HQnlxR1NNNDlBZ0VHQ0NxQkhNOVZBWUl0';
  const cases: [string, RegExp][] = [
    ['', /openssl genpkey -algorithm SM2/],
    [`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`, /openssl genpkey/],
    [`-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n`, /openssl pkey -in/],
    [sec1(D, POINT).replace('BEGIN EC', 'BEGIN RSA'), /openssl genpkey/],
  ];
  for (const [pem, advice] of cases) {
    const refused = privateKeyFrom(pem);
    assert.ok(!refused.ok);
    assert.match(refused.fault.detail, advice);
    assert.not.match(refused.fault.detail, body);
  }
});

sm2.testWith(PROGRAMS.openssl, 'GIVEN any way OpenSSL makes a key THEN both agree', () => {
  const ways = [
    ['genpkey', '-algorithm', 'SM2'],
    ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:SM2'],
    ['ecparam', '-name', 'SM2', '-genkey', '-noout'],
  ];
  withFolder((at) => {
    for (const way of ways) {
      openssl(...way, '-out', at('key.pem'));
      openssl('pkey', '-in', at('key.pem'), '-pubout', '-out', at('public.pem'));
      openssl('ec', '-in', at('key.pem'), '-out', at('sec1.pem'));
      const key = need(privateKeyFrom(readFileSync(at('key.pem'), 'utf8')));
      const again = need(privateKeyFrom(readFileSync(at('sec1.pem'), 'utf8')));
      assert.equal(again.publicKey.point, key.publicKey.point);

      writeFileSync(at('message'), MESSAGE);
      const theirs = openssl('dgst', '-sm3', '-sign', at('key.pem'), ...DISTID, at('message'));
      assert.ok(key.publicKey.verify(MESSAGE, flat(theirs)));

      const ours = again.sign(MESSAGE).toString('hex');
      const [high, low] = [ours.slice(0, 64), ours.slice(64)];
      const lines = ['asn1=SEQUENCE:sig', '[sig]', `r=INTEGER:0x${high}`, `s=INTEGER:0x${low}`];
      writeFileSync(at('sig.conf'), `${lines.join('\n')}\n`);
      openssl('asn1parse', '-genconf', at('sig.conf'), '-noout', '-out', at('sig.der'));
      const verdict = openssl(
        ...['dgst', '-sm3', '-verify', at('public.pem'), '-signature', at('sig.der')],
        ...[...DISTID, at('message')],
      );
      assert.match(verdict.toString(), 'Verified OK');
    }
  });
});

sm2.testWith(PROGRAMS.openssl, 'GIVEN a key of another curve or with a passphrase THEN no', () => {
  withFolder((at) => {
    const p256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    openssl('genpkey', ...p256, '-out', at('key.pem'));
    const other = privateKeyFrom(readFileSync(at('key.pem'), 'utf8'));
    assert.match(other.ok ? '' : other.fault.detail, 'not on curve SM2');
    openssl('genpkey', '-algorithm', 'SM2', '-aes128', '-pass', 'pass:four', '-out', at('key.pem'));
    const locked = privateKeyFrom(readFileSync(at('key.pem'), 'utf8'));
    assert.match(locked.ok ? '' : locked.fault.detail, 'decrypt it first');
  });
});

sm2.run();

function publicKey(point: string): PublicKey {
  return need(publicKeyFrom(Buffer.from(point, 'hex')));
}

function need<T extends PublicKey | PrivateKey>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(reply.fault.detail);
  return reply.value;
}

/** RFC 5915 with the curve's name. */
function sec1(d: string, point: string): string {
  const der = Buffer.from(
    `30770201010420${d}a00a06082a811ccf5501822da144034200${point}`,
    'hex',
  ).toString('base64');
  return `-----BEGIN EC PRIVATE KEY-----\n${der}\n-----END EC PRIVATE KEY-----\n`;
}

/** r ‖ s of a DER signature, by OpenSSL's own reading of it. */
function flat(der: Buffer): Buffer {
  const text = execFileSync('openssl', ['asn1parse', '-inform', 'DER'], { input: der }).toString();
  const numbers = [...text.matchAll(/INTEGER\s+:([0-9A-F]+)/g)].map(([, digits = '']) => digits);
  return signatureOf(...numbers.map((digits) => digits.padStart(64, '0')));
}

function openssl(...args: readonly string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
}

function withFolder(body: (at: (name: string) => string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'tapway-sm2-'));
  try {
    body((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
