/** What a row of the benchmark reports, and the arithmetic behind it. */

export interface Row {
  readonly name: string;
  /** One line: what is measured, and how. */
  readonly what: string;
  /** What this machine lacks for it, with the cure; null: nothing. */
  lacking?(): string | null;
  run(options: RunOptions): Promise<Line[]>;
}

export interface RunOptions {
  /** Fewer rounds, smaller lists: to see that it works. */
  readonly quick: boolean;
}

export interface Line {
  readonly measure: string;
  readonly unit: string;
  readonly p50: number;
  readonly p99: number | null;
  readonly p999: number | null;
  /** Half the spread of the rounds' p50, as a share of the p50; null for a single measurement. */
  readonly noise: number | null;
  /** This p50 as a multiple of another's. */
  readonly ratio: { readonly times: number; readonly of: string } | null;
  /** Upper limits in `unit`, unless said otherwise. */
  readonly target: Target | null;
}

export interface Target {
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  /** A lower limit of p50. */
  readonly atLeast?: number;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly noise: number | null;
}

/** The median over the rounds of each quantile; p99.9 over all samples, as it is rare. */
export function quantilesOf(rounds: readonly (readonly number[])[]): Quantiles {
  const sorted = rounds.filter((round) => round.length > 0).map(inOrder);
  const medians = inOrder(sorted.map((round) => at(round, 0.5)));
  const p50 = at(medians, 0.5);
  const spread = at(medians, 1) - at(medians, 0);
  return {
    p50,
    p99: at(inOrder(sorted.map((round) => at(round, 0.99))), 0.5),
    p999: at(inOrder(sorted.flat()), 0.999),
    noise: sorted.length > 1 && p50 > 0 ? spread / 2 / p50 : null,
  };
}

export function lineOf(
  measure: string,
  unit: string,
  of: Quantiles & { readonly target?: Target; readonly ratio?: Line['ratio'] },
): Line {
  const { p50, p99, p999, noise, target = null, ratio = null } = of;
  return { measure, unit, p50, p99, p999, noise, ratio, target };
}

/** A figure that is taken a few times only: no tail, but the spread of what was seen. */
export function figureOf(
  measure: string,
  unit: string,
  of: {
    readonly values: readonly number[];
    readonly target?: Target;
    readonly ratio?: Line['ratio'];
  },
): Line {
  const { values, ...rest } = of;
  const { p50, noise } = quantilesOf(values.map((value) => [value]));
  return {
    ...lineOf(measure, unit, { p50, p99: 0, p999: 0, noise, ...rest }),
    p99: null,
    p999: null,
  };
}

/** Null where there is no target. */
export function isMet({ p50, p99, p999, target }: Line): boolean | null {
  if (!target) return null;
  const within = (value: number | null, limit = Number.POSITIVE_INFINITY) => (value ?? 0) <= limit;
  const { atLeast = Number.NEGATIVE_INFINITY } = target;
  return (
    p50 >= atLeast &&
    within(p50, target.p50) &&
    within(p99, target.p99) &&
    within(p999, target.p999)
  );
}

function inOrder(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Nearest rank; NaN of nothing. */
function at(sorted: readonly number[], share: number): number {
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.max(0, rank)] ?? Number.NaN;
}
