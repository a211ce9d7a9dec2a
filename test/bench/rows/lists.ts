import { writeFileSync } from 'node:fs';
import { sleep, systemClock } from '../../../firmware-bridge/clock.ts';
import { bundle, start } from '../../commands/programs.ts';
import { askedChild, type ListChild } from '../kit/children.ts';
import { type Office, openOffice } from '../kit/office.ts';
import type { Variant } from '../kit/peers.ts';
import { memoryOf } from '../kit/processes.ts';
import { scratch } from '../kit/scratch.ts';
import { figureOf, type Line, lineOf, quantilesOf, type Row } from '../measure.ts';

export const lists: Row = {
  name: 'lists',
  what: 'is a card listed? Our table, or filter and LevelDB, beside other stores',
  async run({ quick }) {
    const office = openOffice();
    const small = quick ? 20_000 : 1_000_000;
    const large = quick ? 200_000 : 10_000_000;
    return [
      ...(await sizeRow(office, { count: small, exact_max: small, quick })),
      ...(await sizeRow(office, { count: large, exact_max: small, quick })),
    ];
  },
};

const LOOK_MS = 20;
const LIMITS_US = { miss: 20, hit: 200 } as const;
const FRONT_MAX_MIB = 24;
/** More than that an import must not add to a tap. */
const SLOWER_MS = 5;

interface Size {
  readonly count: number;
  readonly exact_max: number;
  readonly quick: boolean;
}

const VARIANTS: readonly Variant[] = ['lane', 'level', 'lmdb', 'set'];
const NAMES: Readonly<Record<Variant, string>> = {
  lane: 'the lane',
  level: 'LevelDB alone',
  lmdb: 'lmdb',
  set: 'Set<bigint>',
};

async function sizeRow(office: Office, size: Size): Promise<Line[]> {
  const { count, quick } = size;
  const site = openSite(office, size.exact_max);
  const imported = await site.import(await office.issue(count, 1));
  const millions = `${count / 1_000_000} M cards`;
  const lines = [
    figureOf(`import, ${millions}, per second`, 'k', {
      values: [imported.rate / 1_000],
      target: { atLeast: 300 },
    }),
    figureOf(`import, ${millions}, peak memory`, 'MiB', {
      values: [imported.peak_MiB],
      target: { p50: 200 },
    }),
  ];
  const children: Record<string, ListChild> = {};
  for (const variant of VARIANTS) {
    const directory = variant === 'lane' ? site.directory : scratch();
    children[variant] = await askedChild({ variant, count, directory });
  }
  const taken = await askAll(children, quick);
  const base = quantilesOf(taken.miss.level ?? []).p50;
  for (const kind of ['miss', 'hit'] as const) {
    for (const variant of VARIANTS) {
      const found = quantilesOf(taken[kind][variant] ?? []);
      const ratio = kind === 'miss' ? { times: found.p50 / base, of: NAMES.level } : null;
      const judged = variant === 'lane' && { target: { p999: LIMITS_US[kind] } };
      const measure = `${kind}, ${millions}, ${NAMES[variant]}`;
      lines.push(lineOf(measure, 'µs', { ...found, ratio, ...judged }));
    }
  }
  for (const variant of VARIANTS) {
    const grown = children[variant]?.grown_MiB ?? Number.NaN;
    const judged = variant === 'lane' && { target: { p50: FRONT_MAX_MIB } };
    const measure = `memory, ${millions}, ${NAMES[variant]}`;
    lines.push(figureOf(measure, 'MiB', { values: [grown], ...judged }));
  }
  for (const [variant, child] of Object.entries(children))
    if (variant !== 'lane') await child.end();
  const { lane } = children;
  if (lane) lines.push(...(await duringImport(lane, { office, site, count, millions })));
  await lane?.end();
  return lines;
}

async function askAll(children: Readonly<Record<string, ListChild>>, quick: boolean) {
  const taken: Record<'miss' | 'hit', Record<string, number[][]>> = { miss: {}, hit: {} };
  const rounds = quick ? 2 : 6;
  const calls = quick ? 2_000 : 20_000;
  for (let round = 0; round <= rounds; round += 1) {
    for (const kind of ['miss', 'hit'] as const) {
      for (const [variant, child] of Object.entries(children)) {
        const times = await child.times({ ask: kind, calls: kind === 'hit' ? calls / 4 : calls });
        // The first round warms up.
        if (round > 0) taken[kind][variant] = [...(taken[kind][variant] ?? []), times];
      }
    }
  }
  return taken;
}

interface During {
  readonly office: Office;
  readonly site: Site;
  readonly count: number;
  readonly millions: string;
}

/** Once with taps, once with nothing but a look at how late the event loop is. */
async function duringImport(lane: ListChild, during: During): Promise<Line[]> {
  const { office, site, count, millions } = during;
  const lines: Line[] = [];
  for (const [version, ask, what] of [
    [2, 'taps', 'tap, own share, during import and take-over'],
    [3, 'loop', 'event loop late, during import and take-over'],
  ] as const) {
    const file = await office.issue(count, version);
    await lane.times({ ask });
    await site.import(file);
    const times = await lane.times({ ask: 'news' });
    const target = { p99: SLOWER_MS };
    lines.push(lineOf(`${what}, ${millions}`, 'ms', { ...quantilesOf([times]), target }));
  }
  return lines;
}

type Site = ReturnType<typeof openSite>;

function openSite(office: Office, exact_max: number) {
  const data = scratch();
  const config = `${data}/lane.yaml`;
  writeFileSync(config, laneText(exact_max, office.key));
  const directory = `${data}/data/lists/blacklist`;
  return { directory, import: (file: string) => importFile(config, file) };
}

function laneText(exact_max: number, key: string): string {
  return `extends: shipped:sites/ningbo.yaml
fare: shipped:fares/ningbo-flat.yaml
lane: { id: B01, kind: flat, place: '00010001' }
reader: { path: reader }
sam: { kind: psam }
lists: { exact_max: ${exact_max}, trusted_keys: ['${key}'] }
`;
}

/** The built command, as an operator would start it. */
async function importFile(config: string, file: string) {
  const running = start(bundle(), ['blacklist', 'import', file, '--config', config]);
  let peak_MiB = 0;
  let over = false;
  const ended = running.ended.finally(() => {
    over = true;
  });
  while (!over) {
    peak_MiB = Math.max(peak_MiB, peakOf(running.pid));
    await sleep(systemClock, LOOK_MS);
  }
  const { code, out, err } = await ended;
  if (code !== 0) throw new Error(err);
  const [, rate] = /, (\d+) a second/.exec(out) ?? [];
  return { rate: Number(rate), peak_MiB };
}

/** The peak never falls, so only what came after the last look is missed. */
function peakOf(pid: number): number {
  try {
    return memoryOf(pid).peak_MiB || 0;
  } catch {
    return 0; // it has just ended
  }
}
