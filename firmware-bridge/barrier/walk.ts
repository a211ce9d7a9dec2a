/**
 * Who walks through the passage: turns samples of its light beams into facts. Pure: all time comes
 * with the samples. Beams are bits of a mask, bit 0 at the near (unpaid) end; `in` leads from near
 * to far.
 *
 * A body is what broke the beam at one end and is followed from sample to sample by the beams that
 * it covers. Two bodies without a free beam between them look like one; when they part again they
 * keep their order, as a passage is too narrow to overtake or to walk past one another. Beams must
 * lie closer together than a leg is thick, else a body may be lost between two of them (counted as
 * `vanished`).
 */

import type { Direction } from '../ports.ts';

export interface WalkRules {
  /** How many beams, 2 to 8. */
  readonly beams: number;
  /** Beams of the safety zone. */
  readonly safety: number;
  /** Shorter changes of a beam are noise. */
  readonly flicker_ms: number;
  /** What enters behind a body sooner than this after it left the end belongs to it. */
  readonly follow_gap_ms: number;
  /** A child passes on the right of an adult with it; needs the height sensor. */
  readonly children_free: boolean;
}

export interface Sample {
  readonly at_ms: number;
  /** Beams that are broken. */
  readonly broken: number;
  /** Somebody tall at the middle beam; null where no sensor tells. */
  readonly tall: boolean | null;
}

export type WalkFact =
  | { readonly kind: 'zone-occupied' | 'zone-free' }
  /** Somebody walks in at one end, bound for the other; `deep`: and has reached the zone. */
  | { readonly kind: 'entered' | 'deep'; readonly direction: Direction }
  /** Somebody stands in the midst of the passage who never came in at an end. */
  | { readonly kind: 'appeared' }
  | { readonly kind: 'passed'; readonly direction: Direction }
  /** A child went through together with an adult. */
  | { readonly kind: 'child'; readonly direction: Direction }
  /** Came in towards `direction` and left at the same end. */
  | { readonly kind: 'turned-back'; readonly direction: Direction }
  | { readonly kind: 'vanished' };

export interface Walk {
  sample(sample: Sample): readonly WalkFact[];
  /** Bodies in the passage. */
  readonly people: number;
}

/** So long a body is out of sight at an end before it counts as gone. */
const EXIT_MS = 120;
/** So long a body may hide between two beams. */
const HIDDEN_MS = 2_000;
/** An adult who went so recently still takes a child with him. */
const TOGETHER_MS = 1_000;

interface Body {
  readonly direction: Direction | null;
  /** Beams that it covers, or covered when last seen. */
  mask: number;
  seen_ms: number;
  deep: boolean;
  tall: boolean;
  /** An adult was in the passage at the same time, or just before. */
  accompanied: boolean;
}

interface Passage {
  readonly rules: WalkRules;
  /** From the near to the far end. */
  bodies: Body[];
  /** Children who are through, while somebody who may be their adult still walks. */
  waiting: Body[];
  facts: WalkFact[];
  steady: number;
  /** Since when each beam differs from `steady`. */
  readonly changing: (number | null)[];
  occupied: boolean;
  /** Who last covered the beam at either end, and until when. */
  readonly ends: Record<'near' | 'far', { body: Body | null; until_ms: number }>;
  adultGone_ms: number;
}

export function createWalk(rules: WalkRules): Walk {
  const passage: Passage = {
    rules,
    bodies: [],
    waiting: [],
    facts: [],
    steady: 0,
    changing: Array.from({ length: rules.beams }, () => null),
    occupied: false,
    ends: {
      near: { body: null, until_ms: Number.NEGATIVE_INFINITY },
      far: { body: null, until_ms: Number.NEGATIVE_INFINITY },
    },
    adultGone_ms: Number.NEGATIVE_INFINITY,
  };
  return {
    sample(sample) {
      passage.facts = [];
      steady(passage, sample);
      follow(passage, sample.at_ms);
      measure(passage, sample);
      leave(passage, sample.at_ms);
      watchZone(passage);
      return passage.facts;
    },
    get people() {
      return passage.bodies.length;
    },
  };
}

