/**
 * The key file of the software SAM: one JSON object. Its header says in the clear what the keys
 * are; the keys are sealed with a passphrase (scrypt, RFC 7914; AES-256-GCM with the whole header
 * as additional data). Text that differs in a single byte from what `sealKeys` wrote is refused.
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { ok, type Reply } from '../../firmware-bridge/ports.ts';
import {
  concealed,
  faultInKeySet,
  fieldsOf,
  isHex,
  KEY_BYTES,
  type KeyLabel,
  type KeySet,
  kcvOf,
  nameOf,
  refuseKeys,
  wipeKeys,
} from './key-set.ts';

export interface CheckedLabel extends KeyLabel {
  /** Key check value, 3 bytes, upper-case hex: see `kcvOf`. */
  readonly kcv: string;
}

/** What stands in the clear. Nobody can change it unseen, but only the passphrase proves that. */
export interface SealedHeader extends KeySet<CheckedLabel> {
  readonly format: string;
  readonly version: number;
  /** UTC date, `YYYY-MM-DD`. */
  readonly created: string;
  readonly kdf: { name: string; N: number; r: number; p: number; salt: string };
  readonly cipher: { name: string; iv: string };
}

interface Envelope {
  readonly header: SealedHeader;
  /** The keys in the order of the header, 16 bytes each. */
  readonly ciphertext: string;
  readonly tag: string;
}

export interface SealOptions {
  readonly passphrase: string;
  /** Wall clock, ms since 1970 UTC. */
  readonly created_ms: number;
}

const VERSION = 2;
const FORMAT = 'tapway-sealed-keys';
const PASSPHRASE_MIN = 12;
const SCRYPT = { name: 'scrypt', N: 2 ** 15, r: 8, p: 1 };
/** 128·N·r bytes: what a file may ask of this board. */
const SCRYPT_MAX_BYTES = 64 * 1024 * 1024;
const CIPHER = 'aes-256-gcm';

/** Fault `sam-keys`: the passphrase has fewer than 12 characters, or the key set is not valid. */
export function sealKeys(
  { terminal, psam_serial, keys }: KeySet,
  { passphrase, created_ms }: SealOptions,
): Reply<string> {
  if ([...passphrase].length < PASSPHRASE_MIN) {
    return refuseKeys(`the passphrase needs at least ${PASSPHRASE_MIN} characters`);
  }
  const wrong = faultInKeySet({ terminal, psam_serial, keys });
  if (wrong) return refuseKeys(wrong);
  if (keys.some(({ key }) => key.length !== KEY_BYTES)) {
    return refuseKeys(`a key has not ${KEY_BYTES} bytes`);
  }
  const labels = keys.map(({ key, ...label }) => ({ ...label, kcv: kcvOf({ ...label, key }) }));
  const header: SealedHeader = {
    format: FORMAT,
    version: VERSION,
    created: new Date(created_ms).toISOString().slice(0, 10),
    terminal,
    psam_serial,
    keys: labels,
    kdf: { ...SCRYPT, salt: randomBytes(16).toString('hex') },
    cipher: { name: CIPHER, iv: randomBytes(12).toString('hex') },
  };
  const plain = Buffer.concat(keys.map(({ key }) => key));
  const sealing = deriveKey(header, passphrase);
  const cipher = createCipheriv(CIPHER, sealing, Buffer.from(header.cipher.iv, 'hex'));
  cipher.setAAD(Buffer.from(JSON.stringify(header)));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]).toString('hex');
  plain.fill(0);
  sealing.fill(0);
  return ok(write({ header, ciphertext, tag: cipher.getAuthTag().toString('hex') }));
}

/** What the file says of itself. Fault `sam-keys`: no key file, damaged, or another version. */
export function readSealedHeader(text: string): Reply<SealedHeader> {
  const envelope = readEnvelope(text);
  return envelope.ok ? ok(envelope.value.header) : envelope;
}

/** Fault `sam-keys` as for the header, and: wrong passphrase, or a check value does not fit. */
export function openSealedKeys(text: string, passphrase: string): Reply<KeySet> {
  if (passphrase === '') return refuseKeys('no passphrase was given');
  const envelope = readEnvelope(text);
  if (!envelope.ok) return envelope;
  const { header } = envelope.value;
  const plain = decrypt(envelope.value, passphrase);
  if (!plain) return refuseKeys('wrong passphrase, or somebody changed the file');
  const keys = header.keys.map(({ kcv: _, ...label }, at) => {
    // A copy of its own: wiping the plain text must leave it alone.
    const key = Buffer.from(plain.subarray(at * KEY_BYTES, (at + 1) * KEY_BYTES));
    return { ...label, key: concealed(key) };
  });
  plain.fill(0);
  const { terminal, psam_serial } = header;
  const keySet: KeySet = { terminal, psam_serial, keys };
  const strange = keys.find((key, at) => kcvOf(key) !== header.keys[at]?.kcv);
  if (!strange) return ok(keySet);
  wipeKeys(keySet);
  return refuseKeys(`${nameOf(strange)}: its check value (KCV) does not fit; seal the keys again`);
}

