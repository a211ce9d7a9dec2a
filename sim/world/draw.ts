/** Draws a story from a seed. */

import { type Chance, createChance } from '../lane/chance.ts';
import { ATLAS, FAULT_KINDS, FAULTS_AT_ONCE, type Fault, type FaultKind } from './faults.ts';
import { fitOut } from './fittings.ts';
import { COMMANDS_A_TAP, drawMoment } from './moments.ts';
import type { CardClass, Fitting, LaneKind, Step, Story } from './story.ts';

export interface DrawOptions {
  readonly taps: number;
  /** Multiplies the rates of the atlas; 1 is what the campaign runs with. */
  readonly faults?: number;
  /** What the story has, whatever its seed says. */
  readonly fitted?: readonly Fitting[] | undefined;
}

const LANES: readonly LaneKind[] = ['flat', 'flat', 'entry', 'exit'];
/** How often each class of card comes, relative to the others. */
const CROWD: Readonly<Record<CardClass, number>> = {
  sm4: 50,
  '3des': 8,
  elderly: 8,
  poor: 2,
  expired: 1,
  foreign: 3,
  listed: 2,
  'listed-later': 4,
  bank: 1,
  mifare: 1,
  forged: 2,
  cloned: 2,
  replayed: 2,
  inconsistent: 2,
};
const CARDS = 40;
const PLAIN_KINDS = FAULT_KINDS.filter((kind) => !ATLAS[kind].of);
const MINUTE_MS = 60_000;
/** So many of 100 passengers are followed, or hurried by the next one. */
const FOLLOWED = 3;
const HURRIED = 4;
const HURRY_MS = 150;

export function drawStory(seed: number, { taps, faults = 1, fitted }: DrawOptions): Story {
  const chance = createChance(seed);
  const lane = chance.pick(LANES);
  const timed = chance.next() < 0.15;
  const sync_ms = chance.pick([0, 1, 3, 20]);
  const segment_bytes = chance.pick([128, 256, 512]) * 1024;
  const cards = drawCards(chance);
  const steps: Step[] = [];
  for (let id = 1; id <= taps; id += 1) {
    steps.push(drawStep(chance, { id, cards: cards.length, before: steps.at(-1), faults, timed }));
  }
  const together = walkTogether(steps, createChance(seed ^ 0x2_b0d1e5));
  const plain: Story = {
    ...{ seed, lane, timed, sync_ms, segment_bytes, fitted: [], cards },
    steps: together,
  };
  return fitOut(plain, { faults, fitted });
}

/** Every class once, then as the crowd is. */
function drawCards(chance: Chance): CardClass[] {
  const classes = Object.keys(CROWD) as CardClass[];
  const total = Object.values(CROWD).reduce((sum, weight) => sum + weight, 0);
  const drawn = [...classes];
  while (drawn.length < CARDS) {
    drawn.push(drawClass(classes, chance.next() * total));
  }
  return drawn;
}

function drawClass(classes: readonly CardClass[], place: number): CardClass {
  let left = place;
  for (const name of classes) {
    left -= CROWD[name];
    if (left < 0) return name;
  }
  return 'sm4';
}

/** Two at once, drawn by a chance of its own: all else in the story stays what its seed made it. */
function walkTogether(steps: readonly Step[], chance: Chance): Step[] {
  const percent = (share: number) => chance.next() < share / 100;
  let hurrying = false;
  return steps.map((step) => {
    const pause_ms = hurrying ? chance.below(HURRY_MS) : step.pause_ms;
    const followed = percent(FOLLOWED);
    hurrying = percent(HURRIED);
    const hurried = hurrying;
    return { ...step, pause_ms, ...(followed && { followed }), ...(hurried && { hurried }) };
  });
}

interface StepInput {
  readonly id: number;
  readonly cards: number;
  readonly before: Step | undefined;
  readonly faults: number;
  readonly timed: boolean;
}

