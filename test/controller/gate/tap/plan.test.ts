import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { LaneConfig } from '../../../../config/schema.ts';
import { parsePublicInfo } from '../../../../controller/card/purse/public-info.ts';
import { concessionOf } from '../../../../controller/fare/fare.ts';
import { chargesFor, planTap } from '../../../../controller/gate/tap/plan.ts';
import type { Purse, Tap, TapDeps } from '../../../../controller/gate/tap/tap.ts';
import type { Story } from '../../../../controller/ledger/records.ts';
import { createFakeClock } from '../../../kit/fake-clock.ts';
import { feature } from '../../../kit/feature.ts';
import { intent } from '../../ledger/samples.ts';
import { laneConfig } from './bench.ts';
import { AT, publicInfo, SERIAL, type TripFields, trip } from './wire.ts';

const plan = feature('plan of a tap');

const clock = createFakeClock();
const [HERE, NEAR, FAR] = ['00010001', '00010002', '00010008'];

/** Which lane, which card, which policy. Times are minutes before now. */
interface Situation {
  readonly lane: 'flat' | 'entry' | 'exit';
  /** EF1E; none when the file is empty. */
  readonly card?: TripFields & { readonly ago?: number };
  readonly type?: string;
  readonly foreign?: boolean;
  readonly last?: Partial<Story>;
  readonly rules?: Partial<LaneConfig['lane']>;
  readonly fares?: Partial<NonNullable<LaneConfig['fare']['distance']>>;
  readonly foreignClass?: boolean;
}

function configOf({ lane, rules, fares, foreignClass = false }: Situation): LaneConfig {
  const config = laneConfig(lane);
  const { distance, concessions } = config.fare;
  const fare = {
    ...config.fare,
    concessions: concessions.map((each) => ({ ...each, foreign_cities: foreignClass })),
    ...(distance && { distance: { ...distance, ...fares } }),
  };
  return { ...config, fare, lane: { ...config.lane, ...rules } };
}

function stamp(ago_minutes: number): string {
  const local = new Date(clock.wall_ms() + (480 - ago_minutes) * 60_000);
  return local.toISOString().replace(/\D/g, '').slice(0, 14);
}

function purseFor({ card, type = '00', foreign = false }: Situation): Purse {
  const info = parsePublicInfo(Buffer.from(publicInfo({ cardType: type }), 'hex'));
  if (!info) throw new Error('EF15 of the test is wrong');
  const record = card && Buffer.from(trip({ at: stamp(card.ago ?? 15), ...card }), 'hex');
  return { info, serial: SERIAL, management: null, foreign, trip: record ?? null };
}

/** The plan in short: `kind amount rule message`, `!` for a charge that opens nothing. */
function planned(situation: Situation): string {
  const config = configOf(situation);
  const purse = purseFor(situation);
  const concession = concessionOf(config.fare, purse.info.cardType, purse.foreign);
  const last = situation.last && { ref: 1, intent: intent(), passed: false, ...situation.last };
  const told = chargesFor({ config, purse, concession, last, now_ms: clock.wall_ms() });
  if (told.kind === 'refuse') return told.message;
  return told.charges
    .map(({ kind, amount_fen, rule, message, opens }) =>
      [kind, amount_fen, rule, opens ? message : '!'].join(' '),
    )
    .join(' + ');
}

const entry = (place: string, more: Partial<TripFields> & { ago?: number } = {}) => ({
  ...{ kind: '03', place, max: 500, minutes: 180 },
  ...more,
});
const ENTRY = '03 0 entry/adult pass';

