/**
 * What stands at every await of an instrumented build: it counts the moments at which a process
 * could die there, before the operand is waited for and after it has settled, and lets it die at
 * one of them. What a dead process waits for never comes, and it never waits for anything again.
 */

import type { Owner } from '../../sim/world/clock.ts';

export interface Moments {
  /** Awaits begun, and awaits resumed: each is a moment. */
  readonly begun: number;
  readonly resumed: number;
}

export interface AwaitHook {
  /**
   * From now on moments are counted, and at the nth the process dies.
   * @param die ends the life of the owner that runs
   */
  arm(nth: number, die: (place: string) => void): void;
  disarm(): Moments;
}

type Hooks = {
  atAwait(operand: unknown, place: string): unknown;
  atEach(source: AsyncIterable<unknown> | Iterable<unknown>, place: string): unknown;
};

const noDeath = () => {};

/**
 * @param running the process that runs, if one does. Code of a dead one is told from code of the
 *   next by time: a process boots at a timer, and by then all has settled that still could.
 */
export function installHook(running: () => Owner | undefined): AwaitHook {
  let armed = false;
  let left = 0;
  let die: (place: string) => void = noDeath;
  let begun = 0;
  let resumed = 0;

  const happens = (place: string) => {
    left -= 1;
    if (left === 0) die(place);
  };

  const atAwait = (operand: unknown, place: string): unknown => {
    const owner = running();
    // No process runs: whoever reads the books is no part of it.
    if (!owner) return operand;
    if (armed && owner.alive) {
      begun += 1;
      happens(`${place} begins`);
    }
    if (!owner.alive) return never(operand);
    return new Promise((resolve, reject) => {
      const resume = <T>(go: (what: T) => void) => {
        return (what: T) => {
          if (armed && owner.alive) {
            resumed += 1;
            happens(`${place} resumes`);
          }
          if (owner.alive) go(what);
        };
      };
      Promise.resolve(operand).then(resume(resolve), resume(reject));
    });
  };

  const hooks: Hooks = { atAwait, atEach: (source, place) => eachOf(source, place, atAwait) };
  Object.assign(globalThis, hooks);

  return {
    arm(nth, end) {
      armed = true;
      left = nth;
      die = end;
      begun = 0;
      resumed = 0;
    },
    disarm() {
      armed = false;
      die = noDeath;
      return { begun, resumed };
    },
  };
}

/** Nobody is left to hear of what becomes of it, not even that it fails. */
function never(operand: unknown): Promise<never> {
  Promise.resolve(operand).catch(() => {});
  return new Promise(() => {});
}

/** `for await` waits for every `next`, and for `return` where the loop is left early. */
function eachOf(
  source: AsyncIterable<unknown> | Iterable<unknown>,
  place: string,
  atAwait: Hooks['atAwait'],
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator =
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
      const waited = (step: unknown) => atAwait(step, place) as Promise<IteratorResult<unknown>>;
      return {
        next: () => waited(iterator.next()),
        return: () => waited(iterator.return?.() ?? { done: true, value: undefined }),
      };
    },
  };
}
