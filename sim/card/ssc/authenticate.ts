/** GET CHALLENGE, INTERNAL and EXTERNAL AUTHENTICATE of a Social Security Card (LD/T 32.4). */

import { type Apdu, answer, SW } from '../apdu.ts';
import { authenticationData, sscSessionKey } from './crypto.ts';
import { SSC_KEY_NAMES, SSC_KEYS, type SscKeyName } from './keys.ts';
import { keyName, type SscHandler, type SscMoment, type SscStep } from './memory.ts';

/** Factor and raw, or authentication data and raw; one reader family appends a key version. */
const LENGTHS = [16, 17];
const KEY_VERSION = 0x01;
export const KEY_TRIES = 3;

/** Keys of EXTERNAL AUTHENTICATE; RKDF lives in each directory below the environment. */
const OUTER: readonly SscKeyName[] = ['PUK', 'RKSSSE', 'RKDF'];

/** 4, 8 or 16 bytes, good for one EXTERNAL AUTHENTICATE. */
export const challenge: SscHandler = ({ card, stored, session }, { p1, p2, data, le }) => {
  if (p1 !== 0 || p2 !== 0) return refuse(SW.wrongParameters);
  if (data.length > 0 || (le !== 4 && le !== 8 && le !== 16)) return refuse(SW.wrongLength);
  const random = card.random(stored.draws, le);
  return {
    answer: answer(SW.ok, random),
    stored: { ...stored, draws: stored.draws + 1 },
    session: { ...session, challenge: random },
  };
};

/** 0088 00 KID 10 factor raw: the host's factor makes the session key. Only IRK answers. */
export const internal: SscHandler = ({ card }, apdu) => {
  const wrong = badForm(apdu);
  if (wrong) return refuse(wrong);
  if (apdu.p2 !== SSC_KEYS.IRK.kid) return refuse(SW.keyNotFound);
  const factor = apdu.data.subarray(0, 8);
  const session = sscSessionKey(card.algorithm, card.keys.IRK, factor);
  return { answer: answer(SW.ok, authenticationData(session, apdu.data.subarray(8, 16))) };
};

/** 0082 00 KID 10 data raw: the card's latest random makes the session key, and is used up. */
export const external: SscHandler = (moment, apdu) => {
  const wrong = badForm(apdu);
  if (wrong) return refuse(wrong);
  const name = keyInReach(moment, apdu.p2);
  if (!name) return refuse(SW.keyNotFound);
  const kid = keyName(apdu.p2);
  const left = moment.stored.keyTries[kid] ?? KEY_TRIES;
  if (left === 0) return refuse(SW.keyLocked);
  if (!moment.session.challenge) return refuse(SW.noChallenge);
  return judged(moment, apdu, { name, kid, left });
};

interface Trial {
  readonly name: SscKeyName;
  readonly kid: string;
  readonly left: number;
}

function judged({ card, stored, session }: SscMoment, { data }: Apdu, trial: Trial): SscStep {
  const { name, kid, left } = trial;
  const random = session.challenge ?? Buffer.alloc(0);
  const key = sscSessionKey(card.algorithm, card.keys[name], random);
  const right = authenticationData(key, data.subarray(8, 16)).equals(data.subarray(0, 8));
  const tries = right ? KEY_TRIES : left - 1;
  const others = session.rights.filter((granted) => granted !== kid);
  return {
    answer: answer(right ? SW.ok : 0x63c0 | tries),
    stored: { ...stored, keyTries: { ...stored.keyTries, [kid]: tries } },
    session: { ...session, challenge: null, rights: right ? [...others, kid] : others },
  };
}

/** Keys of the environment work everywhere, a directory's own (80 and above) inside one. */
function keyInReach({ session }: SscMoment, kid: number): SscKeyName | undefined {
  const name = SSC_KEY_NAMES.find((each) => SSC_KEYS[each].kid === kid);
  if (!name || !OUTER.includes(name)) return undefined;
  const inside = session.directory.startsWith('DF');
  return kid < 0x80 || inside ? name : undefined;
}

function badForm({ p1, data }: Apdu): number | null {
  if (p1 !== 0) return SW.wrongParameters;
  if (!LENGTHS.includes(data.length)) return SW.wrongLength;
  return data.length === 17 && data[16] !== KEY_VERSION ? SW.keyNotFound : null;
}

function refuse(sw: number): SscStep {
  return { answer: answer(sw) };
}
