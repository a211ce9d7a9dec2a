/**
 * One conversation with a card that may leave at any byte. After the first fault nothing more is
 * sent and every question is answered with null, so that a reader of files need not ask after each:
 * whoever began the conversation looks at `fault` in the end.
 */

import { type Card, type Fault, failed, ok, type Reply } from '../../../firmware-bridge/ports.ts';
import { type Command, exchange, type Response, SW_OK } from '../../card/apdu.ts';

export class CardTalk {
  readonly card: Card;
  fault: Fault | null = null;
  private readonly timeout_ms: number;

  constructor(card: Card, timeout_ms: number) {
    this.card = card;
    this.timeout_ms = timeout_ms;
  }

  /** The whole answer; null when the card is lost. */
  async send(command: Command): Promise<Response | null> {
    if (this.fault) return null;
    const answer = await exchange(this.card, command, this.timeout_ms);
    if (answer.ok) return answer.value;
    this.fault = answer.fault;
    return null;
  }

  /** What came with 9000; null for every other answer. */
  async data(command: Command): Promise<Buffer | null> {
    const answer = await this.send(command);
    return answer?.sw === SW_OK ? answer.data : null;
  }

  /** The value, unless the card was lost on the way to it. */
  end<T>(value: T): Reply<T> {
    const { fault } = this;
    return fault ? failed(fault.code, fault.effect, fault.detail) : ok(value);
  }
}
