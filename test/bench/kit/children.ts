/** Child processes that measure: this very program, started as `bench.ts child`. */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Place, Question, Told } from './list-child.ts';

export interface ListChild {
  readonly grown_MiB: number;
  times(question: Question): Promise<number[]>;
  end(): Promise<void>;
}

export async function askedChild(place: Place): Promise<ListChild> {
  const program = fileURLToPath(new URL('../bench.ts', import.meta.url));
  const child = fork(program, ['child', JSON.stringify(place)], {
    // A Set of ten million numbers outgrows the usual heap.
    execArgv: [...process.execArgv, '--max-old-space-size=4096'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const tooSoon = ended.then((code) => {
    throw new Error(`${place.variant} ended with ${code}`);
  });
  tooSoon.catch(() => {});
  const next = () =>
    Promise.race([new Promise<Told>((told) => child.once('message', told)), tooSoon]);
  const ready = await next();
  if (!('grown_MiB' in ready)) throw new Error('the child did not say that it is ready');
  return {
    grown_MiB: ready.grown_MiB,
    async times(question) {
      const told = next();
      child.send(question);
      const answer = await told;
      if (!('times' in answer)) throw new Error('the child told no times');
      return answer.times;
    },
    async end() {
      child.send({ ask: 'end' } satisfies Question);
      await ended;
    },
  };
}
