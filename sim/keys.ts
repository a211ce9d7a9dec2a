/**
 * The key set of the simulation. FIXED AND SYNTHETIC: every value is public, spells its purpose or
 * counts up, and protects nothing. Real keys live in a PSAM and are never seen by a program.
 */

import { type Algorithm, diversifyAll, mac, sessionKey, tacKey } from './crypto.ts';

export type KeyAlgorithm = Exclude<Algorithm, 'des'>;
export type Usage = 'purchase' | 'tac' | 'lock';

interface MasterKey {
  readonly usage: Usage;
  readonly algorithm: KeyAlgorithm;
  readonly version: number;
  /** 16 bytes. */
  readonly key: Buffer;
}

export interface KeySet {
  /** Terminal id of the PSAM, 6 bytes, hex. */
  readonly terminal: string;
  /** Serial of the PSAM, 10 bytes, hex. */
  readonly psam_serial: string;
  readonly masters: readonly MasterKey[];
}

/** The byte of 8050's answer, and the key index of 8050 that leads to it (§3.6). */
export const SCHEMES: Readonly<Record<KeyAlgorithm, { algorithmId: number; keyIndex: number }>> = {
  sm4: { algorithmId: 0x04, keyIndex: 0x41 },
  '3des': { algorithmId: 0x00, keyIndex: 0x01 },
};

/** Issuer id (8 bytes) of the simulated city's own cards: issuer 0113, city 3320 (Ningbo). */
export const SIM_ISSUER = '01133320FFFFFFFF';

export const SIM_KEYS: KeySet = {
  terminal: '332099000001',
  psam_serial: '33209900000000000001',
  masters: [
    master('purchase', 'sm4', '53494D2D504159202D534D3420303031'), // "SIM-PAY -SM4 001"
    master('tac', 'sm4', '53494D2D544143202D534D3420303031'), // "SIM-TAC -SM4 001"
    master('lock', 'sm4', '53494D2D4C4F434B2D534D3420303031'), // "SIM-LOCK-SM4 001"
    master('purchase', '3des', '102132435465768798A9BACBDCEDFE0F'),
    master('tac', '3des', '203142536475869708192A3B4C5D6E7F'),
    // 801A names a key by usage and version alone, so the second lock key has the next version.
    { ...master('lock', '3des', '30415263748596A7B8C9DAEBFC0D1E2F'), version: 2 },
  ],
};

/**
 * SYNTHETIC: the key with which the simulated office signs lists. The private half spells
 * "SYNTHETIC SM2 KEY LIST OFFICE 01".
 */
export const SIM_LIST_KEY = {
  private: '53594E54484554494320534D32204B4559204C495354204F4646494345203031',
  /** 04 || x || y */
  point:
    '048AA24359A259BFA1DF9D0C1160E79E35419E8D466732E410A418324BA7DF5819' +
    '735A3E1D0A35F9A043477C95AD833A5CD563D83738158B5F193064B215766FD7',
} as const;

