/**
 * What the network HSM (加密机) answers, pure. One line of upper-case hex fields a request:
 * `algorithm|key address|factors|process factor|raw`, answered `data|raw` or `!code text`.
 */

import { authenticationData, sscSessionKey } from '../card/ssc/crypto.ts';
import { SSC_KEY_NAMES, SSC_KEYS, sscKey } from '../card/ssc/keys.ts';
import type { KeyAlgorithm } from '../keys.ts';

/** 01 malformed, 02 algorithm, 03 key address, 04 refused, as the simulation numbers them. */
export type HsmRefusal = '01' | '02' | '03' | '04';

const FIELDS = 5;
/** DES cards have keys of 16 bytes, whatever the name says. */
const ALGORITHMS: ReadonlyMap<string, KeyAlgorithm> = new Map([
  ['SM4', 'sm4'],
  ['DES', '3des'],
  ['3DES', '3des'],
]);
const FACTORS = /^[0-9A-F]{48}$/;
/** 4, 8 or 16 bytes. */
const PROCESS_FACTOR = /^([0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{32})$/;
const RAW = /^[0-9A-F]{16}$/;

/** @param line without its newline; a carriage return before it is forgiven */
export function answerLine(line: string): string {
  const fields = line.replace(/\r$/, '').split('|');
  if (fields.length !== FIELDS) return refusal('01', `${FIELDS} fields with | between are wanted`);
  const [name = '', address = '', factors = '', process = '', raw = ''] = fields;
  const algorithm = ALGORITHMS.get(name);
  if (!algorithm) return refusal('02', 'the algorithm is SM4 or DES; SSF33 is not here');
  const key = SSC_KEY_NAMES.find((each) => SSC_KEYS[each].address === address);
  if (!key) return refusal('03', 'no key at that address');
  if (!FACTORS.test(factors)) return refusal('01', 'factors are 24 bytes: card, city, province');
  if (!PROCESS_FACTOR.test(process)) return refusal('01', 'the process factor is 4, 8 or 16 bytes');
  if (!RAW.test(raw)) return refusal('01', 'raw is 8 bytes');
  const provinceFirst = [factors.slice(32), factors.slice(16, 32), factors.slice(0, 16)].map(bytes);
  const cardKey = sscKey(key, algorithm, provinceFirst);
  const session = sscSessionKey(algorithm, cardKey, filled(process, algorithm));
  const data = authenticationData(session, bytes(raw));
  return `${data.toString('hex').toUpperCase()}|${raw}`;
}

export function refusal(code: HsmRefusal, text: string): string {
  return `!${code} ${text}`;
}

/** DES takes 8 bytes: what follows them can only be filling. */
function filled(process: string, algorithm: KeyAlgorithm): Buffer {
  return bytes(process).subarray(0, algorithm === 'sm4' ? 16 : 8);
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