/** Lets a beam change only when it has stayed so for `flicker_ms`. */
function steady(passage: Passage, { at_ms, broken }: Sample): void {
  const { changing, rules } = passage;
  for (const [index, since_ms] of changing.entries()) {
    const bit = 1 << index;
    if ((passage.steady & bit) === (broken & bit)) changing[index] = null;
    else if (since_ms === null) changing[index] = at_ms;
    else if (at_ms - since_ms >= rules.flicker_ms) {
      passage.steady ^= bit;
      changing[index] = null;
    }
  }
}

/** Gives every run of broken beams to the bodies that made it; what is left over is new. */
function follow(passage: Passage, at_ms: number): void {
  const runs = runsOf(passage.steady);
  const seen = new Map<Body, number>();
  const left = new Set(runs);
  for (const group of groupsOf(passage.bodies, runs)) {
    for (const run of group.runs) left.delete(run);
    share(group, seen);
  }
  // A body that moved on by a whole beam, or comes out of hiding.
  for (const body of passage.bodies) {
    if (seen.has(body)) continue;
    const run = [...left].find((each) => (each & grown(body.mask)) !== 0);
    if (run === undefined) continue;
    seen.set(body, run);
    left.delete(run);
  }
  for (const run of left) addRun(passage, { run, at_ms, seen });
  for (const [body, mask] of seen) {
    body.mask = mask;
    body.seen_ms = at_ms;
  }
  noteEnds(passage, { at_ms, seen });
}

interface Group {
  readonly bodies: readonly Body[];
  readonly runs: readonly number[];
}

/** Bodies and runs that touch one another, directly or through others. */
function groupsOf(bodies: readonly Body[], runs: readonly number[]): Group[] {
  const groups: { members: Set<Body>; runs: number[] }[] = [];
  for (const run of runs) {
    const touched = bodies.filter(({ mask }) => mask & run);
    const known = groups.find(({ members }) => touched.some((body) => members.has(body)));
    const group = known ?? { members: new Set(), runs: [] };
    for (const body of touched) group.members.add(body);
    group.runs.push(run);
    if (!known && touched.length > 0) groups.push(group);
  }
  return groups.map(({ members, runs }) => ({
    bodies: bodies.filter((body) => members.has(body)),
    runs,
  }));
}

/** Each body its run, in their order; spare runs are legs and luggage of the last one. */
function share({ bodies, runs }: Group, seen: Map<Body, number>): void {
  for (const [index, body] of bodies.entries()) {
    const last = index === bodies.length - 1;
    const own = last ? runs.slice(Math.min(index, runs.length - 1)) : [];
    const one = runs[Math.min(index, runs.length - 1)] ?? 0;
    seen.set(
      body,
      own.reduce((mask, run) => mask | run, one),
    );
  }
}

interface Arrival {
  readonly run: number;
  readonly at_ms: number;
  readonly seen: Map<Body, number>;
}

function addRun(passage: Passage, { run, at_ms, seen }: Arrival): void {
  const { bodies, ends, facts, rules } = passage;
  const near = (run & 1) !== 0;
  const far = (run & topOf(rules)) !== 0;
  if (near === far) {
    const owner = nearest(bodies, run);
    if (owner) seen.set(owner, (seen.get(owner) ?? 0) | run);
    else {
      facts.push({ kind: 'appeared' });
      seen.set(arrive(passage, { run, at_ms, direction: null }), run);
    }
    return;
  }
  const { body, until_ms } = ends[near ? 'near' : 'far'];
  if (body && bodies.includes(body) && at_ms - until_ms < rules.follow_gap_ms) {
    seen.set(body, (seen.get(body) ?? 0) | run);
    return;
  }
  const direction = near ? 'in' : 'out';
  facts.push({ kind: 'entered', direction });
  seen.set(arrive(passage, { run, at_ms, direction }), run);
}

function arrive(
  { bodies, rules, adultGone_ms }: Passage,
  { run, at_ms, direction }: Omit<Arrival, 'seen'> & { readonly direction: Direction | null },
): Body {
  const body: Body = {
    direction,
    mask: run,
    seen_ms: at_ms,
    deep: false,
    tall: !rules.children_free,
    accompanied: at_ms - adultGone_ms <= TOGETHER_MS,
  };
  const place = bodies.findIndex((other) => lowest(other.mask) > lowest(run));
  bodies.splice(place < 0 ? bodies.length : place, 0, body);
  return body;
}