function readEnvelope(text: string): Reply<Envelope> {
  const sealed = parseJson(text);
  if (sealed.format !== FORMAT) {
    return refuseKeys(text.includes(FORMAT) ? DAMAGED : 'this is no sealed key file');
  }
  if (sealed.version === 1) {
    return refuseKeys('version 1, from before the first release: seal the keys again');
  }
  const body = text.slice(0, text.lastIndexOf(SUM_LINE));
  if (text !== withCheckSum(body)) return refuseKeys(DAMAGED);
  if (sealed.version !== VERSION) {
    const known = `this program knows version ${VERSION}`;
    return refuseKeys(`a version that this program does not know (${known}): update it`);
  }
  const envelope = shapeOf(sealed);
  // Written again it must be the same text: so nothing in it escapes the passphrase.
  return hasSaneParameters(envelope) && text === write(envelope)
    ? ok(envelope)
    : refuseKeys('the file has unusual fields, key derivation or cipher parameters');
}

const DAMAGED = 'the file is damaged (check sum); restore it from its copy';

/** Takes what it knows; what is left out or of another type then shows in the text. */
function shapeOf(sealed: Readonly<Record<string, unknown>>): Envelope {
  const kdf = fieldsOf(sealed.kdf);
  const cipher = fieldsOf(sealed.cipher);
  const keys: readonly unknown[] = Array.isArray(sealed.keys) ? sealed.keys : [];
  const header: SealedHeader = {
    format: FORMAT,
    version: VERSION,
    created: textOf(sealed.created),
    terminal: textOf(sealed.terminal),
    psam_serial: textOf(sealed.psam_serial),
    keys: keys.map(labelOf),
    kdf: {
      name: textOf(kdf.name),
      N: numberOf(kdf.N),
      r: numberOf(kdf.r),
      p: numberOf(kdf.p),
      salt: textOf(kdf.salt),
    },
    cipher: { name: textOf(cipher.name), iv: textOf(cipher.iv) },
  };
  return { header, ciphertext: textOf(sealed.ciphertext), tag: textOf(sealed.tag) };
}

function labelOf(item: unknown): CheckedLabel {
  const { usage, algorithm, index, version, kcv } = fieldsOf(item);
  return {
    usage: usage === 'lock' ? usage : 'purchase',
    algorithm: algorithm === '3des' ? algorithm : 'sm4',
    index: textOf(index),
    version: textOf(version),
    kcv: textOf(kcv),
  };
}

/** `String()` would run out of stack on lists in lists in lists. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function hasSaneParameters({ header, ciphertext, tag }: Envelope): boolean {
  const { created, keys, kdf, cipher } = header;
  const { N, r, p } = kdf;
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(created) &&
    faultInKeySet(header) === null &&
    keys.every(({ kcv }) => isHex(kcv, 3)) &&
    kdf.name === SCRYPT.name &&
    cipher.name === CIPHER &&
    [N, r, p].every((value) => Number.isSafeInteger(value) && value >= 1) &&
    Number.isInteger(Math.log2(N)) &&
    N >= 2 ** 14 &&
    128 * N * r <= SCRYPT_MAX_BYTES &&
    p <= 4 &&
    isHex(kdf.salt, 16) &&
    isHex(cipher.iv, 12) &&
    isHex(tag, 16) &&
    isHex(ciphertext, keys.length * KEY_BYTES)
  );
}

function decrypt({ header, ciphertext, tag }: Envelope, passphrase: string): Buffer | null {
  const key = deriveKey(header, passphrase);
  const iv = Buffer.from(header.cipher.iv, 'hex');
  const cipher = createDecipheriv(CIPHER, key, iv, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(JSON.stringify(header)));
  cipher.setAuthTag(Buffer.from(tag, 'hex'));
  const plain = cipher.update(Buffer.from(ciphertext, 'hex'));
  try {
    cipher.final();
    return plain;
  } catch {
    // With the right passphrase and a forged tag these are the keys.
    plain.fill(0);
    return null;
  } finally {
    key.fill(0);
  }
}

function deriveKey({ kdf }: SealedHeader, passphrase: string): Buffer {
  const { N, r, p, salt } = kdf;
  const maxmem = 2 * SCRYPT_MAX_BYTES;
  return scryptSync(passphrase.normalize('NFC'), Buffer.from(salt, 'hex'), 32, { N, r, p, maxmem });
}

function write({ header, ciphertext, tag }: Envelope): string {
  const json = JSON.stringify({ ...header, ciphertext, tag }, null, 2);
  return withCheckSum(json.slice(0, -2));
}

const SUM_LINE = ',\n  "sha256": "';

/**
 * The sum of every byte before it. It tells a damaged file from a wrong passphrase; it protects
 * nothing.
 * @param body the JSON object without the bracket that ends it
 */
function withCheckSum(body: string): string {
  return `${body}${SUM_LINE}${createHash('sha256').update(body).digest('hex')}"\n}\n`;
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}
