/**
 * The key file of the software SAM: one JSON object, its keys sealed with a passphrase (scrypt, RFC
 * 7914; AES-256-GCM with the whole header as additional data). Text that differs in a single byte
 * from what `sealKeys` wrote is refused. Keys live in Buffers that `wipeKeys` can zero.
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';

export interface SamKey {
  readonly usage: 'purchase' | 'lock';
  readonly algorithm: 'sm4' | '3des';
  /** One byte, upper-case hex. */
  readonly index: string;
  /** One byte, upper-case hex. */
  readonly version: string;
  /** 16 bytes: a master key. */
  readonly key: Buffer;
}

export interface KeySet {
  /** Terminal id, 6 bytes, upper-case hex. */
  readonly terminal: string;
  /** PSAM serial, 10 bytes, upper-case hex. */
  readonly psam_serial: string;
  readonly keys: readonly SamKey[];
}

const USAGES = ['purchase', 'lock'] as const;
const ALGORITHMS = ['sm4', '3des'] as const;
const PASSPHRASE_MIN = 12;
const KEYS_MAX = 64;
const HEAD_BYTES = 16;
const ENTRY_BYTES = 20;
const FORMAT = 'tapway-sealed-keys';
const SCRYPT = { name: 'scrypt', N: 2 ** 15, r: 8, p: 1 };
/** 128·N·r bytes: what a file may ask of this board. */
const SCRYPT_MAX_BYTES = 64 * 1024 * 1024;

interface Header {
  readonly format: string;
  readonly version: number;
  readonly kdf: { name: string; N: number; r: number; p: number; salt: string };
  readonly cipher: { name: string; iv: string };
}

interface Envelope extends Header {
  readonly ciphertext: string;
  readonly tag: string;
}

/** Fault `sam-keys`: the passphrase has fewer than 12 characters, or the key set is not valid. */
export function sealKeys(keySet: KeySet, passphrase: string): Reply<string> {
  if ([...passphrase].length < PASSPHRASE_MIN) {
    return refuse(`the passphrase needs at least ${PASSPHRASE_MIN} characters`);
  }
  const wrong = faultInKeySet(keySet);
  if (wrong) return refuse(wrong);
  const header: Header = {
    format: FORMAT,
    version: 1,
    kdf: { ...SCRYPT, salt: randomBytes(16).toString('hex') },
    cipher: { name: 'aes-256-gcm', iv: randomBytes(12).toString('hex') },
  };
  const plain = toBytes(keySet);
  const key = deriveKey(header, passphrase);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(header.cipher.iv, 'hex'));
  cipher.setAAD(Buffer.from(JSON.stringify(header)));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]).toString('hex');
  plain.fill(0);
  key.fill(0);
  return ok(write({ ...header, ciphertext, tag: cipher.getAuthTag().toString('hex') }));
}

/** Fault `sam-keys`: damaged, of another version, or the wrong passphrase. */
export function openSealedKeys(text: string, passphrase: string): Reply<KeySet> {
  if (passphrase === '') return refuse('no passphrase was given');
  const read = readEnvelope(text);
  if (!read.ok) return read;
  const plain = decrypt(read.value, passphrase);
  if (!plain) return refuse('wrong passphrase, or somebody changed the file');
  const keySet = fromBytes(plain);
  plain.fill(0);
  if (keySet && faultInKeySet(keySet) === null) return ok(keySet);
  if (keySet) wipeKeys(keySet);
  return refuse('the sealed content is no key set');
}

/**
 * Takes the JSON that `tapway-sim keys` prints, or the same from a key management system: unknown
 * fields and TAC keys are left out (a SAM holds none), unknown usages are refused.
 */
