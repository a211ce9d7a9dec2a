/**
 * What the inputs of the board say, as events of the `Barrier` port. Pure: all time comes with the
 * samples. Knows the wiring and the last order, decides nothing about leaves.
 */

import type { LaneConfig } from '../../config/schema.ts';
import type { BarrierEvent, Direction } from '../ports.ts';
import { createWalk, type WalkFact } from './walk.ts';

type Wiring = Pick<LaneConfig['barrier'], 'inputs' | 'levels' | 'walk'>;

export interface Senses {
  /** One request reads them all. */
  readonly span: { readonly first: number; readonly count: number };
  /** @param bits of `span`, fetched at `at_ms` */
  sample(bits: readonly boolean[], at_ms: number): readonly BarrierEvent[];
  /** A beam of the safety zone is broken at this moment, be it noise or not. */
  readonly obstructed: boolean;
  readonly fire: boolean;
  /** An order was given: `null` shuts. What the leaves say afterwards is news. */
  order(direction: Direction | null): void;
  /** The board was lost: nothing is known of the passage. A fire stays until it is denied. */
  forget(): void;
  /** Children who went through on an adult's right, and bodies that were lost from sight. */
  counters(): Readonly<Record<'children' | 'vanished', number>>;
}

/** Fire acts at once and must be gone for so long to be over. */
const FIRE_OVER_MS = 500;

export function createSenses({ inputs, levels, walk: rules }: Wiring): Senses {
  const { beams } = inputs;
  const safety = safetyOf(inputs);
  const children_free = rules.children_free && inputs.height !== null;
  const span = spanOf(inputs);
  const newWalk = () => createWalk({ ...rules, beams: beams.length, safety, children_free });
  const counts = { children: 0, vanished: 0 };
  let walk = newWalk();
  let obstructed = false;
  let ordered: Direction | null | undefined;
  let last: Direction = 'in';
  let told: 'opened' | 'closed' | null = null;
  let fire = false;
  let fireSeen_ms = 0;
  let key = false;

  return {
    span,
    sample(bits, at_ms) {
      const bit = (address: number) => bits[address - span.first] ?? false;
      const wired = (address: number | null) => (address === null ? null : bit(address));
      const broken = beams.reduce(
        (mask, address, index) => mask | (Number(bit(address) === (levels.beam === 1)) << index),
        0,
      );
      obstructed = (broken & safety) !== 0;
      const facts = walk.sample({ at_ms, broken, tall: wired(inputs.height) });
      return [
        ...alarm(wired(inputs.fire), at_ms),
        ...facts.flatMap(judge),
        ...leaves(wired(inputs.open), wired(inputs.closed)),
        ...turn(wired(inputs.service_key)),
      ];
    },
    get obstructed() {
      return obstructed;
    },
    get fire() {
      return fire;
    },
    order(direction) {
      ordered = direction;
      last = direction ?? last;
      told = null;
    },
    forget() {
      walk = newWalk();
      obstructed = false;
      ordered = undefined;
      told = null;
    },
    counters: () => ({ ...counts }),
  };

  function alarm(bit: boolean | null, at_ms: number): BarrierEvent[] {
    if (bit === null) return [];
    const burning = bit === (levels.fire === 1);
    if (burning) fireSeen_ms = at_ms;
    if (burning === fire || (fire && at_ms - fireSeen_ms < FIRE_OVER_MS)) return [];
    fire = burning;
    return [fire ? 'fire-on' : 'fire-off'];
  }

  /** Leaves without a sensor are where they were told to be. */
  function leaves(open: boolean | null, closed: boolean | null): BarrierEvent[] {
    if (ordered === undefined || told !== null) return [];
    const there = ordered === null ? closed : open;
    if (there === false) return [];
    told = ordered === null ? 'closed' : 'opened';
    return [told];
  }

  function turn(on: boolean | null): BarrierEvent[] {
    if (on === null || on === key) return [];
    key = on;
    return [on ? 'key-on' : 'key-off'];
  }

  function judge(fact: WalkFact): BarrierEvent[] {
    switch (fact.kind) {
      case 'zone-occupied':
      case 'zone-free':
        return [fact.kind];
      case 'entered':
        return ordered && fact.direction !== ordered ? ['intrusion'] : [];
      case 'deep':
        return told === 'closed' ? ['intrusion'] : [];
      case 'appeared':
        return ['intrusion'];
      case 'passed':
        return [fact.direction === last ? 'passed' : 'passed-against'];
      case 'turned-back':
        return fact.direction === last ? ['turned-back'] : [];
      case 'child':
        counts.children += 1;
        return [];
      case 'vanished':
        counts.vanished += 1;
        return [];
    }
  }
}

/** As wired; else every beam but the outermost, or all where that leaves none. */
function safetyOf({ beams, safety }: Wiring['inputs']): number {
  const all = (1 << beams.length) - 1;
  if (safety.length > 0) {
    return safety.reduce((mask, address) => mask | (1 << beams.indexOf(address)), 0);
  }
  return beams.length > 2 ? all & ~1 & ~(1 << (beams.length - 1)) : all;
}

function spanOf({ beams, safety: _, ...single }: Wiring['inputs']): Senses['span'] {
  const wired = Object.values(single).filter((address) => address !== null);
  const first = Math.min(...beams, ...wired);
  return { first, count: Math.max(...beams, ...wired) - first + 1 };
}
