/**
 * What a story has beyond the plain one, with the faults that belong to it. Drawn by a chance of
 * its own, so that all else in the story stays what its seed made it.
 */

import { type Chance, createChance } from '../lane/chance.ts';
import { ATLAS, FAULTS_AT_ONCE, type Fault, LIST_FILES, type ListFileKind } from './faults.ts';
import { drawMoment } from './moments.ts';
import { FITTINGS, type Fitting, type Step, type Story } from './story.ts';

/** How many of all stories have it; what each costs says how many may. */
const SHARES: Readonly<Record<Fitting, number>> = {
  modbus: 1 / 20,
  files: 1 / 8,
  index: 1 / 8,
  office: 1 / 8,
};
const SPOILINGS = ['lost', 'cut', 'corrupt', 'late', 'noise'] as const;
const FILES: readonly ListFileKind[] = ['full', 'full', 'delta', 'delta', ...LIST_FILES];
/** So many passengers of 10,000 find the back office at the books; and how often it settles. */
const OFFICE_PER_10K = 150;
const SETTLES = 0.7;
/** So many of 10,000 come after a night: books older than a day may go, and be left unread. */
const NIGHT_PER_10K = 120;
/** So small that even a short story leaves finished segments behind. */
const SEGMENT_BYTES = 24 * 1024;
const NIGHT_MS = 26 * 3_600_000;

interface FitOptions {
  readonly faults: number;
  readonly fitted: readonly Fitting[] | undefined;
}

export function fitOut(story: Story, { faults, fitted: asked }: FitOptions): Story {
  const chance = createChance(story.seed ^ 0x5eed_f177);
  const drawn = FITTINGS.filter((name) => chance.next() < SHARES[name]);
  const fitted = asked ?? drawn;
  if (fitted.length === 0) return story;
  const steps = story.steps.map((step) => fitStep(step, { chance, fitted, rate: faults }));
  const segment_bytes = isOld(fitted) ? SEGMENT_BYTES : story.segment_bytes;
  return { ...story, segment_bytes, fitted, steps };
}

interface FitStep {
  readonly chance: Chance;
  readonly fitted: readonly Fitting[];
  readonly rate: number;
}

function fitStep(step: Step, { chance, fitted, rate }: FitStep): Step {
  const per10k = (share: number) => chance.next() < (share * rate) / 10_000;
  const more: Fault[] = [];
  for (const kind of ['board-line', 'board-unplug', 'board-restart', 'list-import'] as const) {
    const { per_10k, of } = ATLAS[kind];
    if (of && fitted.includes(of) && per10k(per_10k)) more.push(drawFault(chance, kind));
  }
  const faults = [...step.faults, ...more].slice(-FAULTS_AT_ONCE);
  const night_ms = isOld(fitted) && chance.next() < NIGHT_PER_10K / 10_000 ? NIGHT_MS : 0;
  const comes = fitted.includes('office') && chance.next() < OFFICE_PER_10K / 10_000;
  const office = chance.next() < SETTLES ? 'settle' : 'fetch';
  const pause_ms = step.pause_ms + night_ms;
  return { ...step, pause_ms, faults, ...(comes && { office }) };
}

/** Has it something that only shows when books grow old? */
function isOld(fitted: readonly Fitting[]): boolean {
  return fitted.includes('office') || fitted.includes('index');
}

type FittingFault = 'board-line' | 'board-unplug' | 'board-restart' | 'list-import';

function drawFault(chance: Chance, kind: FittingFault): Fault {
  switch (kind) {
    case 'board-line':
      return {
        kind,
        direction: chance.pick(['to-board', 'from-board']),
        spoiling: chance.pick(SPOILINGS),
        nth: 1 + chance.below(40),
      };
    case 'board-unplug':
      return { kind, when: drawMoment(chance), for_ms: 100 + chance.below(8_000) };
    case 'board-restart':
      return { kind, when: drawMoment(chance), for_ms: chance.below(3_000) };
    case 'list-import':
      return {
        kind,
        when: drawMoment(chance),
        file: chance.pick(FILES),
        dies: chance.next() < 0.4 ? 1 + chance.below(80) : null,
      };
  }
}
