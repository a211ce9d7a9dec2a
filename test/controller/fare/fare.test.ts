import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type FareTable, fareSchema } from '../../../config/schema.ts';
import {
  concessionOf,
  discounted,
  distanceFare,
  exitFare,
  flatFare,
  maxIncomplete,
  supplementFare,
} from '../../../controller/fare/fare.ts';
import { feature } from '../../kit/feature.ts';

const fare = feature('fare');

const KM = [0, 1.4, 4, 8.3, 12.3, 20.5];
const A = '00010000';
const B = '00010001';
const F = '00010005';

const TABLE = fareSchema.parse({
  name: 'test',
  flat_fen: 199,
  distance: {
    stations: KM.map((km, index) => ({ place: `0001000${index}`, name: {}, km })),
    bands: [{ up_to_km: 4, fare_fen: 200 }, { up_to_km: 12, fare_fen: 305 }, { fare_fen: 500 }],
    max_fen: 600,
    max_minutes: 120,
  },
  concessions: [
    { name: 'elderly', card_types: ['01', '1a'], pays_percent: 0 },
    { name: 'student', card_types: ['02'], pays_percent: 50, foreign_cities: true },
  ],
});
const ELDERLY = concessionOf(TABLE, '01', false);
const STUDENT = concessionOf(TABLE, '02', false);

function withRules(rules: Partial<NonNullable<FareTable['distance']>>): FareTable {
  if (!TABLE.distance) throw new Error('no distance');
  return { ...TABLE, distance: { ...TABLE.distance, ...rules } };
}

const CLASSES: readonly [string, boolean, string | undefined][] = [
  ['01', false, 'elderly'],
  ['1A', false, 'elderly'],
  ['1a', false, 'elderly'],
  ['01', true, undefined],
  ['02', true, 'student'],
  ['00', false, undefined],
];
for (const [type, foreign, name] of CLASSES)
  fare.test(`GIVEN card type ${type}${foreign ? ' of another city' : ''} THEN ${name}`, () => {
    assert.is(concessionOf(TABLE, type, foreign)?.name, name);
  });

const ROUNDING: readonly [number, number, number][] = [
  [200, 100, 200],
  [200, 0, 0],
  [199, 50, 100],
  [1, 1, 1],
  [305, 50, 153],
  [29, 100, 29],
  [100_000, 99, 99_000],
];
for (const [full, percent, expected] of ROUNDING)
  fare.test(`GIVEN ${full} fen at ${percent} % THEN ${expected} fen`, () => {
    assert.is(discounted(full, percent), expected);
  });

fare.test('GIVEN a flat lane THEN each class pays its share, rounded up', () => {
  assert.equal(flatFare(TABLE, null), { kind: 'fare', fare_fen: 199, rule: 'flat/adult' });
  assert.equal(flatFare(TABLE, STUDENT), { kind: 'fare', fare_fen: 100, rule: 'flat/student' });
  assert.equal(flatFare(TABLE, ELDERLY), { kind: 'fare', fare_fen: 0, rule: 'flat/elderly' });
  assert.throws(() => flatFare({ ...TABLE, flat_fen: undefined }, null), /has no flat_fen/);
});

const RIDES: readonly [number, number, number, string][] = [
  [0, 1, 200, 'km-4'],
  [0, 2, 200, 'km-4'], // exactly 4 km
  [3, 4, 200, 'km-4'], // 12.3 - 8.3 is 4 km, whatever binary fractions say
  [1, 3, 305, 'km-12'],
  [0, 5, 500, 'km-over-12'],
  [2, 2, 200, 'km-4'],
];
for (const [from, to, fare_fen, rule] of RIDES)
  fare.test(`GIVEN ${KM[from]} km to ${KM[to]} km THEN ${fare_fen} fen both ways`, () => {
    const ends = [`0001000${from}`, `0001000${to}`] as const;
    assert.equal(distanceFare(TABLE, ...ends), { fare_fen, rule });
    assert.equal(distanceFare(TABLE, ends[1], ends[0]), { fare_fen, rule });
  });

fare.test('GIVEN a station of another network THEN no fare is guessed', () => {
  const exit = { table: TABLE, concession: null, minutes: 5 };
  const refusal = { kind: 'refuse', outcome: 'unknown-station' };
  assert.is(distanceFare(TABLE, A, '99999999'), null);
  assert.equal(exitFare({ ...exit, entryPlace: '99999999', exitPlace: A }), refusal);
  assert.equal(exitFare({ ...exit, entryPlace: A, exitPlace: '99999999' }), refusal);
});

type Rules = Partial<NonNullable<FareTable['distance']>>;
const EXITS: readonly [string, Rules, string, number, typeof STUDENT, string][] = [
  ['an adult', {}, F, 30, null, '500 km-over-12/adult'],
  ['a student', {}, '00010003', 30, STUDENT, '153 km-12/student'],
  ['the last allowed minute', {}, F, 120, null, '500 km-over-12/adult'],
  ['clocks that differ', {}, F, -3, null, '500 km-over-12/adult'],
  ['too long, maximum', {}, B, 120.1, null, '600 overtime/adult'],
  ['too long, student', {}, B, 121, STUDENT, '300 overtime/student'],
  ['too long, unknown duration', { overtime: 'desk' }, B, Number.NaN, null, 'refused overtime'],
  ['too long, desk', { overtime: 'desk' }, B, 121, null, 'refused overtime'],
  [
    'too long, surcharge',
    { overtime: 'surcharge', overtime_surcharge_fen: 150 },
    B,
    121,
    STUDENT,
    '250 overtime/student',
  ],
  ['same station, minimum', {}, A, 3, STUDENT, '100 same-station/student'],
  ['same station, desk', { same_station: 'desk' }, A, 3, null, 'refused same-station'],
  ['same station, free', { same_station: 'free' }, A, 10, null, '0 same-station-free/adult'],
  ['same station, no more free', { same_station: 'free' }, A, 11, null, '200 same-station/adult'],
  ['same station, too long', { same_station: 'free' }, A, 121, null, '600 overtime/adult'],
];
for (const [what, rules, exitPlace, minutes, concession, expected] of EXITS)
  fare.test(`GIVEN an exit: ${what} THEN ${expected}`, () => {
    const table = withRules(rules);
    const quote = exitFare({ table, concession, entryPlace: A, exitPlace, minutes });
    const words =
      quote.kind === 'fare' ? `${quote.fare_fen} ${quote.rule}` : `refused ${quote.outcome}`;
    assert.is(words, expected);
  });

