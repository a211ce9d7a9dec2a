/** Times single calls, variants in turn, so that whatever disturbs the machine disturbs all. */

export interface Variants<Name extends string> {
  /** The work of each; what it returns is used, so that it cannot be left out. */
  readonly of: Readonly<Record<Name, (call: number) => unknown>>;
  readonly rounds: number;
  /** Calls of each in a round. */
  readonly calls: number;
  /** Microseconds (default) or milliseconds. */
  readonly unit?: 'µs' | 'ms';
}

/** Round by round the times of each variant. One round is thrown away as warm-up. */
export function timed<Name extends string>({ of, rounds, calls, unit = 'µs' }: Variants<Name>) {
  const names = Object.keys(of) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[][]
  >;
  const scale = unit === 'µs' ? 1_000 : 1;
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const times = oneRound(of[name], calls, scale);
      if (round > 0) taken[name].push(times);
    }
  }
  return taken;
}

let used: unknown = null;

function oneRound(work: (call: number) => unknown, calls: number, scale: number): number[] {
  const times = new Array<number>(calls);
  for (let call = 0; call < calls; call += 1) {
    const from_ms = performance.now();
    used = work(call);
    times[call] = (performance.now() - from_ms) * scale;
  }
  if (used === timed) throw new Error('never');
  return times;
}

/** The same for work that must be waited for; the variants take turns call by call. */
export async function timedInTurn<Name extends string>({
  of,
  rounds,
  calls,
  unit = 'µs',
}: Variants<Name>): Promise<Record<Name, number[][]>> {
  const names = Object.keys(of) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[][]
  >;
  const scale = unit === 'µs' ? 1_000 : 1;
  for (let round = 0; round <= rounds; round += 1) {
    const times = names.map((): number[] => []);
    for (let call = 0; call < calls; call += 1) {
      for (const [at, name] of names.entries()) {
        const from_ms = performance.now();
        await of[name](round * calls + call);
        times[at]?.push((performance.now() - from_ms) * scale);
      }
    }
    if (round > 0) for (const [at, name] of names.entries()) taken[name].push(times[at] ?? []);
  }
  return taken;
}
