/** The social security keys with their rules, for a program that shares no code with ours. */

import type { KeyAlgorithm } from '../../keys.ts';
import { authenticationData, cipherBlock, sscSessionKey } from './crypto.ts';
import { SSC_KEY_NAMES, SSC_KEYS, sscFactors, sscKey } from './keys.ts';

/** JSON-able: keys, rules in words, and one worked example per algorithm. All hex is upper case. */
export function sscKeysAsJson() {
  return {
    note: 'SYNTHETIC KEYS of a simulation: public, fixed, protecting nothing. Not for real cards.',
    keys: SSC_KEY_NAMES.map((name) => {
      const { kid, samId, samUsage, address, masters } = SSC_KEYS[name];
      return {
        name,
        kid: byte(kid),
        psam_key_id: byte(samId),
        psam_key_type: samUsage,
        hsm_address: address,
        sm4: masters.sm4,
        '3des': masters['3des'],
      };
    }),
    rules: RULES,
    example: { sm4: workedExample('sm4'), '3des': workedExample('3des') },
  };
}

const RULES = {
  words: [
    'F is a factor of 8 bytes, ~F its complement, || is concatenation.',
    'Card key: start with the master and diversify by province, city and card, in this order.',
    'The process factor is the random of the card (0082) or the factor of the host (0088).',
    'Generation 3 has SM4, generations 1 and 2 have two-key 3DES.',
  ],
  factors: {
    province: 'ASCII of the first 2 digits of the region || "0000sh"',
    city: 'ASCII of the 6 digits || "sx"; in region 33xxxx the first 4 digits || "00sx"',
    card: 'the last 8 of the 13 historical bytes',
  },
  diversify: {
    sm4: 'SM4-ECB(K, F || ~F)',
    '3des': '3DES-ECB(K, F) || 3DES-ECB(K, ~F)',
  },
  session_key: {
    sm4: 'SM4-ECB(K, process factor || 00 to 16 bytes), 16 bytes',
    '3des': '3DES-ECB(K, process factor), 8 bytes',
  },
  authentication_data: {
    sm4: 'C = SM4-ECB(session key, raw || 00 x 8); bytes 0 to 7 XOR bytes 8 to 15',
    '3des': 'DES-ECB(session key, raw)',
  },
} as const;

function workedExample(algorithm: KeyAlgorithm) {
  const input = {
    region: '330200',
    historical_bytes: '00815457318660330299000001',
    key: 'RKSSSE',
    process_factor: '98B4D293D091C331',
    raw: 'E603E2CAADAF02B6',
  } as const;
  const factors = sscFactors(input.region, Buffer.from(input.historical_bytes, 'hex'));
  const cardKey = sscKey(input.key, algorithm, factors);
  const session = sscSessionKey(algorithm, cardKey, Buffer.from(input.process_factor, 'hex'));
  const raw = Buffer.from(input.raw, 'hex');
  return {
    ...input,
    factors: factors.map(upper),
    card_key: upper(cardKey),
    session_key: upper(session.key),
    cipher_block: upper(cipherBlock(session, raw)),
    authentication_data: upper(authenticationData(session, raw)),
  };
}

function upper(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

function byte(value: number): string {
  return upper(Buffer.from([value]));
}
