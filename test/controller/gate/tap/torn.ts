/** Taps that break off, and how the same card settles them. */

import type { Scene } from './bench.ts';
import { FLAT, RIDE, TORN, UNTOUCHED } from './ride.ts';
import {
  ask,
  cache,
  debit,
  MAC2,
  offer,
  PROOF_MAC2,
  prove,
  readTrip,
  SELECT,
  select,
  sign,
  TAC,
  verify,
} from './wire.ts';

/** The counter moved on, 805A says no, and EF1E is the record that we sent. */
const UNPROVED = [
  ...[...select(), ...readTrip(FLAT), ...prove(8, '9406')],
  ...offer({ amount: 0, balance: 4_800, counter: 8 }),
];

export const TORN_SCENES: Readonly<Record<string, Scene>> = {
  'torn and proved by 805A: no second debit': {
    taps: [
      { card: TORN.card, told: 'retry-same-card' },
      { card: [...select(), ...readTrip(FLAT), ...prove(8)], told: 'pass-recovered', after_s: 9 },
    ],
    sam: [...TORN.sam, ...verify('9000', PROOF_MAC2)],
    records: [...TORN.records, `debited 1 805A ${TAC} ${PROOF_MAC2}`, 'outcome 1 recovered'],
  },
  'torn and not debited: begins anew': {
    taps: [
      { card: TORN.card, told: 'retry-same-card' },
      {
        card: [
          ...[
            ...UNTOUCHED,
            ...prove(8, '9406'),
            ...offer({ amount: 0 }),
            ...offer({ amount: 200 }),
          ],
          ...[...cache(FLAT), ...debit(undefined, '000001E8')],
        ],
        told: 'pass',
      },
    ],
    sam: [...TORN.sam, ...sign({ amount: 200, termSeq: '000001E8' }), ...verify()],
    records: [
      ...[...TORN.records, 'outcome 1 not-debited', 'intent 06 200 of 5000 n7 flat/adult'],
      ...['authorised 4 000001E8', `debited 4 8054 ${TAC} ${MAC2}`, 'outcome 4 done'],
    ],
  },
  'a forged proof of a torn tap': {
    taps: [
      { card: TORN.card, told: 'retry-same-card' },
      { card: [...select(), ...readTrip(FLAT), ...prove(8)], told: 'mac2-wrong' },
    ],
    sam: [...TORN.sam, ...verify('9302', PROOF_MAC2)],
    records: [...TORN.records, `debited 1 805A ${TAC} ${PROOF_MAC2}`, 'outcome 1 mac2-wrong'],
  },
  'proved, but the SAM has forgotten the session': {
    taps: [
      { card: TORN.card, told: 'retry-same-card' },
      { card: [...select(), ...readTrip(FLAT), ...prove(8)], told: 'paid-see-staff' },
    ],
    sam: [...TORN.sam, ...verify('6985', PROOF_MAC2)],
    records: [...TORN.records, `debited 1 805A ${TAC} ${PROOF_MAC2}`, 'outcome 1 mac2-unverified'],
  },
  'cannot prove, but carries our record: staff, as often as it comes': {
    taps: [
      { card: TORN.card, told: 'retry-same-card' },
      { card: UNPROVED, told: 'paid-see-staff' },
      { card: UNPROVED, told: 'paid-see-staff', after_s: 60 },
    ],
    sam: TORN.sam,
    records: TORN.records,
  },
  'gone before anything was sent': {
    taps: [{ card: [SELECT, '<= ! card-gone none'], told: 'try-again' }],
  },
  'gone with 8050, which moves no money': {
    taps: [{ card: [...UNTOUCHED, ask(200), '<= ! card-mute unknown'], told: 'try-again' }],
  },
  '8054 never left the reader': {
    taps: [{ card: [...RIDE.card.slice(0, -1), '<= ! card-gone none'], told: 'try-again' }],
    sam: sign({ amount: 200 }),
    records: [...TORN.records, 'outcome 1 not-debited'],
  },
  'memory failure in 8054: nobody knows': {
    taps: [{ card: [...RIDE.card.slice(0, -1), '<= 6581'], told: 'retry-same-card' }],
    sam: sign({ amount: 200 }),
    records: TORN.records,
  },
  'answer to 8054 announced, then not given: it was carried out': {
    taps: [
      {
        card: [...RIDE.card.slice(0, -1), '<= 6108', '=> 00C0000008', '<= 6D00'],
        told: 'retry-same-card',
      },
    ],
    sam: sign({ amount: 200 }),
    records: TORN.records,
  },
  '8054 answered 6C08, then refused: the first may have been carried out': {
    taps: [
      {
        card: [...RIDE.card.slice(0, -1), '<= 6C08', ...debit('6985')],
        told: 'retry-same-card',
      },
    ],
    sam: sign({ amount: 200 }),
    records: TORN.records,
  },
  'the SAM falls silent after the debit: started anew, it is shown no MAC2 of before': {
    taps: [
      { card: RIDE.card, told: 'retry-same-card' },
      { card: [...select(), ...readTrip(FLAT), ...prove(8)], told: 'paid-see-staff' },
    ],
    sam: [...sign({ amount: 200 }), ...verify('! sam-mute none')],
    records: [
      ...RIDE.records.slice(0, 3),
      ...[`debited 1 805A ${TAC} ${PROOF_MAC2}`, 'outcome 1 mac2-unverified'],
    ],
  },
  'the SAM falls silent after the debit': {
    taps: [{ card: RIDE.card, told: 'retry-same-card' }],
    sam: [...sign({ amount: 200 }), ...verify('! sam-mute none')],
    records: RIDE.records.slice(0, 3),
  },
};
