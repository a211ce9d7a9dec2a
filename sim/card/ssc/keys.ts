/**
 * Keys of the simulated Social Security Cards and how one card's keys come from the masters
 * (LD/T 32.4 as public card manuals restate it). FIXED AND SYNTHETIC: public values that spell
 * their purpose or count up. Real keys live in a PSAM or an HSM and are never seen by a program.
 */

import { diversifyAll } from '../../crypto.ts';
import type { KeyAlgorithm } from '../../keys.ts';

/** IRK proves the card, RKSSSE and RKDF read, STK and PUK set a new PIN. */
export type SscKeyName = 'IRK' | 'STK' | 'PUK' | 'RKSSSE' | 'RKDF';

interface SscKey {
  /** Key id on the card: P2 of 0082 and 0088. */
  readonly kid: number;
  /** Key id in the PSAM: P2 of DELIVERY SESSION KEY. Those of PUK and RKDF are of our making. */
  readonly samId: number;
  /** What the PSAM may do with it: low five bits of the key usage; 6 MAC, 7 encrypt. */
  readonly samUsage: number;
  /** Address in the HSM, first of three key groups; the others do not exist here. */
  readonly address: string;
  /** 16 bytes each, hex. */
  readonly masters: Readonly<Record<KeyAlgorithm, string>>;
}

export const SSC_KEYS: Readonly<Record<SscKeyName, SscKey>> = {
  IRK: {
    ...{ kid: 0x00, samId: 0x08, samUsage: 7, address: '0170' },
    masters: {
      sm4: '5353432D49524B202D534D3420303031', // "SSC-IRK -SM4 001"
      '3des': '405162738495A6B7C8D9EAFB0C1D2E3F',
    },
  },
  STK: {
    ...{ kid: 0x02, samId: 0x09, samUsage: 6, address: '0173' },
    masters: {
      sm4: '5353432D53544B202D534D3420303031', // "SSC-STK -SM4 001"
      '3des': '5061728394A5B6C7D8E9FA0B1C2D3E4F',
    },
  },
  PUK: {
    ...{ kid: 0x06, samId: 0x0c, samUsage: 7, address: '0090' },
    masters: {
      sm4: '5353432D50554B202D534D3420303031', // "SSC-PUK -SM4 001"
      '3des': '60718293A4B5C6D7E8F90A1B2C3D4E5F',
    },
  },
  RKSSSE: {
    ...{ kid: 0x0a, samId: 0x0a, samUsage: 7, address: '004C' },
    masters: {
      sm4: '5353432D524B5353452D534D34203031', // "SSC-RKSSE-SM4 01"
      '3des': '708192A3B4C5D6E7F8091A2B3C4D5E6F',
    },
  },
  RKDF: {
    ...{ kid: 0x84, samId: 0x0b, samUsage: 7, address: '004F' },
    masters: {
      sm4: '5353432D524B44462D534D3420303031', // "SSC-RKDF-SM4 001"
      '3des': '8091A2B3C4D5E6F708192A3B4C5D6E7F',
    },
  },
};

export const SSC_KEY_NAMES: readonly SscKeyName[] = ['IRK', 'STK', 'PUK', 'RKSSSE', 'RKDF'];

/**
 * Three factors of 8 bytes: province, city, card.
 * @param region 6 digits of GB/T 2260, bytes 0 to 2 of the card id
 * @param history 13 historical bytes of the answer to reset
 */
export function sscFactors(region: string, history: Buffer): readonly [Buffer, Buffer, Buffer] {
  // Zhejiang derives by city even where a district issued the card.
  const city = region.startsWith('33') ? `${region.slice(0, 4)}00` : region;
  return [
    Buffer.from(`${region.slice(0, 2)}0000sh`),
    Buffer.from(`${city}sx`),
    history.subarray(5, 13),
  ];
}

/** One master diversified through `factors`, the province first: 16 bytes. */
export function sscKey(
  name: SscKeyName,
  algorithm: KeyAlgorithm,
  factors: readonly Buffer[],
): Buffer {
  const master = Buffer.from(SSC_KEYS[name].masters[algorithm], 'hex');
  return diversifyAll(algorithm, master, factors);
}