export function parseKeySet(json: unknown): Reply<KeySet> {
  const { terminal, psam_serial, keys } = fieldsOf(json);
  if (!isHex(terminal, 6)) return refuse('`terminal` must be 6 bytes of hex');
  if (!isHex(psam_serial, 10)) return refuse('`psam_serial` must be 10 bytes of hex');
  if (!Array.isArray(keys)) return refuse('`keys` must be a list');
  const parsed: SamKey[] = [];
  for (const [at, item] of keys.entries()) {
    const fields = fieldsOf(item);
    if (fields.usage === 'tac') continue;
    const key = parseKey(fields);
    if (typeof key === 'string') return refuse(`key ${at + 1}: ${key}`);
    parsed.push(key);
  }
  const keySet = {
    terminal: terminal.toUpperCase(),
    psam_serial: psam_serial.toUpperCase(),
    keys: parsed,
  };
  const wrong = faultInKeySet(keySet);
  return wrong ? refuse(wrong) : ok(keySet);
}

/** Zeroes the keys; the set is useless afterwards. */
export function wipeKeys(keySet: KeySet): void {
  for (const { key } of keySet.keys) key.fill(0);
}

/** The key, or what is wrong with it; never its bytes. */
function parseKey(fields: Readonly<Record<string, unknown>>): SamKey | string {
  const usage = USAGES.find((known) => known === fields.usage);
  const algorithm = ALGORITHMS.find((known) => known === fields.algorithm);
  const { index, version, key } = fields;
  if (!usage) return `\`usage\` must be one of ${USAGES.join(', ')}, tac`;
  if (!algorithm) return `\`algorithm\` must be one of ${ALGORITHMS.join(', ')}`;
  if (!isHex(index, 1) || !isHex(version, 1)) return '`index` and `version` must be 1 byte of hex';
  if (!isHex(key, 16)) return '`key` must be 16 bytes of hex';
  return {
    usage,
    algorithm,
    index: index.toUpperCase(),
    version: version.toUpperCase(),
    key: Buffer.from(key, 'hex'),
  };
}

function faultInKeySet({ terminal, psam_serial, keys }: KeySet): string | null {
  if (!isHex(terminal, 6) || !isHex(psam_serial, 10)) return 'terminal or serial is not valid';
  if (keys.length > KEYS_MAX) return `at most ${KEYS_MAX} keys`;
  if (!keys.some(({ usage }) => usage === 'purchase')) return 'there is no purchase key';
  const names = new Set<string>();
  for (const { usage, algorithm, index, version, key } of keys) {
    const name = `${usage} key, ${algorithm}, index ${index}, version ${version}`;
    if (!isHex(index, 1) || !isHex(version, 1) || key.length !== 16) return `${name} is not valid`;
    if (names.has(name)) return `${name}, is there twice`;
    names.add(name);
  }
  return null;
}

function readEnvelope(text: string): Reply<Envelope> {
  const parsed = parseJson(text);
  if (parsed.format !== FORMAT) return refuse('this is no sealed key file');
  if (parsed.version !== 1) return refuse('the file has a version that this program does not know');
  const kdf = fieldsOf(parsed.kdf);
  const cipher = fieldsOf(parsed.cipher);
  const envelope: Envelope = {
    format: FORMAT,
    version: 1,
    kdf: {
      name: String(kdf.name),
      N: Number(kdf.N),
      r: Number(kdf.r),
      p: Number(kdf.p),
      salt: String(kdf.salt),
    },
    cipher: { name: String(cipher.name), iv: String(cipher.iv) },
    ciphertext: String(parsed.ciphertext),
    tag: String(parsed.tag),
  };
  // Written again it must be the same text: so no byte is outside the check sum.
  const canonical = write(envelope);
  if (text !== canonical && text !== canonical.trimEnd()) {
    return refuse('the file is damaged; restore it from its copy');
  }
  return hasSaneParameters(envelope)
    ? ok(envelope)
    : refuse('the file asks for unusual key derivation or cipher parameters');
}