/** The body within two beams of a run. */
function nearest(bodies: readonly Body[], run: number): Body | undefined {
  return bodies.find((body) => (grown(grown(body.mask)) & run) !== 0);
}

function noteEnds({ ends, rules }: Passage, { at_ms, seen }: Omit<Arrival, 'run'>): void {
  for (const [body, mask] of seen) {
    if (mask & 1) ends.near = { body, until_ms: at_ms };
    if (mask & topOf(rules)) ends.far = { body, until_ms: at_ms };
  }
}

function measure({ bodies, rules }: Passage, { tall }: Sample): void {
  const middle = 1 << Math.floor(rules.beams / 2);
  for (const body of bodies) {
    if (tall === null || (tall && body.mask & middle)) body.tall = true;
  }
  if (!bodies.some((body) => body.tall)) return;
  for (const body of bodies) {
    body.accompanied ||= bodies.some((other) => other !== body && other.tall);
  }
}

/** Occupied is what breaks a beam of the zone, or hides between two of them. */
function watchZone(passage: Passage): void {
  const { bodies, facts, rules } = passage;
  const ends = 1 | topOf(rules);
  const inside = (body: Body) =>
    (body.mask & rules.safety) !== 0 && ((body.mask & ends) === 0 || covered(passage, body));
  const occupied = (passage.steady & rules.safety) !== 0 || bodies.some(inside);
  if (occupied !== passage.occupied) {
    passage.occupied = occupied;
    facts.push({ kind: occupied ? 'zone-occupied' : 'zone-free' });
  }
  for (const body of bodies) {
    if (body.deep || (body.mask & rules.safety) === 0) continue;
    body.deep = true;
    if (body.direction) facts.push({ kind: 'deep', direction: body.direction });
  }
}

function covered({ steady }: Passage, { mask }: Body): boolean {
  return (steady & mask) !== 0;
}

/** Whoever is out of sight: at an end he has left, in the middle he hides for a while. */
function leave(passage: Passage, at_ms: number): void {
  const { rules, facts } = passage;
  const ends = 1 | topOf(rules);
  for (const body of [...passage.bodies]) {
    const hidden_ms = at_ms - body.seen_ms;
    const atEnd = (body.mask & ends) !== 0;
    if (hidden_ms < (atEnd ? EXIT_MS : HIDDEN_MS)) continue;
    passage.bodies = passage.bodies.filter((each) => each !== body);
    if (atEnd && body.direction) conclude(passage, { body, at_ms });
    else facts.push({ kind: 'vanished' });
  }
  if (passage.bodies.length > 0) return;
  for (const { direction } of passage.waiting) {
    if (direction) facts.push({ kind: 'passed', direction });
  }
  passage.waiting = [];
}

function conclude(
  passage: Passage,
  { body, at_ms }: { readonly body: Body; readonly at_ms: number },
): void {
  const { direction, mask, tall } = body;
  if (!direction) return;
  const { bodies, facts, rules } = passage;
  const goal = direction === 'in' ? topOf(rules) : 1;
  if ((mask & goal) === 0) {
    facts.push({ kind: 'turned-back', direction });
    return;
  }
  if (tall) {
    passage.adultGone_ms = at_ms;
    facts.push({ kind: 'passed', direction });
    for (const child of passage.waiting) {
      if (child.direction) facts.push({ kind: 'child', direction: child.direction });
    }
    passage.waiting = [];
  } else if (body.accompanied) facts.push({ kind: 'child', direction });
  else if (bodies.length > 0) passage.waiting.push(body);
  else facts.push({ kind: 'passed', direction });
}

function topOf({ beams }: WalkRules): number {
  return 1 << (beams - 1);
}

/** Neighbouring broken beams as one mask each, from near to far. */
function runsOf(mask: number): number[] {
  const runs: number[] = [];
  let run = 0;
  for (let bit = 1; bit <= mask << 1; bit <<= 1) {
    if (mask & bit) run |= bit;
    else if (run !== 0) {
      runs.push(run);
      run = 0;
    }
  }
  return runs;
}

function grown(mask: number): number {
  return mask | (mask << 1) | (mask >> 1);
}

function lowest(mask: number): number {
  return mask & -mask;
}
