/** What PC/SC's result codes mean for us (pcsc-lite's pcsclite.h, PC/SC part 5). */

import type { Effect, Fault, FaultCode } from '../ports.ts';

/** A refusal as the library words it. */
export interface Refusal {
  /** SCARD result code; 0 when the library gave none. */
  readonly code: number;
  readonly text: string;
}

interface Meaning {
  readonly fault: FaultCode;
  readonly says: string;
  /** The daemon finds out before it hands anything to the card. */
  readonly before?: true;
}

const NO_DAEMON = 'pcscd is not running; start it: systemctl start pcscd.socket';
const IN_USE = 'another program holds it, or an exchange that hangs; stop that program';

const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [0x80100003, { fault: 'link-lost', says: 'the connection is gone', before: true }],
  [0x80100009, { fault: 'link-lost', says: 'the reader is gone' }],
  [0x8010000b, { fault: 'link-absent', says: IN_USE, before: true }],
  [0x8010000c, { fault: 'card-gone', says: 'no card' }],
  [0x8010000f, { fault: 'card-garbled', says: 'card and reader share no protocol', before: true }],
  [0x80100013, { fault: 'link-lost', says: 'pcscd went away' }],
  [0x80100015, { fault: 'card-garbled', says: 'the answer to reset makes no sense' }],
  [0x80100016, { fault: 'card-gone', says: 'the exchange broke off' }],
  [0x80100017, { fault: 'link-lost', says: 'the reader was unplugged' }],
  [0x8010001d, { fault: 'link-absent', says: NO_DAEMON, before: true }],
  [0x8010001e, { fault: 'link-lost', says: 'pcscd was stopped' }],
  [0x8010002e, { fault: 'link-lost', says: 'pcscd sees no reader' }],
  [0x80100065, { fault: 'card-garbled', says: 'the card does not fit the reader' }],
  [0x80100066, { fault: 'card-mute', says: 'the card does not answer to reset' }],
  [0x80100067, { fault: 'card-gone', says: 'the card has no power' }],
  [0x80100068, { fault: 'card-gone', says: 'the card was reset' }],
  [0x80100069, { fault: 'card-gone', says: 'the card was taken out' }],
] satisfies [number, Meaning][]);

/** @param effect what a fault means for the card unless the daemon refused beforehand */
export function faultOf({ code, text }: Refusal, where: string, effect: Effect): Fault {
  const meaning = MEANINGS.get(code);
  if (!meaning) return { code: 'link-lost', effect, detail: `${where}: ${text}` };
  const { fault, says, before } = meaning;
  const detail = `${where}: ${says} (0x${code.toString(16)})`;
  return { code: fault, effect: before ? 'none' : effect, detail };
}

/** pcsclite puts the code into the message alone: `SCardConnect error: …(0x8010000c)`. */
export function refusalOf(error: Error): Refusal {
  const text = error.message.split('\n')[0] ?? '';
  const digits = /\(0x0*([0-9a-f]{8})\)$/i.exec(text)?.[1];
  return { code: digits === undefined ? 0 : Number.parseInt(digits, 16), text };
}
