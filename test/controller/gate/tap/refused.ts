/** Taps that a card or a rule refuses before anything was taken. */

import type { Scene } from './bench.ts';
import { distance, entered, FLAT, lane, OUT, RIDE, site, TORN, UNTOUCHED } from './ride.ts';
import {
  ask,
  block,
  CHALLENGE,
  cache,
  LOCK_FACTORS,
  LOCK_MAC,
  management,
  offer,
  readTrip,
  SELECT,
  select,
  sign,
  verify,
} from './wire.ts';

export const REFUSED_SCENES: Readonly<Record<string, Scene>> = {
  'a bank card': {
    taps: [{ card: [SELECT, '<= 6A82'], told: 'unsupported-card' }],
  },
  'blocked by its issuer': {
    taps: [{ card: [SELECT, '<= 6283'], told: 'card-blocked' }],
  },
  'blocked, as 8050 tells': {
    taps: [{ card: [...UNTOUCHED, ask(200), '<= 9303'], told: 'card-blocked' }],
  },
  'EF15 names another application': {
    taps: [{ card: [...select({ type: '01' }), ...readTrip()], told: 'not-a-purse' }],
  },
  'not enabled yet': {
    taps: [{ card: [...select({ version: '00' }), ...readTrip()], told: 'not-enabled' }],
  },
  'an issuer that is not in the list': {
    config: site({ issuers: ['01133309'] }),
    taps: [{ card: UNTOUCHED, told: 'issuer-unknown' }],
  },
  'valid from tomorrow': {
    taps: [{ card: [...select({ start: '20260102' }), ...readTrip()], told: 'not-yet-valid' }],
  },
  'valid until yesterday': {
    taps: [{ card: [...select({ expiry: '20251231' }), ...readTrip()], told: 'expired' }],
  },
  'withdrawn by its version': {
    taps: [{ card: [...select({ version: 'FF' }), ...readTrip()], told: 'expired' }],
  },
  'of another city, for that city alone': {
    taps: [
      {
        card: [...select({ city: '4403' }), ...management(false), ...readTrip()],
        told: 'not-interoperable',
      },
    ],
  },
  'reported lost: blocked on the spot': {
    listed: { kind: 'listed', reason: 'lost' },
    taps: [{ card: [...UNTOUCHED, ...CHALLENGE, ...block()], told: 'listed-lost' }],
    sam: [...LOCK_FACTORS, ...LOCK_MAC],
    records: ['sighting lost blocked'],
  },
  'reported stolen: the SAM has no lock key': {
    listed: { kind: 'listed', reason: 'stolen' },
    taps: [{ card: [...UNTOUCHED, ...CHALLENGE], told: 'listed-stolen' }],
    sam: [...LOCK_FACTORS.slice(0, 1), '<= 6A88'],
    records: ['sighting stolen not blocked'],
  },
  'superseded: the policy blocks no cards': {
    config: lane({ block_listed_cards: false }),
    listed: { kind: 'listed', reason: 'superseded' },
    taps: [{ card: UNTOUCHED, told: 'listed-superseded' }],
    records: ['sighting superseded not blocked'],
  },
  'stopped by its issuer: the card leaves before it is blocked': {
    listed: { kind: 'listed', reason: 'issuer-stop' },
    taps: [
      {
        card: [...UNTOUCHED, ...CHALLENGE.slice(0, 1), '<= ! card-gone none'],
        told: 'listed-issuer-stop',
      },
    ],
    records: ['sighting issuer-stop not blocked'],
  },
  'listed for fraud: the card refuses 841E': {
    listed: { kind: 'listed', reason: 'fraud' },
    taps: [{ card: [...UNTOUCHED, ...CHALLENGE, ...block('6988')], told: 'listed-fraud' }],
    sam: [...LOCK_FACTORS, ...LOCK_MAC],
    records: ['sighting fraud not blocked'],
  },
  'the blacklist cannot be read': {
    listed: { kind: 'unreadable', detail: 'scripted' },
    taps: [{ card: UNTOUCHED, told: 'list-unreadable' }],
  },
  'an entry without exit, for the desk': {
    lane: 'entry',
    config: lane({ missing_exit: 'desk' }),
    taps: [{ card: [...select(), ...readTrip(entered('00010004'))], told: 'exit-missing' }],
  },
  'no entry at the exit': {
    lane: 'exit',
    taps: [{ card: UNTOUCHED, told: 'entry-missing' }],
  },
  'entered at a station of another network': {
    lane: 'exit',
    taps: [{ card: [...select(), ...readTrip(entered('09990001'))], told: 'unknown-station' }],
  },
  'too long inside': {
    lane: 'exit',
    config: distance({ overtime: 'desk' }),
    taps: [
      {
        card: [...select(), ...readTrip(entered('00010004', '20260101045900'))],
        told: 'overtime',
      },
    ],
  },
  'leaves where he entered': {
    lane: 'exit',
    config: distance({ same_station: 'desk' }),
    taps: [{ card: [...select(), ...readTrip(entered(OUT))], told: 'same-station' }],
  },
  'too little money, says the card': {
    taps: [
      {
        card: [...UNTOUCHED, ask(200), '<= 9401', '=> 805C030204', '<= 00000064 9000'],
        told: 'insufficient',
      },
    ],
  },
  'an entry costs nothing, but wants the lowest fare on the card': {
    lane: 'entry',
    taps: [{ card: [...UNTOUCHED, ...offer({ amount: 0, balance: 199 })], told: 'insufficient' }],
  },
  'EF1E is cut short': {
    taps: [{ card: [...select(), '=> 00B201F400', '<= 0000 9000'], told: 'card-damaged' }],
  },
  'no key of this card is known': {
    taps: [
      {
        card: [...UNTOUCHED, ask(200), '<= 9403', ask(200, '01'), '<= 9403'],
        told: 'key-unsupported',
      },
    ],
  },
  'the SAM has no key for this card': {
    taps: [
      { card: [...UNTOUCHED, ...offer({ amount: 200 }), ...cache(FLAT)], told: 'key-unsupported' },
    ],
    sam: sign({ amount: 200 }, '6A88'),
    records: ['intent 06 200 of 5000 n7 flat/adult', 'outcome 1 not-debited'],
  },
  'MAC1 is wrong': {
    taps: [{ card: [...RIDE.card.slice(0, -1), '<= 9302'], told: 'debit-refused' }],
    sam: sign({ amount: 200 }),
    records: [...TORN.records, 'outcome 1 not-debited'],
  },
  'the card refuses the trip record': {
    taps: [
      {
        card: [...UNTOUCHED, ...offer({ amount: 200 }), ...cache(FLAT, '6985')],
        told: 'debit-refused',
      },
    ],
    sam: sign({ amount: 200 }),
    records: ['intent 06 200 of 5000 n7 flat/adult', 'outcome 1 not-debited'],
  },
  'a forged purse: MAC2 is wrong, and it stays out': {
    taps: [
      { card: RIDE.card, told: 'mac2-wrong' },
      { card: [...select(), ...readTrip(FLAT)], told: 'mac2-wrong', after_s: 3_600 },
    ],
    sam: [...sign({ amount: 200 }), ...verify('9302')],
    records: [...RIDE.records.slice(0, 3), 'outcome 1 mac2-wrong'],
  },
  'a supplement that would leave too little for the entry is not taken': {
    lane: 'entry',
    taps: [
      {
        card: [
          ...[...select(), ...readTrip(entered('00010004'))],
          ...offer({ amount: 500, balance: 699 }),
        ],
        told: 'insufficient',
      },
    ],
  },
};
