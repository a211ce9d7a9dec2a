/**
 * The keys of a software SAM, in Buffers that `wipeKeys` can zero and that print as `<key>`: no
 * log, dump or JSON of an object that holds one shows its bytes.
 */

import { inspect } from 'node:util';
import { failed, ok, type Reply } from '../../firmware-bridge/ports.ts';
import { hexOf } from '../card/bytes.ts';
import { des, sm4 } from '../crypto/ciphers.ts';

/** What may be said of a key in the clear. */
export interface KeyLabel {
  readonly usage: 'purchase' | 'lock';
  readonly algorithm: 'sm4' | '3des';
  /** One byte, upper-case hex. */
  readonly index: string;
  /** One byte, upper-case hex. */
  readonly version: string;
}

export interface SamKey extends KeyLabel {
  /** 16 bytes: a master key. */
  readonly key: Buffer;
}

export interface KeySet<K extends KeyLabel = SamKey> {
  /** Terminal id, 6 bytes, upper-case hex. */
  readonly terminal: string;
  /** PSAM serial, 10 bytes, upper-case hex. */
  readonly psam_serial: string;
  readonly keys: readonly K[];
}

export const KEY_BYTES = 16;
const KEYS_MAX = 64;
const USAGES = ['purchase', 'lock'] as const;
const ALGORITHMS = ['sm4', '3des'] as const;

/**
 * Takes the JSON that `tapway-sim keys` prints, or the same from a key management system: unknown
 * fields and TAC keys are left out (a SAM holds none), unknown usages are refused.
 */
export function parseKeySet(json: unknown): Reply<KeySet> {
  const { terminal, psam_serial, keys } = fieldsOf(json);
  if (!isHex(terminal, 6)) return refuseKeys('`terminal` must be 6 bytes of hex');
  if (!isHex(psam_serial, 10)) return refuseKeys('`psam_serial` must be 10 bytes of hex');
  if (!Array.isArray(keys)) return refuseKeys('`keys` must be a list');
  const parsed: SamKey[] = [];
  const keySet = {
    terminal: terminal.toUpperCase(),
    psam_serial: psam_serial.toUpperCase(),
    keys: parsed,
  };
  for (const [at, item] of keys.entries()) {
    const fields = fieldsOf(item);
    if (fields.usage === 'tac') continue;
    const key = parseKey(fields);
    if (typeof key === 'string') return refuseAndWipe(keySet, `key ${at + 1}: ${key}`);
    parsed.push(key);
  }
  const wrong = faultInKeySet(keySet);
  return wrong ? refuseAndWipe(keySet, wrong) : ok(keySet);
}

/** What is wrong with a key set, or with the labels of one; null when nothing is. */
export function faultInKeySet({ terminal, psam_serial, keys }: KeySet<KeyLabel>): string | null {
  if (!isHex(terminal, 6) || !isHex(psam_serial, 10)) return 'terminal or serial is not valid';
  if (keys.length > KEYS_MAX) return `at most ${KEYS_MAX} keys`;
  if (!keys.some(({ usage }) => usage === 'purchase')) return 'there is no purchase key';
  const names = new Set<string>();
  for (const label of keys) {
    const name = nameOf(label);
    if (!isHex(label.index, 1) || !isHex(label.version, 1)) return `${name} is not valid`;
    if (names.has(name)) return `${name}, is there twice`;
    names.add(name);
  }
  return null;
}

/**
 * Key check value: the first 3 bytes, upper-case hex, of one block of zeros under the key's own
 * cipher. It tells keys apart and reveals none.
 */
export function kcvOf({ algorithm, key }: SamKey): string {
  const cipher = algorithm === 'sm4' ? sm4 : des;
  return hexOf(cipher.encrypt(key, Buffer.alloc(cipher.block)).subarray(0, 3));
}

export function nameOf({ usage, algorithm, index, version }: KeyLabel): string {
  return `${usage} key, ${algorithm}, index ${index}, version ${version}`;
}

/** Zeroes the keys; the set is useless afterwards. */
export function wipeKeys({ keys }: KeySet): void {
  for (const { key } of keys) key.fill(0);
}

/** The same Buffer, which prints no bytes from now on. */
export function concealed(key: Buffer): Buffer {
  const hidden = { value: () => '<key>' };
  return Object.defineProperties(key, { toJSON: hidden, [inspect.custom]: hidden });
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function isHex(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && new RegExp(`^[0-9A-Fa-f]{${bytes * 2}}$`).test(value);
}

export function refuseKeys(detail: string) {
  return failed('sam-keys', 'none', detail);
}

/** The key, or what is wrong with it; never its bytes. */
function parseKey(fields: Readonly<Record<string, unknown>>): SamKey | string {
  const usage = USAGES.find((known) => known === fields.usage);
  const algorithm = ALGORITHMS.find((known) => known === fields.algorithm);
  const { index, version, key } = fields;
  if (!usage) return `\`usage\` must be one of ${USAGES.join(', ')}, tac`;
  if (!algorithm) return `\`algorithm\` must be one of ${ALGORITHMS.join(', ')}`;
  if (!isHex(index, 1) || !isHex(version, 1)) return '`index` and `version` must be 1 byte of hex';
  if (!isHex(key, KEY_BYTES)) return `\`key\` must be ${KEY_BYTES} bytes of hex`;
  return {
    usage,
    algorithm,
    index: index.toUpperCase(),
    version: version.toUpperCase(),
    key: concealed(Buffer.from(key, 'hex')),
  };
}

function refuseAndWipe(keySet: KeySet, detail: string) {
  wipeKeys(keySet);
  return refuseKeys(detail);
}
