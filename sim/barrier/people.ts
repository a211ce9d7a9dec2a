/** People who walk through the virtual passage, in metres and in steps of time. */

export interface Passenger {
  /** The end at which they come; `near` is the unpaid side. */
  readonly from: 'near' | 'far';
  /** Adults walk 0.8 to 1.6; 1.2 if absent. */
  readonly speed_mps?: number;
  /** From front to back; 0.3 if absent. */
  readonly depth_m?: number;
  /** Reaches the height sensor; true if absent. */
  readonly tall?: boolean;
  /** Stands still once. */
  readonly hesitates?: { readonly at_m: number; readonly for_ms: number };
  /** Turns round when so far in. */
  readonly turnsAt_m?: number;
  /** Something low behind the back. */
  readonly trolley?: { readonly gap_m: number; readonly length_m: number };
  /** Climbs over shut leaves instead of waiting before them. */
  readonly forces?: boolean;
}

/** Distances from the near end. */
export const PASSAGE = {
  beams_m: [0.1, 0.3, 0.5, 0.7, 0.9, 1.1],
  height_m: 0.7,
  leaves_m: 0.6,
  length_m: 1.2,
} as const;

/** Someone who waits before shut leaves goes away again after this. */
const PATIENCE_MS = 6_000;
/** Who arrives at shut leaves keeps away so far; who was surprised by them stops in touch. */
const AWAY_M = 0.35;
const TOUCH_M = 0.02;

export interface Walker {
  /** One step; `passable`: the leaves let a person through. */
  step(step_ms: number, passable: boolean): void;
  /** What is still in the passage, in metres from the near end. */
  readonly spans: readonly (readonly [number, number])[];
  readonly tall: boolean;
  /** Somebody (or a trolley) is between the leaves. */
  readonly betweenLeaves: boolean;
  readonly end: 'passed' | 'turned-back' | null;
  readonly direction: 'in' | 'out';
}

export function createWalker(passenger: Passenger): Walker {
  const { from, speed_mps = 1.2, depth_m = 0.3, tall = true, trolley } = passenger;
  const { hesitates, turnsAt_m, forces = false } = passenger;
  const tail_m = depth_m + (trolley ? trolley.gap_m + trolley.length_m : 0);
  const leaves_m = from === 'near' ? PASSAGE.leaves_m : PASSAGE.length_m - PASSAGE.leaves_m;
  /** Of the front, from the own end. */
  let at_m = 0;
  let heading = 1;
  let rested_ms = 0;
  let waited_ms = 0;
  let end: Walker['end'] = null;

  return {
    step(step_ms, passable) {
      if (end !== null) return;
      if (hesitates && at_m >= hesitates.at_m && rested_ms < hesitates.for_ms) {
        rested_ms += step_ms;
        return;
      }
      const goal_m = at_m + (heading * speed_mps * step_ms) / 1_000;
      if (!passable && !forces && blocked(goal_m)) {
        waited_ms += step_ms;
        if (waited_ms >= PATIENCE_MS) heading = -1;
        return;
      }
      at_m = goal_m;
      if (turnsAt_m !== undefined && at_m >= turnsAt_m) heading = -1;
      if (at_m - tail_m > PASSAGE.length_m) end = 'passed';
      if (at_m < 0) end = 'turned-back';
    },
    get spans() {
      return parts().map(fromNear);
    },
    tall,
    get betweenLeaves() {
      return parts().some(([back, front]) => back < leaves_m && front > leaves_m);
    },
    get end() {
      return end;
    },
    direction: from === 'near' ? 'in' : 'out',
  };

  /** Only whoever stands before the leaves is held by them. */
  function blocked(goal_m: number): boolean {
    const away_m = leaves_m - AWAY_M;
    const limit_m = at_m <= away_m ? away_m : leaves_m - TOUCH_M;
    return heading > 0 && at_m <= limit_m && goal_m > limit_m;
  }

  function parts(): [number, number][] {
    const body: [number, number] = [at_m - depth_m, at_m];
    if (!trolley) return [body];
    const front_m = at_m - depth_m - trolley.gap_m;
    return [body, [front_m - trolley.length_m, front_m]];
  }

  function fromNear([back, front]: [number, number]): readonly [number, number] {
    return from === 'near' ? [back, front] : [PASSAGE.length_m - front, PASSAGE.length_m - back];
  }
}
