/** VERIFY, CHANGE PIN and the PIN reset of a Social Security Card (LD/T 32.5). */

import { createDecipheriv } from 'node:crypto';
import { type Apdu, answer, SW } from '../apdu.ts';
import { type SessionKey, sscMac, sscSessionKey } from './crypto.ts';
import { SSC_KEYS } from './keys.ts';
import { keyName, type SscHandler, type SscMoment, type SscStep } from './memory.ts';

export const PIN_TRIES = 3;
const SEPARATOR = 0xff;
const MAC_LENGTH = 4;

/** 0020 00 00 Lc PIN; without data it only tells the tries left, or 9000 when there is no PIN. */
export const verify: SscHandler = (moment, { p1, p2, data }) => {
  const { stored, session } = moment;
  if (p1 !== 0 || p2 !== 0) return refuse(SW.wrongParameters);
  if (stored.pinTries === 0) return refuse(SW.keyLocked);
  if (data.length === 0) return refuse(stored.pin === '' ? SW.ok : 0x63c0 | stored.pinTries);
  const wrong = badPin(data);
  if (wrong) return refuse(wrong);
  const trial = tried(moment, data);
  const rights = session.rights.filter((right) => right !== 'PIN');
  const granted = trial.answer.sw === SW.ok ? [...rights, 'PIN'] : rights;
  return { ...trial, session: { ...session, rights: granted } };
};

/** 805E 01 00 Lc old FF new: a wrong old one counts like a wrong VERIFY. */
export const change: SscHandler = (moment, { p1, p2, data }) => {
  if (p1 !== 1 || p2 !== 0) return refuse(SW.wrongParameters);
  if (moment.stored.pinTries === 0) return refuse(SW.keyLocked);
  const border = data.indexOf(SEPARATOR);
  const [old, wanted] = [data.subarray(0, Math.max(border, 0)), data.subarray(border + 1)];
  const wrong = badPin(old) ?? badPin(wanted);
  if (wrong) return refuse(wrong);
  const trial = tried(moment, old);
  if (trial.answer.sw !== SW.ok) return trial;
  return { answer: trial.answer, stored: { ...trial.stored, pin: upper(wanted) } };
};

function tried({ stored }: SscMoment, pin: Buffer): Required<Pick<SscStep, 'answer' | 'stored'>> {
  const right = stored.pin === upper(pin);
  const pinTries = right ? PIN_TRIES : stored.pinTries - 1;
  return {
    answer: answer(right ? SW.ok : 0x63c0 | pinTries),
    stored: { ...stored, pinTries },
  };
}

/**
 * 8424 00 01 Lc cipher MAC sets a new PIN, 8424 00 00 04 MAC only gives the tries back. Wants PUK
 * before it; STK under the latest random both encrypts and makes the MAC over the whole command.
 */
export const reset: SscHandler = (moment, apdu) => {
  const { card, stored, session } = moment;
  if (apdu.p1 !== 0 || apdu.p2 > 1) return refuse(SW.wrongParameters);
  if (!session.rights.includes(keyName(SSC_KEYS.PUK.kid))) return refuse(SW.notPermitted);
  if (!session.challenge) return refuse(SW.noChallenge);
  const key = sscSessionKey(card.algorithm, card.keys.STK, session.challenge);
  const block = card.algorithm === 'sm4' ? 16 : 8;
  const cipher = apdu.data.subarray(0, -MAC_LENGTH);
  if (apdu.data.length !== MAC_LENGTH + apdu.p2 * block) return refuse(SW.wrongLength);
  const used = { ...session, challenge: null };
  if (!sscMac(key, protectedPart(apdu, cipher)).equals(apdu.data.subarray(-MAC_LENGTH)))
    return { answer: answer(SW.badSecureMac), session: used };
  if (apdu.p2 === 0) return reopened(stored.pin);
  const pin = unwrapped(key, cipher);
  return badPin(pin) ? { answer: answer(SW.wrongData), session: used } : reopened(upper(pin));

  function reopened(next: string): SscStep {
    const renewed = { ...stored, pin: next, pinTries: PIN_TRIES };
    return { answer: answer(SW.ok), stored: renewed, session: used };
  }
};

function protectedPart({ cla, ins, p1, p2, data }: Apdu, cipher: Buffer): Buffer {
  return Buffer.concat([Buffer.from([cla, ins, p1, p2, data.length]), cipher]);
}

/** LD, the plain text, and padding. */
function unwrapped({ algorithm, key }: SessionKey, cipher: Buffer): Buffer {
  const decipher =
    algorithm === 'sm4'
      ? createDecipheriv('sm4-ecb', key, null)
      : createDecipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null);
  const plain = decipher.setAutoPadding(false).update(cipher);
  return plain.subarray(1, 1 + plain.readUInt8(0));
}

/** 2 to 8 bytes of BCD digits, the last one F where their number is odd. */
function badPin(pin: Buffer): number | null {
  if (pin.length < 2 || pin.length > 8) return SW.wrongLength;
  return /^\d{3,15}[\dF]$/.test(upper(pin)) ? null : SW.wrongData;
}

function refuse(sw: number): SscStep {
  return { answer: answer(sw) };
}

function upper(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
