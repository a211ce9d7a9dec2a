/** Takes down what card and SAM answer, and gives it again later. */

import { ok, type SamSlot } from '../../../firmware-bridge/ports.ts';

export type Wire = Pick<SamSlot, 'transceive'>;

/** Command and answer, hex. */
export type Said = readonly [command: string, answer: string];

export interface Tape {
  /** What was taken down. */
  said(): Promise<Said[]>;
  /** Milliseconds spent in replaying. */
  readonly spent_ms: number;
  record(wire: Wire): Wire;
  /** Throws when another command comes than was taken down. */
  replay(): Wire;
}

type Answer = Awaited<ReturnType<Wire['transceive']>>;

/** One tape for all wires of a tap: the controller asks in the same order each time. */
export function createTape(before: readonly Said[] = []): Tape {
  const taken: { readonly command: Buffer; readonly answer: Promise<Answer> }[] = before.map(
    ([command, answer]) => ({
      command: Buffer.from(command, 'hex'),
      answer: Promise.resolve(ok(Buffer.from(answer, 'hex'))),
    }),
  );
  let at = 0;
  let spent_ms = 0;
  return {
    get spent_ms() {
      return spent_ms;
    },
    said: () =>
      Promise.all(
        taken.map(async ({ command, answer }): Promise<Said> => {
          const told = await answer;
          if (!told.ok) throw new Error(told.fault.detail);
          return [command.toString('hex'), told.value.toString('hex')];
        }),
      ),
    record: (wire) => ({
      transceive(command, timeout_ms) {
        const answer = wire.transceive(command, timeout_ms);
        taken.push({ command, answer });
        return answer;
      },
    }),
    replay: () => ({
      transceive(command) {
        const from_ms = performance.now();
        const next = taken[at];
        at += 1;
        if (!next?.command.equals(command))
          throw new Error(`unheard of: ${command.toString('hex')}`);
        spent_ms += performance.now() - from_ms;
        return next.answer;
      },
    }),
  };
}
