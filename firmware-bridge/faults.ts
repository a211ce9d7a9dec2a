/**
 * The numbered fault catalogue. A fault is ours: a link, a chip, a disk, a SAM. What a card or a
 * rule decides is an outcome and has no place here. Callers branch on `code`, never on text.
 */

/**
 * What a fault means for the card, and so for money:
 * - `none`: the command certainly did not reach the card;
 * - `unknown`: it may have, the answer was not understood;
 * - `done`: it did, and the fault came later (a disk that failed after the debit).
 * No layer may weaken `unknown` to `none`.
 */
export type Effect = 'none' | 'unknown' | 'done';

interface FaultEntry {
  readonly number: number;
  readonly layer: 'link' | 'reader' | 'card' | 'sam' | 'store' | 'barrier' | 'kiosk' | 'controller';
  /** What the operator should do. */
  readonly action: string;
}

export const FAULTS = {
  'link-absent': entry(100, 'link', 'Check cable and device path; run `tapway doctor`.'),
  'link-lost': entry(101, 'link', 'The device was unplugged or died; check cable and power.'),
  'link-busy': entry(102, 'link', 'A queue is full: the device is slower than its traffic.'),
  'chip-mute': entry(200, 'reader', 'The reader chip does not answer; power-cycle the reader.'),
  'chip-refused': entry(201, 'reader', 'The reader chip refused a command; check its firmware.'),
  'chip-garbled': entry(202, 'reader', 'The reader line is noisy; check cable, earth, baud rate.'),
  'card-gone': entry(300, 'card', 'The card left the field; the passenger taps again.'),
  'card-mute': entry(301, 'card', 'The card did not answer in time; the passenger taps again.'),
  'card-garbled': entry(302, 'card', 'The card answered nonsense; replace it if it repeats.'),
  'sam-absent': entry(400, 'sam', 'No SAM in the slot; insert it or check `sam` in the config.'),
  'sam-mute': entry(401, 'sam', 'The SAM does not answer; reseat it.'),
  'sam-refused': entry(402, 'sam', 'The SAM refused a command; check key version and SAM type.'),
  'sam-distrusted': entry(403, 'sam', 'Too many wrong MAC2 in a row; have SAM and keys examined.'),
  'sam-keys': entry(404, 'sam', 'The sealed key file cannot be used; see the message.'),
  'ledger-write': entry(500, 'store', 'The ledger disk failed; replace it, keep it for the books.'),
  'ledger-full': entry(501, 'store', 'The ledger disk is full; upload and free space.'),
  'ledger-held': entry(503, 'store', 'Another process serves this data_dir; stop it first.'),
  'ledger-busy': entry(504, 'store', 'The disk is slower than the lane; replace it if it repeats.'),
  'ledger-damaged': entry(502, 'store', 'Run `tapway ledger verify` and keep the directory.'),
  'blacklist-unreadable': entry(
    510,
    'store',
    'The blacklist store is damaged; import the list anew.',
  ),
  'list-refused': entry(511, 'store', 'The list file cannot be used; fetch it again.'),
  'barrier-lost': entry(600, 'barrier', 'The barrier board does not answer; check its cable.'),
  'printer-lost': entry(700, 'kiosk', 'The printer does not answer; check cable and power.'),
  'printer-stopped': entry(701, 'kiosk', 'The printer needs a hand: paper, cover or cutter.'),
  'voice-mute': entry(710, 'kiosk', 'No speech: install espeak-ng or put sounds in place.'),
  'hsm-lost': entry(720, 'kiosk', 'The HSM does not answer; check network, address, certificate.'),
  'hsm-refused': entry(721, 'kiosk', 'The HSM refused; check key address and access rights.'),
  assertion: entry(900, 'controller', 'A defect in the program: send the log to the maintainers.'),
} as const satisfies Record<string, FaultEntry>;

export type FaultCode = keyof typeof FAULTS;

export interface Fault {
  readonly code: FaultCode;
  readonly effect: Effect;
  /** One line for the log: what happened, without keys, names or numbers of persons. */
  readonly detail: string;
}

/** The answer of every port: a value, or a fault. Expected trouble is never thrown. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault };

export function ok<T>(value: T): Reply<T> {
  return { ok: true, value };
}

export function failed(
  code: FaultCode,
  effect: Effect,
  detail: string,
): { ok: false; fault: Fault } {
  return { ok: false, fault: { code, effect, detail } };
}

/** "E301 card-mute (effect unknown): no answer to 8054 in 500 ms. The card did not …" */
export function describeFault(fault: Fault): string {
  return told(fault, ` (effect ${fault.effect})`);
}

/** The same for somebody at a terminal, whom the effect on a card does not concern. */
export function explainFault(fault: Fault): string {
  return told(fault, '');
}

function told({ code, detail }: Fault, effect: string): string {
  const { number, action } = FAULTS[code];
  const stop = /[.?!…]$/.test(detail) ? '' : '.';
  return `E${number} ${code}${effect}: ${detail}${stop} ${action}`;
}

function entry(number: number, layer: FaultEntry['layer'], action: string): FaultEntry {
  return { number, layer, action };
}