function hasSaneParameters({ kdf, cipher, ciphertext, tag }: Envelope): boolean {
  const { N, r, p } = kdf;
  return (
    kdf.name === SCRYPT.name &&
    cipher.name === 'aes-256-gcm' &&
    [N, r, p].every((value) => Number.isSafeInteger(value) && value >= 1) &&
    Number.isInteger(Math.log2(N)) &&
    N >= 2 ** 14 &&
    128 * N * r <= SCRYPT_MAX_BYTES &&
    p <= 4 &&
    isHex(kdf.salt, 16) &&
    isHex(cipher.iv, 12) &&
    isHex(tag, 16) &&
    ciphertext.length <= 2 * (HEAD_BYTES + KEYS_MAX * ENTRY_BYTES)
  );
}

function decrypt(envelope: Envelope, passphrase: string): Buffer | null {
  const { ciphertext, tag, ...header } = envelope;
  const key = deriveKey(header, passphrase);
  try {
    const iv = Buffer.from(header.cipher.iv, 'hex');
    const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
    cipher.setAAD(Buffer.from(JSON.stringify(header)));
    cipher.setAuthTag(Buffer.from(tag, 'hex'));
    const plain = cipher.update(Buffer.from(ciphertext, 'hex'));
    cipher.final();
    return plain;
  } catch {
    return null;
  } finally {
    key.fill(0);
  }
}

function deriveKey({ kdf }: Header, passphrase: string): Buffer {
  const { N, r, p, salt } = kdf;
  const maxmem = 2 * SCRYPT_MAX_BYTES;
  return scryptSync(passphrase.normalize('NFC'), Buffer.from(salt, 'hex'), 32, { N, r, p, maxmem });
}

/** The check sum tells a damaged file from a wrong passphrase; it protects nothing. */
function write(envelope: Envelope): string {
  const sha256 = createHash('sha256').update(JSON.stringify(envelope)).digest('hex');
  return `${JSON.stringify({ ...envelope, sha256 }, null, 2)}\n`;
}

/** terminal 6 ‖ serial 10 ‖ (usage 1 ‖ algorithm 1 ‖ index 1 ‖ version 1 ‖ key 16) × n: binary, so
 * that no key passes through a string that cannot be wiped. */
function toBytes({ terminal, psam_serial, keys }: KeySet): Buffer {
  const plain = Buffer.alloc(HEAD_BYTES + keys.length * ENTRY_BYTES);
  plain.write(terminal + psam_serial, 'hex');
  for (const [at, { usage, algorithm, index, version, key }] of keys.entries()) {
    const offset = HEAD_BYTES + at * ENTRY_BYTES;
    plain.writeUInt8(USAGES.indexOf(usage), offset);
    plain.writeUInt8(ALGORITHMS.indexOf(algorithm), offset + 1);
    plain.write(index + version, offset + 2, 'hex');
    key.copy(plain, offset + 4);
  }
  return plain;
}

function fromBytes(plain: Buffer): KeySet | null {
  if (plain.length < HEAD_BYTES || (plain.length - HEAD_BYTES) % ENTRY_BYTES !== 0) return null;
  const hex = (from: number, to: number) => plain.toString('hex', from, to).toUpperCase();
  const keys: SamKey[] = [];
  for (let at = HEAD_BYTES; at < plain.length; at += ENTRY_BYTES) {
    const usage = USAGES[plain.readUInt8(at)];
    const algorithm = ALGORITHMS[plain.readUInt8(at + 1)];
    if (!usage || !algorithm) return null;
    const index = hex(at + 2, at + 3);
    const version = hex(at + 3, at + 4);
    // A copy of its own: wiping the plain text must leave it alone.
    const key = Buffer.from(plain.subarray(at + 4, at + ENTRY_BYTES));
    keys.push({ usage, algorithm, index, version, key });
  }
  return { terminal: hex(0, 6), psam_serial: hex(6, HEAD_BYTES), keys };
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isHex(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && new RegExp(`^[0-9A-Fa-f]{${bytes * 2}}$`).test(value);
}

function refuse(detail: string) {
  return failed('sam-keys', 'none', detail);
}
