import fc from 'fast-check';
import * as assert from 'uvu/assert';
import {
  createWalk,
  type WalkFact,
  type WalkRules,
} from '../../../firmware-bridge/barrier/walk.ts';
import { feature } from '../../kit/feature.ts';
import { type Geometry, sceneAt, type Walker } from './walkers.ts';

const walks = feature('who walks through the passage');

const RULES: WalkRules = {
  beams: 6,
  safety: 0b011110,
  flicker_ms: 20,
  follow_gap_ms: 250,
  children_free: false,
};
const GEOMETRY: Geometry = { beams: 6, spacing_m: 0.2 };

interface Watching {
  readonly rules?: Partial<WalkRules>;
  readonly geometry?: Geometry;
  /** Is there a height sensor? */
  readonly height?: boolean;
  /** Changes the beams of one sample. */
  readonly noise?: (broken: number, nth: number) => number;
  /** Time from one sample to the next. */
  readonly step_ms?: (nth: number) => number;
}

/** Every fact but the zone's, in short, and whether all was empty and free at the end. */
function watch(walkers: readonly Walker[], watching: Watching = {}) {
  const { geometry = GEOMETRY, height = false, step_ms = () => 40 } = watching;
  const { noise = (broken) => broken } = watching;
  const walk = createWalk({ ...RULES, ...watching.rules });
  const facts: string[] = [];
  let occupied = false;
  let unguarded = 0;
  for (let at_ms = 0, nth = 0; at_ms < 30_000; at_ms += step_ms(nth), nth += 1) {
    const { broken, tall } = sceneAt(walkers, geometry, at_ms);
    const told = walk.sample({ at_ms, broken: noise(broken, nth), tall: height ? tall : null });
    occupied = zoneAfter(told, occupied);
    facts.push(...told.filter(({ kind }) => !kind.startsWith('zone')).map(inShort));
    // Two samples and the flicker time may pass before a change is believed.
    const before = sceneAt(walkers, geometry, at_ms - 100).broken;
    if ((broken & before & RULES.safety) !== 0 && !occupied) unguarded += 1;
  }
  return { facts: facts.join(', '), occupied, unguarded, people: walk.people };
}

function zoneAfter(told: readonly WalkFact[], before: boolean): boolean {
  const zone = told.filter(({ kind }) => kind.startsWith('zone')).at(-1);
  return zone ? zone.kind === 'zone-occupied' : before;
}

function inShort(fact: WalkFact): string {
  return 'direction' in fact ? `${fact.kind} ${fact.direction}` : fact.kind;
}

const ADULT: Walker = { from: 'near', start_ms: 1_000, speed_mps: 1.2 };
const CHILD: Walker = { ...ADULT, tall: false, depth_m: 0.2 };

const SCENES: readonly (readonly [string, readonly Walker[], string])[] = [
  ['one walks in', [ADULT], 'entered in, deep in, passed in'],
  ['one walks out', [{ ...ADULT, from: 'far' }], 'entered out, deep out, passed out'],
  [
    'one turns back in the middle (U-turn)',
    [{ ...ADULT, turnsAt_m: 0.6 }],
    'entered in, deep in, turned-back in',
  ],
  ['one looks in and goes away', [{ ...ADULT, turnsAt_m: 0.2 }], 'entered in, turned-back in'],
  [
    'one turns back at the far end',
    [{ ...ADULT, from: 'far', turnsAt_m: 1 }],
    'entered out, deep out, turned-back out',
  ],
  [
    'one stands in the passage for ten seconds',
    [{ ...ADULT, rest: { at_m: 0.6, for_ms: 10_000 } }],
    'entered in, deep in, passed in',
  ],
  [
    'one follows close behind the other (tailgating)',
    [ADULT, { ...ADULT, start_ms: 1_600 }],
    'entered in, deep in, entered in, deep in, passed in, passed in',
  ],
  [
    'one follows, and turns back',
    [ADULT, { ...ADULT, start_ms: 1_600, turnsAt_m: 0.5 }],
    'entered in, deep in, entered in, deep in, passed in, turned-back in',
  ],
  [
    'one comes against the other, and both turn back',
    [
      { ...ADULT, turnsAt_m: 0.45 },
      { ...ADULT, from: 'far', turnsAt_m: 0.3, start_ms: 1_100 },
    ],
    'entered in, entered out, deep in, deep out, turned-back out, turned-back in',
  ],
  [
    'one comes out when the other has gone in',
    [ADULT, { ...ADULT, from: 'far', start_ms: 3_500 }],
    'entered in, deep in, passed in, entered out, deep out, passed out',
  ],
  [
    'one pulls a trolley: one body',
    [{ ...ADULT, trolley: { gap_m: 0.25, length_m: 0.3 } }],
    'entered in, deep in, passed in',
  ],
  [
    'two walk in touch: a beam cannot part them',
    [ADULT, { ...ADULT, start_ms: 1_150 }],
    'entered in, deep in, passed in',
  ],
];
for (const [title, walkers, expected] of SCENES)
  walks.test(title, () => {
    assert.equal(watch(walkers), { facts: expected, occupied: false, unguarded: 0, people: 0 });
  });