const TABLE: readonly (readonly [string, Situation, string])[] = [
  ['flat', { lane: 'flat' }, '06 200 flat/adult pass'],
  ['flat, elderly', { lane: 'flat', type: '01' }, '06 0 flat/elderly pass-free'],
  ['flat, student', { lane: 'flat', type: '02' }, '06 100 flat/student pass-concession'],
  ['flat, unknown card type', { lane: 'flat', type: '77' }, '06 200 flat/adult pass'],
  [
    'flat, student of another city',
    { lane: 'flat', type: '02', foreign: true },
    '06 200 flat/adult pass',
  ],
  [
    'flat, student of another city, granted',
    { lane: 'flat', type: '02', foreign: true, foreignClass: true },
    '06 100 flat/student pass-concession',
  ],
  ['flat, an entry open elsewhere', { lane: 'flat', card: entry(NEAR) }, '06 200 flat/adult pass'],

  ['entry, an empty EF1E', { lane: 'entry' }, ENTRY],
  ['entry, a fresh card', { lane: 'entry', card: { kind: '00' } }, ENTRY],
  ['entry after an exit', { lane: 'entry', card: { kind: '04' } }, ENTRY],
  ['entry after a single ride', { lane: 'entry', card: { kind: '06' } }, ENTRY],
  ['entry after a supplement', { lane: 'entry', card: { kind: '08' } }, ENTRY],
  ['entry after a kind of later years', { lane: 'entry', card: { kind: 'A7' } }, ENTRY],
  ['entry, elderly', { lane: 'entry', type: '01' }, '03 0 entry/elderly pass-concession'],
  [
    'entry without exit',
    { lane: 'entry', card: entry(NEAR) },
    `08 500 supplement/adult ! + ${ENTRY}`,
  ],
  [
    'entry without exit, the card stores less',
    { lane: 'entry', card: entry(NEAR, { max: 320 }) },
    `08 320 supplement/adult ! + ${ENTRY}`,
  ],
  [
    'entry without exit, the card stores more than our own maximum',
    { lane: 'entry', card: entry(NEAR, { max: 0xffff_ffff }) },
    `08 500 supplement/adult ! + ${ENTRY}`,
  ],
  [
    'entry without exit, elderly, whose maximum is nothing',
    { lane: 'entry', type: '01', card: entry(NEAR, { max: 0 }) },
    '08 0 supplement/elderly ! + 03 0 entry/elderly pass-concession',
  ],
  [
    'entry without exit, for the desk',
    { lane: 'entry', card: entry(NEAR), rules: { missing_exit: 'desk' } },
    'exit-missing',
  ],
  [
    'our own entry that nobody used',
    { lane: 'entry', card: entry(HERE), last: { intent: intent({ trip: entryBytes() }) } },
    ENTRY,
  ],
  [
    'our own entry that somebody used',
    {
      lane: 'entry',
      card: entry(HERE),
      last: { intent: intent({ trip: entryBytes() }), passed: true },
    },
    `08 500 supplement/adult ! + ${ENTRY}`,
  ],
  [
    'our own entry is not the latest on the card',
    { lane: 'entry', card: entry(NEAR), last: { intent: intent({ trip: entryBytes() }) } },
    `08 500 supplement/adult ! + ${ENTRY}`,
  ],

  ['exit, the whole line', { lane: 'exit', card: entry(HERE) }, '04 500 km-over-12/adult pass'],
  ['exit, nearby', { lane: 'exit', card: entry('00010007') }, '04 300 km-8/adult pass'],
  [
    'exit, student',
    { lane: 'exit', type: '02', card: entry(HERE) },
    '04 250 km-over-12/student pass-concession',
  ],
  [
    'exit, elderly',
    { lane: 'exit', type: '01', card: entry(HERE) },
    '04 0 km-over-12/elderly pass-free',
  ],
  ['exit without entry', { lane: 'exit' }, 'entry-missing'],
  ['exit after an exit', { lane: 'exit', card: { kind: '04' } }, 'entry-missing'],
  [
    'exit paid here and never walked, where a missing entry is charged',
    {
      lane: 'exit',
      card: { kind: '04' },
      last: { intent: intent({ trip: trip({ kind: '04', at: stamp(15) }) }) },
      rules: { missing_entry: 'supplement' },
    },
    'paid-see-staff',
  ],
  [
    'exit without entry, charged',
    { lane: 'exit', rules: { missing_entry: 'supplement' } },
    '08 500 supplement/adult pass',
  ],
  [
    'exit without entry, charged, student',
    { lane: 'exit', type: '02', rules: { missing_entry: 'supplement' } },
    '08 250 supplement/student pass-concession',
  ],
  [
    'exit without entry, charged, elderly',
    { lane: 'exit', type: '01', rules: { missing_entry: 'supplement' } },
    '08 0 supplement/elderly pass-free',
  ],
  ['entered at an unknown station', { lane: 'exit', card: entry('00990001') }, 'unknown-station'],
  [
    'same station, at once',
    { lane: 'exit', card: entry(FAR, { ago: 10 }) },
    '04 0 same-station-free/adult pass-free',
  ],
  [
    'same station, later',
    { lane: 'exit', card: entry(FAR, { ago: 11 }) },
    '04 200 same-station/adult pass',
  ],
  [
    'same station, lowest fare',
    { lane: 'exit', card: entry(FAR, { ago: 1 }), fares: { same_station: 'min' } },
    '04 200 same-station/adult pass',
  ],
  [
    'same station, for the desk',
    { lane: 'exit', card: entry(FAR), fares: { same_station: 'desk' } },
    'same-station',
  ],
  [
    'exactly the longest time',
    { lane: 'exit', card: entry('00010007', { ago: 180 }) },
    '04 300 km-8/adult pass',
  ],
  [
    'overtime',
    { lane: 'exit', card: entry('00010007', { ago: 181 }) },
    '04 500 overtime/adult pass',
  ],
  [
    'overtime, student',
    { lane: 'exit', type: '02', card: entry('00010007', { ago: 181 }) },
    '04 250 overtime/student pass-concession',
  ],
  [
    'overtime, surcharge',
    {
      lane: 'exit',
      card: entry('00010007', { ago: 181 }),
      fares: { overtime: 'surcharge', overtime_surcharge_fen: 150 },
    },
    '04 450 overtime/adult pass',
  ],
  [
    'overtime, for the desk',
    { lane: 'exit', card: entry(HERE, { ago: 181 }), fares: { overtime: 'desk' } },
    'overtime',
  ],
  [
    'an entry in the future: the clocks differ',
    { lane: 'exit', card: entry('00010007', { ago: -5 }) },
    '04 300 km-8/adult pass',
  ],
  [
    'an entry at no time of the calendar counts as overtime',
    { lane: 'exit', card: entry('00010007', { at: 'FFFFFFFFFFFFFF' }) },
    '04 500 overtime/adult pass',
  ],
];
for (const [title, situation, expected] of TABLE)
  plan.test(`${title} THEN ${expected}`, () => {
    assert.is(planned(situation), expected);
  });

