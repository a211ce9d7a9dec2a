/** `tapway-sim world`: one seed exactly, a story from a file, or a campaign of many seeds. */

import { readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../firmware-bridge/clock.ts';
import { bundleWorker } from '../world/bundle.ts';
import { type Campaign, type Failure, type Progress, runCampaign } from '../world/campaign.ts';
import type { Violation } from '../world/checks.ts';
import { drawStory } from '../world/draw.ts';
import { gapsOf, UNREACHED } from '../world/gaps.ts';
import { type Coverage, TABLES } from '../world/record.ts';
import { type Outcome, runStory } from '../world/run.ts';
import { shrink } from '../world/shrink.ts';
import type { Fitting, Story } from '../world/story.ts';

export interface WorldOptions {
  readonly seed?: number;
  readonly story?: string;
  readonly seeds?: number;
  readonly minutes?: number;
  readonly taps: number;
  readonly faults: number;
  /** What every story has; else what its seed says. */
  readonly fitted?: readonly Fitting[];
  readonly workers: number;
  readonly from: number;
  readonly out: string;
  readonly log?: boolean;
}

/** A kept story: what `--story` reads, and what a failing campaign leaves behind. */
interface StoryFile {
  readonly cause: string;
  /** Kept before there were fittings, it has none. */
  readonly story: Story | Omit<Story, 'fitted'>;
}

const MINUTE_MS = 60_000;
const PROGRESS_MS = 2_000;

/** 0 when no rule was broken, else 1. */
export async function runWorld(options: WorldOptions): Promise<number> {
  if (options.story !== undefined) return replay(readStory(options.story), options);
  if (options.seeds !== undefined || options.minutes !== undefined) return campaign(options);
  return replay(drawStory(options.seed ?? 1, options), options);
}

async function replay(story: Story, { log, out }: WorldOptions): Promise<number> {
  const outcome = await runStory(story, { whole: log ?? false });
  if (log) print(...outcome.lines);
  print(...summaryOf(story, outcome));
  if (!outcome.violation) return 0;
  await keepShortest(story, outcome.violation, out);
  return 1;
}

async function campaign(options: WorldOptions): Promise<number> {
  const { taps, faults, fitted, workers, from, out } = options;
  let shown_ms = systemClock.now_ms();
  let failures = 0;
  const bundle = bundleWorker();
  const done = await runCampaign({
    ...{ taps, faults, workers, clock: systemClock, first: from, fitted },
    seeds: options.seeds ?? Number.POSITIVE_INFINITY,
    limit_ms: (options.minutes ?? Number.POSITIVE_INFINITY) * MINUTE_MS,
    program: bundle.path,
    onProgress(progress) {
      for (const failure of progress.failures.slice(failures)) {
        process.stderr.write(`${told(failure)}\n`);
      }
      failures = progress.failures.length;
      if (systemClock.now_ms() - shown_ms < PROGRESS_MS) return;
      shown_ms = systemClock.now_ms();
      process.stderr.write(`${progressLine(progress, options)}\n`);
    },
  }).finally(bundle.remove);
  print(...reportOf(done, options));
  const [first] = done.failures;
  if (!first) return 0;
  await keepShortest(drawStory(first.seed, { taps, faults, fitted }), first.violation, out);
  return 1;
}

async function keepShortest(story: Story, violation: Violation, out: string): Promise<void> {
  print('', 'looking for the shortest story that breaks the same rule …');
  const shrunk = await shrink(story, violation);
  const file = `${out}/world-${story.seed}.json`;
  const cause = `${shrunk.violation.rule}: ${shrunk.violation.text}`;
  const kept: StoryFile = { cause, story: shrunk.story };
  writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
  const { steps } = shrunk.story;
  const faults = steps.reduce((sum, step) => sum + step.faults.length, 0);
  print(
    cause,
    `${steps.length} passengers and ${faults} faults are enough (${shrunk.runs} runs): ${file}`,
    `npm run world -- --story ${file} --log`,
  );
}

export function readStory(path: string): Story {
  try {
    const { story } = JSON.parse(readFileSync(path, 'utf8')) as Partial<StoryFile>;
    if (story?.steps) return { fitted: [], ...story };
  } catch (error) {
    throw new Error(`--story ${path}: ${(error as Error).message}`);
  }
  throw new Error(`--story ${path} holds no story; \`world\` writes such files`);
}

function summaryOf(story: Story, { violation, digest, taps, coverage }: Outcome): string[] {
  const { seed, lane, timed, sync_ms, fitted } = story;
  return [
    `seed ${seed}: ${taps} taps at a ${lane} lane, ` +
      `${timed ? 'timed' : 'untimed'} reader, syncs of ${sync_ms} ms` +
      `${fitted.length > 0 ? `, with ${fitted.join(', ')}` : ''}`,
    ...tableOf(coverage),
    `digest ${digest}`,
    violation
      ? `VIOLATION at step ${violation.step}: ${violation.rule}: ${violation.text}`
      : 'sound',
  ];
}

function reportOf(done: Campaign, { from, taps, faults }: WorldOptions): string[] {
  const { seeds, elapsed_ms, failures } = done;
  return [
    `seeds ${from} to ${from + seeds - 1}, ${taps} taps each, fault rates × ${faults}`,
    ...tableOf(done.coverage),
    ...gapsIn(done.coverage),
    `${done.taps} taps in ${Math.round(elapsed_ms / 1_000)} s, ${rateOf(done)} taps/s; ` +
      `${perCore(done)} taps/s of one core's time`,
    `${failures.length} violations`,
    ...failures.map(told),
  ];
}

function told({ seed, violation: { rule, text, step } }: Failure): string {
  return `  seed ${seed} step ${step}: ${rule}: ${text}`;
}

function tableOf(coverage: Coverage): string[] {
  return TABLES.flatMap((table) => {
    const rows = Object.entries(coverage[table]).sort(([, a], [, b]) => b - a);
    const lines = rows.map(([name, count]) => `  ${name.padEnd(40)} ${String(count).padStart(9)}`);
    return [`${table} (${rows.length})`, ...lines];
  });
}

/** What there is and was not met. */
function gapsIn(coverage: Coverage): string[] {
  const { states, transitions, faults } = gapsOf(coverage);
  return [
    `states never entered (${states.length})`,
    ...states.map((state) => `  ${state.padEnd(40)} ${UNREACHED[state] ?? 'not by these seeds'}`),
    `transitions never taken (${transitions.length})`,
    ...transitions.map((step) => `  ${step}`),
    `faults that never struck (${faults.length})`,
    ...faults.map((fault) => `  ${fault}`),
  ];
}

function progressLine(progress: Progress, { workers }: WorldOptions): string {
  const { seeds, taps, failures } = progress;
  const rate = `${rateOf(progress)} taps/s with ${workers} workers`;
  return `${seeds} seeds, ${taps} taps, ${rate}, ${failures.length} violations`;
}

function rateOf({ taps, elapsed_ms }: Progress): number {
  return Math.round((taps * 1_000) / Math.max(1, elapsed_ms));
}

/** By CPU time, which no neighbour on the machine disturbs much. */
function perCore({ taps, cpu_ms }: Progress): number {
  return Math.round((taps * 1_000) / Math.max(1, cpu_ms));
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
