/** People of flesh for the tests of the passage beams: where they are at any time, in metres. */

export interface Walker {
  /** The end at which they come. */
  readonly from: 'near' | 'far';
  readonly start_ms: number;
  readonly speed_mps: number;
  /** Turns round once the front has come so far (metres from its own end). */
  readonly turnsAt_m?: number;
  /** Stands still there for a while. */
  readonly rest?: { readonly at_m: number; readonly for_ms: number };
  /** From front to back; 0.3 if absent. */
  readonly depth_m?: number;
  /** A trolley: so long, at such a distance behind the back. */
  readonly trolley?: { readonly gap_m: number; readonly length_m: number };
  readonly tall?: boolean;
}

export interface Geometry {
  readonly beams: number;
  readonly spacing_m: number;
}

/** Parts of the passage that a walker covers, counted from the walker's own end. */
function parts(walker: Walker, at_ms: number): [number, number][] {
  const { depth_m = 0.3, trolley } = walker;
  const front_m = frontAt(walker, at_ms);
  const body: [number, number] = [front_m - depth_m, front_m];
  if (!trolley) return [body];
  const tail_m = body[0] - trolley.gap_m;
  return [body, [tail_m - trolley.length_m, tail_m]];
}

function frontAt({ start_ms, speed_mps, turnsAt_m, rest }: Walker, at_ms: number): number {
  const walked_m = (Math.max(0, restless(at_ms - start_ms)) / 1_000) * speed_mps;
  if (turnsAt_m === undefined || walked_m <= turnsAt_m) return walked_m;
  return 2 * turnsAt_m - walked_m;

  function restless(time_ms: number): number {
    if (!rest) return time_ms;
    const reached_ms = (rest.at_m / speed_mps) * 1_000;
    return time_ms <= reached_ms ? time_ms : Math.max(reached_ms, time_ms - rest.for_ms);
  }
}

export interface Scene {
  readonly broken: number;
  readonly tall: boolean;
}

/** The first beam lies 0.05 m behind each end; the height sensor at the middle beam. */
export function sceneAt(walkers: readonly Walker[], geometry: Geometry, at_ms: number): Scene {
  const { beams, spacing_m } = geometry;
  const length_m = (beams - 1) * spacing_m + 0.1;
  let broken = 0;
  let tall = false;
  for (const walker of walkers) {
    for (const [nth, [back_m, front_m]] of parts(walker, at_ms).entries()) {
      for (let beam = 0; beam < beams; beam += 1) {
        const at_m = 0.05 + beam * spacing_m;
        const own_m = walker.from === 'near' ? at_m : length_m - at_m;
        if (own_m < back_m || own_m > front_m) continue;
        broken |= 1 << beam;
        if (nth === 0 && walker.tall !== false && beam === Math.floor(beams / 2)) tall = true;
      }
    }
  }
  return { broken, tall };
}