const FAMILIES: readonly (readonly [string, readonly Walker[], string])[] = [
  ['a child behind an adult', [ADULT, { ...CHILD, start_ms: 1_600 }], 'passed in, child in'],
  ['a child close before an adult', [CHILD, { ...ADULT, start_ms: 1_500 }], 'child in, passed in'],
  ['a child far before an adult', [CHILD, { ...ADULT, start_ms: 2_000 }], 'passed in, child in'],
  ['a child alone', [CHILD], 'passed in'],
  ['two children alone', [CHILD, { ...CHILD, start_ms: 1_500 }], 'passed in, passed in'],
  ['two adults', [ADULT, { ...ADULT, start_ms: 1_600 }], 'passed in, passed in'],
  ['a child long behind an adult', [ADULT, { ...CHILD, start_ms: 8_000 }], 'passed in, passed in'],
];
for (const [title, walkers, expected] of FAMILIES) {
  walks.test(`GIVEN a height sensor THEN ${title}: ${expected}`, () => {
    const { facts } = watch(walkers, { rules: { children_free: true }, height: true });
    const ends = facts.split(', ').filter((fact) => /passed|child|turned/.test(fact));
    assert.is(ends.join(', '), expected);
  });
}

walks.test('GIVEN children who must pay WHEN one follows THEN it counts like anybody', () => {
  const { facts } = watch([ADULT, { ...CHILD, start_ms: 1_600 }], { height: true });
  assert.is(facts.match(/passed/g)?.length, 2);
});

walks.test('somebody in the midst who never came in appears, and vanishes', () => {
  const walk = createWalk(RULES);
  const facts = [0, 40, 80, 120, 160, 3_000].flatMap((at_ms) =>
    walk.sample({ at_ms, broken: at_ms < 100 ? 0b001000 : 0, tall: null }),
  );
  const kinds = facts.map(({ kind }) => kind);
  assert.equal(kinds, ['appeared', 'zone-occupied', 'vanished', 'zone-free']);
});

const end = fc.constantFrom<'near' | 'far'>('near', 'far');
const geometry = fc.record({
  beams: fc.integer({ min: 3, max: 8 }),
  spacing_m: fc.double({ min: 0.1, max: 0.2, noNaN: true }),
});
const step_ms = fc
  .array(fc.integer({ min: 30, max: 55 }), { minLength: 20, maxLength: 40 })
  .map((steps) => (nth: number) => steps[nth % steps.length] ?? 40);

const lengthOf = ({ beams, spacing_m }: Geometry) => (beams - 1) * spacing_m + 0.1;
const rulesFor = ({ beams }: Geometry) => ({
  beams,
  safety: ((1 << beams) - 1) & ~1 & ~(1 << (beams - 1)),
});

