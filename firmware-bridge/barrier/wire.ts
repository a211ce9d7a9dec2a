/**
 * A Modbus-RTU line for `modbus-serial`, which builds and checks the frames, on a `Link`. The
 * library's own serial port is not used: it keeps what came too late and takes it for the answer to
 * a later request, for good; it also misses hang-ups (see link/serial.ts).
 */

import { EventEmitter } from 'node:events';
import type { Link } from '../link/link.ts';

/** What `modbus-serial` wants of a port. */
export class RtuPort extends EventEmitter {
  isOpen = true;
  /** Bytes that answered nothing: late, foreign or noise. */
  strays = 0;
  readonly #link: Link;
  /** The request that waits for its answer. */
  #pending: { readonly unit: number; readonly code: number; readonly length: number } | null = null;
  #received = Buffer.alloc(0);

  constructor(link: Link) {
    super();
    this.#link = link;
  }

  open(done: (error?: Error | null) => void): void {
    done(null);
  }

  close(done: (error?: Error | null) => void): void {
    this.isOpen = false;
    done(null);
  }

  write(request: Buffer): void {
    this.forget();
    this.#pending = {
      unit: request.readUInt8(0),
      code: request.readUInt8(1),
      length: answerLength(request),
    };
    // A refused write shows as an answer that does not come.
    this.#link.write(request);
  }

  /** Nobody waits any more: what still comes belongs to nothing. */
  forget(): void {
    this.strays += this.#received.length;
    this.#received = Buffer.alloc(0);
    this.#pending = null;
  }

  take(bytes: Buffer): void {
    if (!this.#pending) {
      this.strays += bytes.length;
      return;
    }
    this.#received = Buffer.concat([this.#received, bytes]);
    const answer = this.#find(this.#pending);
    if (!answer) return;
    this.#received = this.#received.subarray(answer.length);
    this.forget();
    this.emit('data', answer);
  }

  /** The answer, behind whatever noise the line made before it. */
  #find({ unit, code, length }: { unit: number; code: number; length: number }): Buffer | null {
    for (let at = 0; at + EXCEPTION_BYTES <= this.#received.length; at += 1) {
      if (this.#received[at] !== unit) continue;
      const size = this.#received[at + 1] === (code | 0x80) ? EXCEPTION_BYTES : length;
      if (size === length && this.#received[at + 1] !== code) continue;
      if (at + size > this.#received.length) return null;
      this.strays += at;
      this.#received = this.#received.subarray(at);
      return this.#received.subarray(0, size);
    }
    if (this.#received.length > NOISE_MAX) this.#received = this.#received.subarray(-NOISE_MAX);
    return null;
  }
}

/** Unit, code with the top bit, exception code, CRC. */
const EXCEPTION_BYTES = 5;
/** No answer to our requests is longer. */
const NOISE_MAX = 64;

/** Modbus Application Protocol 1.1b3, clauses 6.2, 6.5 and 6.6, with unit and CRC. */
function answerLength(request: Buffer): number {
  return request.readUInt8(1) === READ_DISCRETE_INPUTS
    ? 5 + Math.ceil(request.readUInt16BE(4) / 8)
    : 8;
}

const READ_DISCRETE_INPUTS = 2;
