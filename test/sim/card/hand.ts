/** APDUs by hand: hex in, hex out, and OpenSSL's own program as the second opinion. */

import { spawnSync } from 'node:child_process';
import type { CardProfile } from '../../../sim/card/personalise.ts';
import { createPurseCard } from '../../../sim/card/purse.ts';
import type { Target } from '../../../sim/card/target.ts';
import { SIM_ISSUER, SIM_KEYS } from '../../../sim/keys.ts';

export const TERMINAL = SIM_KEYS.terminal;
export const SERIAL = '03104399900000000042';
export const AT = '20260701083000';
export const ENTRY = `03${'0000'}${TERMINAL}01${'01010003'}000000${'00'.repeat(31)}`;

/** For a virtual PSAM that takes no time. */
export const NO_TIME = {
  now_ms: () => 0,
  wall_ms: () => 0,
  setTimeout: () => 0,
  clearTimeout: () => {},
};

export const SELECT_PURSE = '00A4040008A00000063201010500';

export const PROFILE: CardProfile = {
  name: 'test',
  uid: '04112233445566',
  serial: SERIAL,
  issuer: SIM_ISSUER,
  city: '3320',
  start: '20230101',
  expiry: '20331231',
  cardType: '00',
  cardKind: '01',
  interoperable: true,
  balance_fen: 5_000,
  algorithm: 'sm4',
};

export function cardOf(differs: Partial<CardProfile> = {}) {
  return createPurseCard({ ...PROFILE, ...differs }, SIM_KEYS);
}

export function bytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

export function upper(data: Buffer): string {
  return data.toString('hex').toUpperCase();
}

/** Sends one command; spaces in the hex are for the reader. */
export function send(card: Target, command: string): string {
  return upper(card.exchange(bytes(command)).answer);
}

/** One run of the `openssl` program, without padding. */
export function openssl(cipher: string, key: string, data: string, iv?: string): string {
  const vector = iv === undefined ? [] : ['-iv', iv];
  const run = spawnSync('openssl', ['enc', `-${cipher}`, '-nopad', '-K', key, ...vector], {
    input: bytes(data),
  });
  if (run.status !== 0) throw new Error(`openssl ${cipher}: ${run.stderr.toString()}`);
  return upper(run.stdout);
}

interface Opinion {
  diversify(key: string, factor: string): string;
  session(key: string, input: string): string;
  tacKey(dtk: string): string;
  mac(key: string, data: string): string;
}

/** The rules of the exported key set, done by the `openssl` program alone. */
export const OPENSSL: Readonly<Record<'sm4' | '3des', Opinion>> = {
  sm4: {
    diversify: (key, factor) => openssl('sm4-ecb', key, factor + not(factor)),
    session: (key, input) => openssl('sm4-ecb', key, input + not(input)),
    tacKey: (dtk) => dtk,
    mac: (key, data) => openssl('sm4-cbc', key, padded(data, 32), '0'.repeat(32)).slice(-32, -24),
  },
  '3des': {
    diversify: (key, factor) => openssl('des-ede-ecb', key, factor + not(factor)),
    session: (key, input) => openssl('des-ede-ecb', key, input),
    tacKey: (dtk) =>
      (BigInt(`0x${dtk.slice(0, 16)}`) ^ BigInt(`0x${dtk.slice(16)}`))
        .toString(16)
        .padStart(16, '0')
        .toUpperCase(),
    mac: (key, data) =>
      openssl('des-ede3-cbc', key.repeat(3), padded(data, 16), '0'.repeat(16)).slice(-16, -8),
  },
};

function not(text: string): string {
  return upper(Buffer.from(bytes(text).map((byte) => ~byte)));
}

/** 80-padding; `block` in hex digits. */
function padded(data: string, block: number): string {
  const marked = `${data}80`;
  return marked + '0'.repeat((block - (marked.length % block)) % block);
}

/** 80-padded secure-messaging data and MAC of 841E, by OpenSSL, for an SM4 card. */
export function sm4BlockMac(lockKey: string, challenge: string, p2 = '00'): string {
  const by = OPENSSL.sm4;
  const key = by.diversify(by.diversify(lockKey, SIM_ISSUER), SERIAL.slice(4));
  const data = padded(`841E00${p2}04`, 32);
  return openssl('sm4-cbc', key, data, challenge.padEnd(32, '0')).slice(-32, -24);
}
