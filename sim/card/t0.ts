/** T=0 as it shows at the APDU: 61xx with GET RESPONSE, 6Cxx with the right length (ISO 7816-3). */

import { type Apdu, answer, encodeAnswer, parseApdu, SW } from './apdu.ts';
import type { Target } from './target.ts';

type Working = Pick<Target, 'exchange' | 'powerDown'>;

/** A command done, whose data wait for the right length. */
interface Held {
  readonly head: Buffer;
  readonly data: Buffer;
}

const HEAD = 4;
const GET_RESPONSE_MS = 1;

/**
 * Puts the manners before a card that gives its answers whole. A command is done once: 6Cxx and
 * GET RESPONSE hand out what it gave. A command with data and Le is answered whole, because
 * whoever passes such a one on has left the exchange of T=0 to us.
 */
export function createT0(card: Working): Working {
  let waiting: Buffer | null = null;
  let held: Held | null = null;

  function exchange(bytes: Buffer): ReturnType<Target['exchange']> {
    const apdu = parseApdu(bytes);
    if (apdu?.ins === 0xc0 && waiting) return fetched(apdu, waiting);
    waiting = null;
    const again = held;
    held = null;
    if (again && apdu?.le === again.data.length && bytes.subarray(0, HEAD).equals(again.head))
      return { answer: encodeAnswer(answer(SW.ok, again.data)), work_ms: GET_RESPONSE_MS };
    const done = card.exchange(bytes);
    return { ...done, answer: mannered(bytes, apdu, done.answer) };
  }

  function mannered(bytes: Buffer, apdu: Apdu | null, whole: Buffer): Buffer {
    const length = whole.length - 2;
    if (!apdu || length <= 0) return whole;
    if (apdu.data.length === 0) {
      if (whole.readUInt16BE(length) !== SW.ok || apdu.le === length) return whole;
      held = { head: Buffer.from(bytes.subarray(0, HEAD)), data: whole.subarray(0, length) };
      return encodeAnswer(answer(0x6c00 | (length & 0xff)));
    }
    if (apdu.le !== undefined) return whole;
    waiting = whole;
    return encodeAnswer(answer(0x6100 | (length & 0xff)));
  }

  function fetched({ le = 256 }: Apdu, whole: Buffer): ReturnType<Target['exchange']> {
    const length = whole.length - 2;
    const short = le !== 256 && le !== length;
    if (short) return { answer: encodeAnswer(answer(0x6c00 | length)), work_ms: GET_RESPONSE_MS };
    waiting = null;
    return { answer: whole, work_ms: GET_RESPONSE_MS };
  }

  return {
    exchange,
    powerDown() {
      waiting = null;
      held = null;
      card.powerDown();
    },
  };
}
