/** One card that the PN532 has activated: chaining both ways, one deadline for the whole. */

import { type Card, type Clock, failed, ok, type Reply } from '../ports.ts';
import {
  type ChipCommand,
  diagnoseCard,
  EXCHANGE_BYTES,
  type Exchanged,
  inDataExchange,
  inRelease,
  type Target,
} from './commands.ts';

interface CardOptions {
  readonly target: Target;
  /** How long the card may think about one block (its ATS). */
  readonly waiting_ms: number;
  readonly clock: Clock;
  request<T>(command: ChipCommand<T>, timeout_ms?: number): Promise<Reply<T>>;
  /** False as soon as the reader has looked for cards anew or was configured anew. */
  current(): boolean;
  /** The chip has let it go. */
  released(): void;
}

/** An extended answer APDU: 65 536 bytes and the status word. */
const ANSWER_MAX = 65_538;
const PRESENCE_MARGIN_MS = 100;

export function createCard(options: CardOptions): Card {
  const { target, waiting_ms, clock, request, current } = options;
  let released = false;
  const gone = () => released || !current();

  /** A part of an exchange that has begun, if there is still time and still this card. */
  async function exchange(data: Buffer, more: boolean, deadline_ms: number) {
    const left_ms = deadline_ms - clock.now_ms();
    if (left_ms <= 0) return failed('card-mute', 'unknown', 'the time for the command is over');
    if (gone()) return failed('card-gone', 'unknown', 'the session ended during the exchange');
    const command = inDataExchange(target.tg, data, more);
    const answer = await request(command, left_ms);
    command.body.fill(0);
    return answer;
  }

  async function send(command: Buffer, deadline_ms: number): Promise<Reply<Exchanged>> {
    let at = 0;
    for (; command.length - at > EXCHANGE_BYTES; at += EXCHANGE_BYTES) {
      const part = await exchange(command.subarray(at, at + EXCHANGE_BYTES), true, deadline_ms);
      if (!part.ok) return part;
    }
    return exchange(command.subarray(at), false, deadline_ms);
  }

  return {
    uid: target.uid,
    ats: target.ats,
    async transceive(command, timeout_ms) {
      if (command.length === 0) throw new RangeError('an empty command is none');
      if (gone()) return failed('card-gone', 'none', 'the session with this card has ended');
      const deadline_ms = clock.now_ms() + timeout_ms;
      let reply = await send(command, deadline_ms);
      const parts: Buffer[] = [];
      let size = 0;
      while (reply.ok) {
        parts.push(reply.value.data);
        size += reply.value.data.length;
        if (!reply.value.more || size > ANSWER_MAX) break;
        reply = await exchange(Buffer.alloc(0), false, deadline_ms);
        // The card has had the whole command: whatever failed now, it may have acted.
        if (!reply.ok) return { ok: false, fault: { ...reply.fault, effect: 'unknown' } };
      }
      if (!reply.ok) return reply;
      if (size < 2 || size > ANSWER_MAX) {
        return failed('card-garbled', 'unknown', `an answer of ${size} bytes is no answer APDU`);
      }
      return ok(Buffer.concat(parts));
    },
    async present() {
      if (released) return ok(false);
      // The field was reset, or searched by another: the card may still lie there.
      if (!current()) return failed('card-gone', 'none', 'the session was cut short');
      return request(diagnoseCard(), waiting_ms + PRESENCE_MARGIN_MS);
    },
    async release() {
      if (gone()) return;
      released = true;
      const done = await request(inRelease(target.tg));
      if (done.ok && current()) options.released();
    },
  };
}
