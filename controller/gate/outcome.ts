/**
 * Every verdict that a tap can end with. An outcome is the card's or a rule's word and has a text
 * for the passenger (config/locales/*.yaml), a light and a sound (feedback.ts). What breaks on our
 * side is a fault and reaches the passenger as `try-again`, `retry-same-card` or `out-of-service`.
 */

export const GRANTED = [
  'pass',
  'pass-free',
  'pass-concession',
  /** A torn tap proved by 805A: no second debit. */
  'pass-recovered',
  /** Paid before, did not walk through: opens again without a debit. */
  'pass-again',
] as const;

export const REFUSED = [
  'several-cards',
  /** No ISO 14443-4, or no transit purse on it: bank cards, Mifare tokens. */
  'unsupported-card',
  'card-blocked',
  'not-a-purse',
  'not-enabled',
  'issuer-unknown',
  'not-yet-valid',
  'expired',
  'not-interoperable',
  'listed-lost',
  'listed-stolen',
  'listed-superseded',
  'listed-issuer-stop',
  'listed-fraud',
  'list-unreadable',
  /** Entry gate, last trip still open, and the policy sends to the desk. */
  'exit-missing',
  /** Exit gate without an entry. */
  'entry-missing',
  'unknown-station',
  'overtime',
  'same-station',
  'insufficient',
  'card-damaged',
  'key-unsupported',
  'passback',
  /** The card refused the debit: MAC1 wrong and the like; nothing was taken. */
  'debit-refused',
  /** The card's MAC2 is wrong: a forged purse. */
  'mac2-wrong',
  /** Debited, but the proof could not be verified: staff opens. */
  'paid-see-staff',
] as const;

export const TROUBLED = [
  /** A fault before any debit: nothing was taken. */
  'try-again',
  /** The debit was sent and not answered: the same card again. */
  'retry-same-card',
  'out-of-service',
] as const;

/** What the sign shows between taps. */
export const IDLE = [
  'ready',
  'closed',
  'emergency',
  'maintenance',
  'starting',
  /** The lane stands open to everybody, by policy. */
  'free-passage',
  /** The lane serves its other end at this moment. */
  'wait',
] as const;

export type Granted = (typeof GRANTED)[number];
export type Refused = (typeof REFUSED)[number];
export type Troubled = (typeof TROUBLED)[number];
export type Message = Granted | Refused | Troubled | (typeof IDLE)[number];
