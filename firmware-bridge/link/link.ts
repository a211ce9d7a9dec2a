/** A byte pipe to one device, whatever carries it: serial line, HID reports, memory. */

import type { Fault, Reply } from '../faults.ts';

export interface LinkListener {
  /** The bytes are there during the call alone: whoever keeps any copies them. */
  data(bytes: Buffer): void;
  /** Comes once; the link is dead afterwards and must be replaced by a new one. */
  lost(fault: Fault): void;
}

export interface Link {
  readonly name: string;
  /**
   * Hands bytes over for sending. A refusal has effect `none`: not one byte left. Acceptance means
   * that they may arrive, so whoever waits for an answer must treat its absence as `unknown`.
   */
  write(bytes: Buffer): Reply<void>;
  /** Sets the one listener; bytes that came before are delivered at once. */
  listen(listener: LinkListener): void;
  /** Changes the line's speed, where it has one. */
  setBaud(baud: number): Promise<Reply<void>>;
  counters(): Readonly<Record<string, number>>;
  /** Legal at any time, repeatedly; does not call `lost`. */
  close(): Promise<void>;
}
