import { writeFileSync } from 'node:fs';
import { sleep, systemClock, within } from '../../../firmware-bridge/clock.ts';
import {
  bundle,
  quickSim,
  type Running,
  run,
  start as startProgram,
} from '../../commands/programs.ts';
import { openOffice } from '../kit/office.ts';
import { cpuOf_ms, memoryOf } from '../kit/processes.ts';
import { scratch } from '../kit/scratch.ts';
import { figureOf, type Line, type Row } from '../measure.ts';

const PASSPHRASE = { TAPWAY_SAM_PASSPHRASE: 'only for the benchmark' };
/** Memory is read when the dust of the start has settled. */
const SETTLE_MS = 1_500;
const PATIENCE_MS = 30_000;

export const start: Row = {
  name: 'start',
  what: 'the built bundle on a pty, a card on the simulated reader (timing model, 115200 baud)',
  async run({ quick }) {
    const reader = `${scratch()}/reader`;
    const readerProgram = startProgram(quickSim(), ['reader', '--pty', '--link', reader]);
    await readerProgram.until(/\/reader\n/);
    const sites = [await openSite(reader, 0), await openSite(reader, quick ? 50_000 : 1_000_000)];
    const starts = quick ? 2 : 6;
    for (const site of sites) await site.start();
    for (let round = 0; round < starts; round += 1) {
      for (const site of sites) site.taken.push(await site.start());
    }
    readerProgram.kill('SIGTERM');
    await readerProgram.ended;
    return sites.flatMap(linesFor);
  },
};

interface Started {
  readonly inService_ms: number;
  readonly firstTap_ms: number;
  readonly rehearsal_ms: number;
  /** Of all threads, up to the first tap. */
  readonly cpu_ms: number;
  readonly rss_MiB: number;
}

interface Site {
  readonly cards: number;
  readonly taken: Started[];
  start(): Promise<Started>;
}

function linesFor({ cards, taken }: Site): Line[] {
  const listed = cards > 0 ? `${cards / 1_000_000} M listed` : 'no list';
  const values = (pick: (started: Started) => number) => taken.map(pick);
  const judged = (target: number) => (cards > 0 ? { target: { p50: target } } : {});
  return [
    figureOf(`start to in service, ${listed}`, 'ms', { values: values((of) => of.inService_ms) }),
    figureOf(`of which rehearsal, ${listed}`, 'ms', { values: values((of) => of.rehearsal_ms) }),
    figureOf(`start to first tap accepted, ${listed}`, 'ms', {
      values: values((of) => of.firstTap_ms),
      ...judged(1_000),
    }),
    figureOf(`CPU of all threads until then, ${listed}`, 'ms', {
      values: values((of) => of.cpu_ms),
    }),
    figureOf(`memory of the lane, ${listed}`, 'MiB', {
      values: values((of) => of.rss_MiB),
      ...judged(120),
    }),
  ];
}

async function openSite(reader: string, cards: number): Promise<Site> {
  const directory = scratch();
  const office = openOffice();
  const config = `${directory}/lane.yaml`;
  writeFileSync(
    config,
    `extends: shipped:sites/ningbo.yaml
fare: shipped:fares/ningbo-flat.yaml
lane: { id: B01, kind: flat, place: '00010001', passback_minutes: 0 }
reader: { path: ${reader} }
sam: { kind: software }
lists: { trusted_keys: ['${office.key}'] }
`,
  );
  const { out: keys } = await run(quickSim(), ['keys']);
  const sealing = ['sam', 'seal', '--out', `${directory}/sam.keys`];
  await expectWell(run(bundle(), sealing, { env: PASSPHRASE, input: keys }));
  if (cards > 0) {
    const file = await office.issue(cards, 1);
    await expectWell(run(bundle(), ['blacklist', 'import', file, '--config', config]));
  }
  return { cards, taken: [], start: () => startOnce(config) };
}

async function startOnce(config: string): Promise<Started> {
  const began_ms = performance.now();
  const lane = startProgram(bundle(), ['gate', '--config', config], { env: PASSPHRASE });
  const at = async (pattern: RegExp) => {
    await lane.until(pattern);
    return performance.now() - began_ms;
  };
  const cpu = lane.until(/"message":"pass"/).then(() => cpuOf_ms(lane.pid));
  const both = Promise.all([at(/"mode":"(inService|degraded)"/), at(/"message":"pass"/)]);
  const marks = await within(systemClock, PATIENCE_MS, both);
  if (!marks) throw new Error(`no tap was accepted: ${lane.said().err}`);
  const [inService_ms, firstTap_ms] = marks;
  await sleep(systemClock, SETTLE_MS);
  const cpu_ms = await cpu;
  const { rss_MiB } = memoryOf(lane.pid);
  const rehearsal_ms = rehearsalIn(lane);
  lane.kill('SIGTERM');
  await expectWell(lane.ended);
  return { inService_ms, firstTap_ms, rehearsal_ms, cpu_ms, rss_MiB };
}

function rehearsalIn(lane: Running): number {
  const [, spent] = /"spent_ms":(\d+),"msg":"rehearsed"/.exec(lane.said().err) ?? [];
  return Number(spent);
}

async function expectWell(ended: Running['ended']): Promise<void> {
  const { code, err } = await ended;
  if (code !== 0) throw new Error(err);
}
