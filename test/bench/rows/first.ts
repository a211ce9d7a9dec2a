import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { rehearse } from '../../../controller/gate/rehearsal.ts';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import {
  type FirstTap,
  recordFirstTap,
  replayFirstTap,
  type Spent,
  shippedLane,
} from '../kit/lane.ts';
import { figureOf, type Line, type Row } from '../measure.ts';

export const first: Row = {
  name: 'first',
  what: 'own share of the very first tap of a new process, without and with the rehearsal',
  async run({ quick }) {
    const recorded = await recordFirstTap('flat');
    const cold: Spent[] = [];
    const rehearsed: Spent[] = [];
    for (let round = 0; round < (quick ? 3 : 9); round += 1) {
      cold.push(inNewProcess({ recorded, rehearsal: false }));
      rehearsed.push(inNewProcess({ recorded, rehearsal: true }));
    }
    return [...linesFor('without rehearsal', cold), ...linesFor('rehearsed', rehearsed, cold)];
  },
};

function linesFor(
  how: string,
  taken: readonly Spent[],
  before: readonly Spent[] | null = null,
): Line[] {
  const wallOf = (of: readonly Spent[]) => ({ values: of.map(({ wall_ms }) => wall_ms) });
  const wall = figureOf(`first tap, own share, ${how}`, 'ms', wallOf(taken));
  const other = before && figureOf('', 'ms', wallOf(before)).p50;
  const ratio = other ? { times: wall.p50 / other, of: 'without' } : null;
  const cpu = figureOf('the same, CPU of all threads', 'ms', {
    values: taken.map(({ cpu_ms }) => cpu_ms),
  });
  return [{ ...wall, ratio }, cpu];
}

export interface FirstRequest {
  readonly recorded: FirstTap;
  readonly rehearsal: boolean;
}

function inNewProcess(request: FirstRequest): Spent {
  const program = fileURLToPath(new URL('../bench.ts', import.meta.url));
  const args = [...process.execArgv, program, 'first', JSON.stringify(request)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Spent;
}

export async function runFirst({ recorded, rehearsal }: FirstRequest): Promise<Spent> {
  const stopped = new Promise<void>(() => {});
  const config = shippedLane('flat');
  if (rehearsal) await rehearse({ config, clock: systemClock, stopped });
  return replayFirstTap(config, recorded);
}