function drawStep(chance: Chance, { id, cards, before, faults, timed }: StepInput): Step {
  const drawn = drawFaults(chance, { rate: faults, cards, timed });
  // Whoever had trouble mostly comes back at once; others come whenever.
  const troubled = before !== undefined && (before.faults.length > 0 || !before.walks);
  const back = troubled ? chance.next() < 0.6 : chance.next() < 0.05;
  const card = back && before ? before.card : drawCard(chance, cards);
  const soon_ms = 200 + chance.below(5_000);
  const later_ms = (1 + chance.below(9)) * MINUTE_MS + chance.below(MINUTE_MS);
  const dawdles = chance.next() < 0.03;
  return {
    id,
    pause_ms: (back ? chance.next() < 0.9 : chance.next() < 0.3) ? soon_ms : later_ms,
    card,
    patience_ms: chance.next() < 0.05 ? 50 + chance.below(1_000) : 4_000,
    lingers_ms: dawdles ? 100 + chance.below(3_000) : 0,
    walks: chance.next() < 0.93,
    crosses_ms: chance.next() < 0.06 ? 500 + chance.below(5_000) : 80,
    faults: drawn,
  };
}

/** The first cards are one of each class; the rest of the crowd is mostly honest. */
function drawCard(chance: Chance, cards: number): number {
  return chance.next() < 0.15 ? chance.below(14) : chance.below(cards);
}

interface FaultInput {
  readonly rate: number;
  readonly cards: number;
  readonly timed: boolean;
}

function drawFaults(chance: Chance, input: FaultInput): Fault[] {
  const kinds = PLAIN_KINDS.filter(
    (kind) => chance.next() < (ATLAS[kind].per_10k * input.rate) / 10_000,
  );
  return kinds.slice(0, FAULTS_AT_ONCE).map((kind) => drawFault(chance, kind, input));
}

function drawFault(chance: Chance, kind: FaultKind, { cards, timed }: FaultInput): Fault {
  const when = drawMoment(chance);
  const for_ms = 100 + chance.below(8_000);
  switch (kind) {
    case 'tear':
      return {
        kind,
        nth: 1 + chance.below(COMMANDS_A_TAP),
        moment: chance.pick(['before', 'after', 'cut']),
        stays: chance.next() < 0.25,
      };
    case 'leave':
      return timed
        ? { kind, when: { on: 'time', after_ms: 1 + chance.below(400) } }
        : { kind, when };
    case 'line':
      return {
        kind,
        direction: chance.pick(['to-chip', 'to-host']),
        spoiling: chance.pick(['lost', 'cut', 'corrupt', 'late', 'noise']),
        nth: 1 + chance.below(30),
      };
    case 'sam':
      return {
        kind,
        does: chance.pick(['slow', 'mute', 'refuse', 'wrong-mac1', 'wrong-mac2', 'reset']),
        nth: 1 + chance.below(2),
      };
    case 'disk-fails':
      return {
        kind,
        on: chance.pick(['write', 'sync']),
        once: chance.next() < 0.6,
        when,
        for_ms,
      };
    case 'kill':
    case 'power-cut':
      return { kind, when, down_ms: drawDown(chance) };
    case 'clock-step':
      return { kind, when, step_ms: drawClockStep(chance) };
    case 'second-card':
      return { kind, when, card: chance.below(cards) };
    case 'chip-reboot':
    case 'list-swap':
    case 'intruder':
      return { kind, when };
    case 'board-line':
    case 'list-import':
      throw new Error(`${kind} is drawn in fittings.ts`);
    default:
      return { kind, when, for_ms };
  }
}

/** A watchdog restarts a process at once; a power cut may last. */
function drawDown(chance: Chance): number {
  return chance.next() < 0.5 ? 200 + chance.below(2_000) : chance.below(60_000);
}

function drawClockStep(chance: Chance): number {
  const size_ms = chance.pick([2_000, 90_000, 20 * MINUTE_MS, 2_880 * MINUTE_MS]);
  return Math.round((chance.next() * 2 - 1) * size_ms);
}