walks.test('property: one person, any gait, passes or turns back exactly once', () => {
  const gait = fc.record({
    from: end,
    speed_mps: fc.double({ min: 0.4, max: 2, noNaN: true }),
    turns: fc.option(fc.double({ min: 0.5, max: 0.9, noNaN: true }), { nil: undefined }),
    rest: fc.option(fc.integer({ min: 100, max: 9_000 }), { nil: undefined }),
    depth_m: fc.double({ min: 0.25, max: 0.45, noNaN: true }),
  });
  fc.assert(
    fc.property(gait, geometry, step_ms, ({ turns, rest, ...walker }, place, step) => {
      const length_m = lengthOf(place);
      const person: Walker = {
        ...{ ...walker, start_ms: 500 },
        ...(turns === undefined ? {} : { turnsAt_m: turns * length_m }),
        ...(rest === undefined ? {} : { rest: { at_m: 0.4 * length_m, for_ms: rest } }),
      };
      const seen = watch([person], { rules: rulesFor(place), geometry: place, step_ms: step });
      const direction = walker.from === 'near' ? 'in' : 'out';
      const expected = turns === undefined ? `passed ${direction}` : `turned-back ${direction}`;
      const ends = seen.facts.split(', ').filter((fact) => !/^(entered|deep)/.test(fact));
      assert.equal(ends, [expected]);
      assert.is(seen.facts.match(/entered/g)?.length, 1);
      assert.not(seen.occupied);
      assert.is(seen.people, 0);
    }),
    { numRuns: 150 },
  );
});

walks.test('property: two people apart are two, whatever end they come from', () => {
  const two = fc.record({
    ends: fc.tuple(end, end),
    speed_mps: fc.double({ min: 0.5, max: 1.6, noNaN: true }),
    /** Free space between the two, if they walk the same way. */
    gap_m: fc.double({ min: 0.45, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(two, geometry, step_ms, ({ ends, speed_mps, gap_m }, place, step) => {
      const [first, second] = ends;
      const same = first === second;
      // Against one another there is room for one: the second waits until the first is out.
      const distance_m = same ? 0.3 + gap_m : lengthOf(place) + 0.3 + gap_m;
      const behind_ms = (distance_m / speed_mps) * 1_000;
      const people: Walker[] = [
        { from: first, start_ms: 500, speed_mps },
        { from: second, start_ms: 500 + behind_ms, speed_mps },
      ];
      const seen = watch(people, { rules: rulesFor(place), geometry: place, step_ms: step });
      const passed = seen.facts.split(', ').filter((fact) => !/^(entered|deep)/.test(fact));
      assert.equal(
        passed,
        ends.map((from) => `passed ${from === 'near' ? 'in' : 'out'}`),
      );
      assert.not(seen.occupied);
    }),
    { numRuns: 150 },
  );
});

walks.test('property: flicker changes nothing, on any beam, with or without a walker', () => {
  const noise = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 4 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(noise, fc.boolean(), (blips, walked) => {
      // One sample long each, and never two in a row on the same beam.
      const at = new Map<number, number>();
      let nth = 1;
      for (const [beam, pause] of blips) {
        nth += 1 + pause;
        at.set(nth, 1 << beam);
      }
      const people = walked ? [ADULT] : [];
      const quiet = watch(people);
      const noisy = watch(people, { noise: (broken, sample) => broken ^ (at.get(sample) ?? 0) });
      assert.equal(
        noisy.facts.split(', ').filter((fact) => !fact.startsWith('deep')),
        quiet.facts.split(', ').filter((fact) => !fact.startsWith('deep')),
      );
      assert.not(noisy.occupied);
    }),
    { numRuns: 150 },
  );
});

walks.test('property: nothing that the beams may say breaks it, and empty is free again', () => {
  const samples = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat(63)), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(samples, (list) => {
      const walk = createWalk(RULES);
      let at_ms = 0;
      let occupied = false;
      let [inside, out] = [0, 0];
      const feed = (broken: number) => {
        for (const { kind } of walk.sample({ at_ms, broken, tall: null })) {
          if (kind === 'zone-occupied' || kind === 'zone-free') {
            assert.is.not(occupied, kind === 'zone-occupied', 'told twice');
            occupied = kind === 'zone-occupied';
          } else if (kind === 'entered' || kind === 'appeared') inside += 1;
          else if (kind !== 'deep') out += 1;
        }
        assert.is(walk.people, inside - out);
      };
      for (const [step, broken] of list) {
        at_ms += step;
        feed(broken);
      }
      for (let rest = 0; rest < 100; rest += 1) {
        at_ms += 40;
        feed(0);
      }
      assert.not(occupied);
      assert.is(walk.people, 0);
      assert.is(inside, out);
    }),
    { numRuns: 500 },
  );
});

walks.run();
