/**
 * SM2 signatures (GB/T 32918.2, curve of GB/T 32918.5) with the user id 1234567812345678, through
 * OpenSSL. Only the stream calls of node:crypto are standard here: its one-shot `verify` takes an
 * empty user id, `ieee-p1363` refuses every signature without a word, and a key straight from
 * `generateKeyPairSync` signs ECDSA. So Z, DER and the origin of keys are handled here.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  type KeyObject,
} from 'node:crypto';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';

export const SIGNATURE_BYTES = 64;
export const KEY_ID_BYTES = 8;
const POINT_BYTES = 65;

export interface PublicKey {
  /** First 8 bytes of SM3 over the point. */
  readonly id: Buffer;
  /** 65 bytes, 04 ‖ x ‖ y. */
  readonly point: Buffer;
  /** @param signature r ‖ s, 64 bytes; any other length is a wrong signature */
  verify(message: Buffer, signature: Buffer): boolean;
}

export interface PrivateKey {
  readonly publicKey: PublicKey;
  /** Returns r ‖ s, 64 bytes. */
  sign(message: Buffer): Buffer;
}

/** DER of a SubjectPublicKeyInfo on curve SM2 (1.2.156.10197.1.301), up to the point. */
const SPKI = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex');
/** GB/T 32918.5: ENTL ‖ id, then a ‖ b ‖ Gx ‖ Gy. */
const Z_PREFIX = Buffer.concat([
  Buffer.from('0080', 'hex'),
  Buffer.from('1234567812345678'),
  Buffer.from(
    [
      'fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc',
      '28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93',
      '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7',
      'bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0',
    ].join(''),
    'hex',
  ),
]);
const ORDER = Buffer.from(
  'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123',
  'hex',
);
const ZERO = Buffer.alloc(32);

/** @param point 65 bytes, 04 ‖ x ‖ y. Fault `list-refused`: no point of the curve. */
export function publicKeyFrom(point: Buffer): Reply<PublicKey> {
  if (point.length !== POINT_BYTES || point.readUInt8(0) !== 4) {
    return refused('an SM2 public key is 04 ‖ x ‖ y, 65 bytes; check trusted_keys');
  }
  try {
    const spki = Buffer.concat([SPKI, point]);
    // OpenSSL refuses a point that is not on the curve.
    return ok(publicKey(createPublicKey({ key: spki, format: 'der', type: 'spki' }), point));
  } catch {
    return refused('the SM2 public key is no point of the curve; check trusted_keys');
  }
}

/**
 * @param pem unencrypted PKCS#8 or SEC1, as `openssl genpkey -algorithm SM2` writes it. Fault
 * `list-refused`: no such key.
 */
export function privateKeyFrom(pem: string): Reply<PrivateKey> {
  if (/ENCRYPTED/.test(pem)) {
    return refused('the key is encrypted; decrypt it first with `openssl pkey -in KEY`');
  }
  try {
    const key = createPrivateKey(pem);
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const point = spki.subarray(SPKI.length);
    if (point.length !== POINT_BYTES || !spki.subarray(0, SPKI.length).equals(SPKI)) {
      return refused('the key is not on curve SM2; make one with `openssl genpkey -algorithm SM2`');
    }
    return ok(privateKey(key, publicKey(createPublicKey(key), point)));
  } catch {
    return refused('no private key in PEM; make one with `openssl genpkey -algorithm SM2`');
  }
}

function publicKey(key: KeyObject, given: Buffer): PublicKey {
  const point = Buffer.from(given);
  const z = sm3(Buffer.concat([Z_PREFIX, point.subarray(1)]));
  return {
    id: sm3(point).subarray(0, KEY_ID_BYTES),
    point,
    verify(message, signature) {
      const der = toDer(signature);
      return der !== null && createVerify('sm3').update(z).update(message).verify(key, der);
    },
  };
}

function privateKey(key: KeyObject, its: PublicKey): PrivateKey {
  const z = sm3(Buffer.concat([Z_PREFIX, its.point.subarray(1)]));
  return {
    publicKey: its,
    sign: (message) => fromDer(createSign('sm3').update(z).update(message).sign(key)),
  };
}

/** Strict DER of SEQUENCE { r, s }; null unless both lie in 1 … n-1. */
function toDer(signature: Buffer): Buffer | null {
  if (signature.length !== SIGNATURE_BYTES) return null;
  const parts = [signature.subarray(0, 32), signature.subarray(32)];
  if (parts.some((part) => part.equals(ZERO) || part.compare(ORDER) >= 0)) return null;
  const body = Buffer.concat(parts.map(toInteger));
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** A DER integer is as short as possible, and a leading 1 bit would make it negative. */
function toInteger(part: Buffer): Buffer {
  const digits = part.subarray(part.findIndex((byte) => byte !== 0));
  const sign = Buffer.alloc(digits.readUInt8(0) < 0x80 ? 0 : 1);
  return Buffer.concat([Buffer.from([2, sign.length + digits.length]), sign, digits]);
}

/** OpenSSL's own DER: two integers of at most 33 bytes, so every length is one byte. */
function fromDer(der: Buffer): Buffer {
  const signature = Buffer.alloc(SIGNATURE_BYTES);
  let at = 2;
  for (const end of [32, 64]) {
    const next = at + 2 + der.readUInt8(at + 1);
    const digits = der.subarray(Math.max(at + 2, next - 32), next);
    digits.copy(signature, end - digits.length);
    at = next;
  }
  return signature;
}

function sm3(bytes: Buffer): Buffer {
  return createHash('sm3').update(bytes).digest();
}

function refused(detail: string) {
  return failed('list-refused', 'none', detail);
}
