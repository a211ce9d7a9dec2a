/** Makes a failing story as short as it can: fewer passengers, fewer faults, the same rule. */

import type { Violation } from './checks.ts';
import { runStory } from './run.ts';
import type { Step, Story } from './story.ts';

export interface Shrunk {
  readonly story: Story;
  readonly violation: Violation;
  readonly runs: number;
}

const RUNS_MAX = 600;

type Live = (story: Story) => Promise<{ readonly violation: Violation | null }>;

export async function shrink(
  story: Story,
  violation: Violation,
  live: Live = runStory,
): Promise<Shrunk> {
  let best = { story, violation };
  let runs = 0;

  /** Is this still the same failure? Then it is the new best. */
  const fails = async (smaller: Story): Promise<boolean> => {
    if (runs >= RUNS_MAX) return false;
    runs += 1;
    const outcome = await live(smaller);
    if (outcome.violation?.rule !== violation.rule) return false;
    best = { story: smaller, violation: outcome.violation };
    return true;
  };
  const withSteps = (steps: readonly Step[]): Story => ({ ...best.story, steps });

  await fails(withSteps(story.steps.filter(({ id }) => id <= violation.step)));
  await removeSteps();
  await removeFaults();
  await removeSteps();
  await fails({ ...best.story, timed: false });
  for (const name of best.story.fitted) {
    await fails({ ...best.story, fitted: best.story.fitted.filter((other) => other !== name) });
  }
  return { ...best, runs };

  /** Ever smaller pieces, the last ones first: what came long before matters least. */
  async function removeSteps(): Promise<void> {
    for (let size = best.story.steps.length >> 1; size >= 1; size >>= 1) {
      for (let from = 0; from < best.story.steps.length; ) {
        const { steps } = best.story;
        const without = [...steps.slice(0, from), ...steps.slice(from + size)];
        if (!(await fails(withSteps(without)))) from += size;
      }
    }
  }

  async function removeFaults(): Promise<void> {
    for (const { id } of [...best.story.steps]) {
      const faultsOf = () => best.story.steps.find((step) => step.id === id)?.faults ?? [];
      for (let nth = faultsOf().length - 1; nth >= 0; nth -= 1) {
        const faults = faultsOf().filter((_, index) => index !== nth);
        const steps = best.story.steps.map((step) => (step.id === id ? { ...step, faults } : step));
        await fails(withSteps(steps));
      }
    }
  }
}
