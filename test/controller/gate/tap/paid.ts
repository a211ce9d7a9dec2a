/** Taps that pay, and what the same card gets next. */

import type { Scene } from './bench.ts';
import { entered, FLAT, OUT, RIDE, UNTOUCHED } from './ride.ts';
import {
  ask,
  cache,
  debit,
  MAC2,
  offer,
  readTrip,
  select,
  selectShort,
  sign,
  TAC,
  trip,
  verify,
} from './wire.ts';

export const PAID_SCENES: Readonly<Record<string, Scene>> = {
  'an adult pays the flat fare': {
    ...RIDE,
    taps: [{ card: RIDE.card, told: 'pass' }],
  },
  'the elderly ride free, on a card whose FCI is silent': {
    taps: [
      {
        card: [
          ...[...selectShort({ cardType: '01' }), ...readTrip(), ...offer({ amount: 0 })],
          ...[...cache(trip({ kind: '06', balance: 5_000 })), ...debit()],
        ],
        told: 'pass-free',
      },
    ],
    sam: [...sign({ amount: 0 }), ...verify()],
    records: ['intent 06 0 of 5000 n7 flat/elderly', ...RIDE.records.slice(1)],
  },
  'a student pays half': {
    taps: [
      {
        card: [
          ...[...select({ cardType: '02' }), ...readTrip(), ...offer({ amount: 100 })],
          ...[...cache(trip({ kind: '06', amount: 100, balance: 4_900 })), ...debit()],
        ],
        told: 'pass-concession',
      },
    ],
    sam: [...sign({ amount: 100 }), ...verify()],
    records: ['intent 06 100 of 5000 n7 flat/student', ...RIDE.records.slice(1)],
  },
  'paid, turned round, taps again': {
    ...RIDE,
    taps: [
      { card: RIDE.card, told: 'pass' },
      { card: [...select(), ...readTrip(FLAT)], told: 'pass-again', after_s: 100 },
    ],
  },
  'an older card: 3DES after 9403': {
    taps: [
      {
        card: [
          ...[...UNTOUCHED, ask(200), '<= 9403', ...offer({ amount: 200, key: '01' })],
          ...[...cache(FLAT), ...debit()],
        ],
        told: 'pass',
      },
    ],
    sam: [...sign({ amount: 200, key: '01' }), ...verify()],
    records: RIDE.records,
  },
  'handed back over the gate for a second person': {
    ...RIDE,
    taps: [
      { card: RIDE.card, told: 'pass' },
      { card: [...select(), ...readTrip(FLAT)], told: 'passback', walked: true, after_s: 299 },
    ],
    records: [...RIDE.records, 'passage 1'],
  },
  'a supplement for the missing exit, then the entry': {
    lane: 'entry',
    taps: [
      {
        card: [
          ...[...select(), ...readTrip(entered('00010004')), ...offer({ amount: 500 })],
          ...[...cache(trip({ kind: '08', amount: 500, balance: 4_500 })), ...debit()],
          ...offer({ amount: 0, balance: 4_500, counter: 8 }),
          ...cache(trip({ kind: '03', balance: 4_500, max: 500, minutes: 180 })),
          ...debit(undefined, '000001E8'),
        ],
        told: 'pass',
      },
    ],
    sam: [
      ...[...sign({ amount: 500 }), ...verify()],
      ...[...sign({ amount: 0, counter: 8, termSeq: '000001E8' }), ...verify()],
    ],
    records: [
      ...['intent 08 500 of 5000 n7 supplement/adult shut', 'authorised 1 000001E7'],
      ...[`debited 1 8054 ${TAC} ${MAC2}`, 'outcome 1 done', 'intent 03 0 of 4500 n8 entry/adult'],
      ...['authorised 5 000001E8', `debited 5 8054 ${TAC} ${MAC2}`, 'outcome 5 done'],
    ],
  },
  'an exit pays for the distance': {
    lane: 'exit',
    taps: [
      {
        card: [
          ...[...select(), ...readTrip(entered('00010007')), ...offer({ amount: 300 })],
          ...[...cache(trip({ kind: '04', place: OUT, amount: 300, balance: 4_700 })), ...debit()],
        ],
        told: 'pass',
      },
    ],
    sam: [...sign({ amount: 300 }), ...verify()],
    records: ['intent 04 300 of 5000 n7 km-8/adult', ...RIDE.records.slice(1)],
  },
};