fare.test('GIVEN a trip with one end unknown THEN the maximum, never more', () => {
  const fen = (concession: typeof STUDENT, stored: number | null) =>
    supplementFare(TABLE, concession, stored).fare_fen;
  assert.equal([fen(null, null), fen(STUDENT, null), fen(ELDERLY, null)], [600, 300, 0]);
  assert.equal([fen(STUDENT, 300), fen(null, 0), fen(null, 9_999_999)], [300, 0, 600]);
  assert.is(supplementFare(TABLE, STUDENT, 300).rule, 'supplement/student');
  assert.equal(maxIncomplete(TABLE, STUDENT), { amount_fen: 300, minutes: 120 });
});

const tables = fc
  .record({
    gaps_m: fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 12 }),
    steps: fc.array(fc.record({ m: fc.integer({ min: 1, max: 9_000 }), fen: fc.nat(400) }), {
      maxLength: 6,
    }),
    extra_fen: fc.nat(500),
    surcharge_fen: fc.nat(500),
    overtime: fc.constantFrom('max', 'surcharge', 'desk'),
    same_station: fc.constantFrom('free', 'min', 'desk'),
    percent: fc.nat(100),
  })
  .map(({ gaps_m, steps, extra_fen, surcharge_fen, percent, ...rules }) => {
    const sums = (values: readonly number[]) =>
      values.map((_, index) => values.slice(0, index + 1).reduce((a, b) => a + b, 0));
    const kms = [0, ...sums(gaps_m)].map((m) => m / 1_000);
    const fares = sums(steps.map((each) => each.fen));
    const last = (fares.at(-1) ?? 0) + 10;
    const bands = sums(steps.map((each) => each.m)).map((m, index) => ({
      up_to_km: m / 1_000,
      fare_fen: fares[index],
    }));
    const stations = kms.map((km, i) => ({ place: String(i).padStart(8, '0'), name: {}, km }));
    return fareSchema.parse({
      name: 'any',
      flat_fen: last,
      distance: {
        ...rules,
        stations,
        bands: [...bands, { fare_fen: last }],
        max_fen: last + extra_fen,
        max_minutes: 100,
        overtime_surcharge_fen: surcharge_fen,
      },
      concessions: [{ name: 'some', card_types: ['01'], pays_percent: percent }],
    });
  });

fare.test('GIVEN any table THEN a longer ride never costs less', () => {
  fc.assert(
    fc.property(tables, (table) => {
      const places = table.distance?.stations.map((each) => each.place) ?? [];
      const along = places.map((to) => distanceFare(table, places[0] ?? '', to)?.fare_fen ?? -1);
      assert.equal(
        along,
        along.toSorted((a, b) => a - b),
      );
    }),
  );
});

fare.test('GIVEN any exit THEN whole fen, from zero to the most, and no class pays more', () => {
  const exit = fc.record({ table: tables, from: fc.nat(12), to: fc.nat(12), minutes: fc.nat(200) });
  fc.assert(
    fc.property(exit, ({ table, from, to, minutes }) => {
      const { distance } = table;
      if (!distance) return;
      const place = (nth: number) => distance.stations[nth % distance.stations.length]?.place ?? '';
      const ride = { table, entryPlace: place(from), exitPlace: place(to), minutes };
      const most =
        distance.max_fen +
        (distance.overtime === 'surcharge' ? distance.overtime_surcharge_fen : 0);
      const full = exitFare({ ...ride, concession: null });
      const less = exitFare({ ...ride, concession: concessionOf(table, '01', false) });
      assert.is(full.kind, less.kind);
      if (full.kind === 'refuse' || less.kind === 'refuse') return;
      for (const { fare_fen } of [full, less])
        assert.ok(Number.isSafeInteger(fare_fen) && fare_fen >= 0 && fare_fen <= most);
      assert.ok(less.fare_fen <= full.fare_fen);
    }),
    { numRuns: 500 },
  );
});

fare.test('GIVEN any amount and percentage THEN the share is exact and rounded up', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100), (amount_fen, percent) => {
      const share = discounted(amount_fen, percent);
      const exact = BigInt(amount_fen) * BigInt(percent);
      assert.ok(BigInt(share) * 100n >= exact && BigInt(share - 1) * 100n < exact);
      assert.ok(Number.isInteger(share) && share <= amount_fen);
    }),
  );
});

fare.test('GIVEN any stored maximum THEN a supplement stays within the table', () => {
  fc.assert(
    fc.property(tables, fc.option(fc.nat(0xffff_ffff)), (table, stored) => {
      const { fare_fen } = supplementFare(table, null, stored);
      assert.ok(Number.isInteger(fare_fen) && fare_fen >= 0);
      assert.ok(fare_fen <= maxIncomplete(table, null).amount_fen);
    }),
  );
});

fare.run();