function entryBytes(): string {
  return trip({ ...entry(HERE), at: stamp(15) });
}

function charges(situation: Situation) {
  const config = configOf(situation);
  const purse = purseFor(situation);
  const concession = concessionOf(config.fare, purse.info.cardType, purse.foreign);
  const told = chargesFor({ config, purse, concession, last: undefined, now_ms: clock.wall_ms() });
  return told.kind === 'charges' ? told.charges : [];
}

plan.test('an entry writes its maximum and longest time, and wants the lowest fare', () => {
  const [adult] = charges({ lane: 'entry' });
  assert.is(adult?.incompleteMax_fen, 500);
  assert.is(adult?.tripMax_minutes, 180);
  assert.is(adult?.balanceNeeded_fen, 200);
  const [student] = charges({ lane: 'entry', type: '02' });
  assert.is(student?.incompleteMax_fen, 250);
  assert.is(student?.balanceNeeded_fen, 100);
});

plan.test('a supplement wants the money for the entry behind it as well', () => {
  const [supplement, after] = charges({ lane: 'entry', card: entry(NEAR) });
  assert.is(supplement?.balanceNeeded_fen, 700);
  assert.is(after?.balanceNeeded_fen, 200);
  assert.is(supplement?.entry, trip({ ...entry(NEAR), at: stamp(15) }));
});

plan.test('an exit names the entry that it closes', () => {
  const [exit] = charges({ lane: 'exit', card: entry(NEAR) });
  assert.is(exit?.entry, trip({ ...entry(NEAR), at: stamp(15) }));
});

plan.test('whatever a card says: whole fen, never above the maximum, one charge opens', () => {
  const bytes = fc.uint8Array({ minLength: 47, maxLength: 47 });
  const lanes = fc.constantFrom<Situation['lane']>('flat', 'entry', 'exit');
  const kinds = fc.constantFrom('00', '03', '04', '06', '08', 'FF');
  fc.assert(
    fc.property(lanes, kinds, bytes, (lane, kind, rest) => {
      const config = configOf({ lane });
      const record = Buffer.concat([Buffer.from(kind, 'hex'), rest]);
      const purse = { ...purseFor({ lane }), trip: record };
      const input = { config, purse, concession: null, last: undefined, now_ms: clock.wall_ms() };
      const told = chargesFor(input);
      if (told.kind === 'refuse') return;
      for (const { amount_fen } of told.charges) {
        assert.ok(Number.isInteger(amount_fen) && amount_fen >= 0 && amount_fen <= 500);
      }
      assert.is(told.charges.filter(({ opens }) => opens).length, 1);
      assert.ok(told.charges.at(-1)?.opens);
    }),
    { numRuns: 300 },
  );
});

plan.test('GIVEN a fare above purse.fare_max_fen THEN it throws: the lane must close', () => {
  const config = configOf({ lane: 'flat' });
  const tap = { id: 1, card: {}, charges: [], purse: purseFor({ lane: 'flat' }) };
  const deps = {
    config: { ...config, purse: { ...config.purse, fare_max_fen: 199 } },
    clock,
    ledger: { lastClosed: () => undefined },
  };
  const run = () => planTap(tap as unknown as Tap, deps as unknown as TapDeps);
  assert.throws(run, 'fare 200 fen is above purse.fare_max_fen');
  assert.is(AT, stamp(0));
});

plan.run();