/** The same as an office keeps it: SEC1 (RFC 5915) on curve SM2, in PEM. */
export function simListKeyPem(): string {
  const { private: key, point } = SIM_LIST_KEY;
  const der = `30770201010420${key}A00A06082A811CCF5501822DA144034200${point}`;
  const lines = hex(der).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN EC PRIVATE KEY-----\n${lines}\n-----END EC PRIVATE KEY-----\n`;
}

/** The master key of one usage. Throws when the set lacks it: key sets are source, not input. */
export function masterKey(keys: KeySet, usage: Usage, algorithm: KeyAlgorithm): MasterKey {
  const found = keys.masters.find((key) => key.usage === usage && key.algorithm === algorithm);
  if (!found) throw new Error(`the key set has no ${usage} key for ${algorithm}; add it`);
  return found;
}

/**
 * All that an outside program needs to recompute the TAC of every exported ledger record: keys,
 * rules in words, field order by machine, and one worked example per algorithm. JSON-able.
 */
export function keysAsJson(keys: KeySet = SIM_KEYS) {
  return {
    note: 'SYNTHETIC KEYS of a simulation: public, fixed, protecting nothing. Not for real cards.',
    terminal: keys.terminal,
    psam_serial: keys.psam_serial,
    keys: keys.masters.map(({ usage, algorithm, version, key }) => ({
      usage,
      algorithm,
      algorithm_id: byte(SCHEMES[algorithm].algorithmId),
      index: byte(SCHEMES[algorithm].keyIndex),
      version: byte(version),
      key: upper(key),
    })),
    derivation: DERIVATION,
    example: { sm4: workedExample(keys, 'sm4'), '3des': workedExample(keys, '3des') },
  };
}

const at = { field: 'at', bytes: 7, form: 'BCD YYYYMMDDHHMMSS' } as const;
const amount = { field: 'amount_fen', bytes: 4, form: 'unsigned, big-endian' } as const;
const type = { field: 'txn_type', bytes: 1, form: 'hex' } as const;
const terminal = { field: 'terminal', bytes: 6, form: 'hex' } as const;
const termSeq = { field: 'term_seq', bytes: 4, form: 'hex' } as const;

/** docs/protocol.md §3, with the field names of the ledger. */
const DERIVATION = {
  words: [
    'F is a factor of 8 bytes, ~F its complement, || is concatenation, all text is hex.',
    'Card key: start with the master key and diversify once per level, in the order of `levels`.',
    'MAC and TAC: CBC-MAC, IV zero, of the data padded with 80 00... (always); the left 4 bytes.',
    'The TAC key is the card TAC key after `tac_key`; it is not a session key.',
    'A record names its algorithm by `algorithm`: find the keys with that `algorithm_id`.',
  ],
  levels: [
    { factor: 'issuer', ef15: [0, 7], ledger: 'issuer, bytes 0 to 7' },
    { factor: 'card', ef15: [12, 19], ledger: 'card, bytes 2 to 9 (of 10)' },
  ],
  diversify: {
    sm4: 'SM4-ECB(K, F || ~F)',
    '3des': '3DES-ECB(K, F) || 3DES-ECB(K, ~F), two-key 3DES',
  },
  session_key: {
    input: 'X = rand4 || counter2 (before the debit) || term_seq bytes 2 to 3',
    sm4: 'SM4-ECB(purchase card key, X || ~X), 16 bytes',
    '3des': '3DES-ECB(purchase card key, X), 8 bytes',
  },
  tac_key: {
    sm4: 'the whole TAC card key, 16 bytes',
    '3des': 'left 8 bytes XOR right 8 bytes of the TAC card key',
  },
  mac: { sm4: 'SM4-CBC, blocks of 16 bytes', '3des': 'single DES CBC, blocks of 8 bytes' },
  inputs: {
    MAC1: { key: 'session', data: [amount, type, terminal, at] },
    MAC2: { key: 'session', data: [amount] },
    TAC: { key: 'tac', data: [amount, type, terminal, termSeq, at] },
  },
} as const;

/** One purchase with every intermediate; the same inputs for both algorithms. */
function workedExample(keys: KeySet, algorithm: KeyAlgorithm) {
  const input = {
    issuer: SIM_ISSUER,
    card: '03104399900000000099',
    random: '0A1B2C3D',
    counter: 7,
    amount_fen: 200,
    txn_type: '09',
    terminal: keys.terminal,
    term_seq: '00000102',
    at: '20260701083000',
  };
  const factors = [hex(input.issuer), hex(input.card).subarray(2)];
  const purchaseKey = diversifyAll(algorithm, masterKey(keys, 'purchase', algorithm).key, factors);
  const dtk = diversifyAll(algorithm, masterKey(keys, 'tac', algorithm).key, factors);
  const amountAndType = `000000C8${input.txn_type}`;
  const random = hex('0A1B2C3D' + '0007' + '0102');
  const session = sessionKey(algorithm, purchaseKey, { input: random });
  const tac = tacKey(algorithm, dtk);
  const mac1Data = hex(amountAndType + input.terminal + input.at);
  const tacData = hex(amountAndType + input.terminal + input.term_seq + input.at);
  return {
    ...input,
    purchase_card_key: upper(purchaseKey),
    session_key: upper(session),
    tac_card_key: upper(dtk),
    tac_key: upper(tac),
    mac1_data: upper(mac1Data),
    mac1: upper(mac(algorithm, session, mac1Data)),
    mac2: upper(mac(algorithm, session, hex('000000C8'))),
    tac_data: upper(tacData),
    tac: upper(mac(algorithm, tac, tacData)),
  };
}

function master(usage: Usage, algorithm: KeyAlgorithm, key: string): MasterKey {
  return { usage, algorithm, version: 1, key: hex(key) };
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function upper(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

function byte(value: number): string {
  return upper(Buffer.from([value]));
}
