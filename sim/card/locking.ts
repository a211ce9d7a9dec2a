/** GET CHALLENGE and APPLICATION BLOCK of the virtual card (docs/protocol.md §2.9, §3.5). */

import { blockLength, pad80, secureMac } from '../crypto.ts';
import { answer, SW } from './apdu.ts';
import { type Handler, POWER_UP } from './memory.ts';

/** 0084: 4, 8 or 16 bytes, good for the next command. */
export const challenge: Handler = (moment, { p1, p2, data, le }) => {
  if (p1 !== 0 || p2 !== 0) return { answer: answer(SW.wrongParameters) };
  if (data.length > 0 || (le !== 4 && le !== 8 && le !== 16))
    return { answer: answer(SW.wrongLength) };
  const { stored, session } = moment;
  const random = moment.random(stored.draws, le);
  return {
    answer: answer(SW.ok, random),
    stored: { ...stored, draws: stored.draws + 1 },
    session: { ...session, challenge: random },
  };
};

/** 841E 00 P2 04 MAC: P2 00 temporary, 01 permanent. A wrong MAC blocks nothing. */
export const block: Handler = ({ card, stored, session }, { p1, p2, data }) => {
  const purchase = null;
  const refuse = (sw: number) => ({ answer: answer(sw), session: { ...session, purchase } });
  if (p1 !== 0 || p2 > 1) return refuse(SW.wrongParameters);
  if (data.length !== 4) return refuse(SW.wrongLength);
  if (!session.challenge) return refuse(SW.noChallenge);
  const { algorithm } = card.profile;
  const length = blockLength(algorithm);
  const iv = Buffer.concat([session.challenge], length);
  const command = pad80(Buffer.from([0x84, 0x1e, p1, p2, 4]), length);
  const expected = secureMac(algorithm, card.lockKey, { iv, data: command });
  if (!expected.equals(data)) return refuse(SW.badSecureMac);
  const blocked = p2 === 0 ? 'temporary' : 'permanent';
  return { answer: answer(SW.ok), stored: { ...stored, blocked }, session: POWER_UP };
};
