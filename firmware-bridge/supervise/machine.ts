/**
 * Link machine: what is known of one device. `ready` and `suspect` are in use; in `recovering` and
 * `lost` the rungs of the ladder are tried, and `lost` differs in that everybody has been told.
 */

import { assign, setup } from 'xstate';

/** Who says so: a question to the device, or its work, such as a detection. */
type Witness = 'probe' | 'use';

export type LinkEvent =
  | { readonly type: 'ANSWERED'; readonly by: Witness }
  | { readonly type: 'FAILED'; readonly by: Witness }
  /** A rung helped and the device has proved it, or it came back by itself. */
  | { readonly type: 'RECOVERED' }
  /** No rung of the ladder helped. */
  | { readonly type: 'EXHAUSTED' }
  | { readonly type: 'STOP' };

interface LinkFacts {
  /** Failures in a row that make a device recover; 1: it is never suspect. */
  readonly patience: number;
  readonly failures: number;
  /** One of these failures was met at work: an answer to a mere question does not disprove it. */
  readonly failedAtWork: boolean;
}

export const linkMachine = setup({
  types: {
    context: {} as LinkFacts,
    events: {} as LinkEvent,
    input: {} as { readonly patience?: number } | undefined,
  },
  delays: {
    /** So long a doubt may stand without a new failure or a proof. */
    doubtEnds: 500,
    /** What is left of the time after which a silent device is lost. */
    declareLost: 2_000,
  },
  guards: {
    patient: ({ context }) => context.failures + 1 < context.patience,
    disproved: ({ context, event }) =>
      event.type === 'ANSWERED' && (event.by === 'use' || !context.failedAtWork),
    atWork: ({ event }) => event.type === 'ANSWERED' && event.by === 'use',
  },
  actions: {
    count: assign(({ context, event }) => ({
      failures: context.failures + 1,
      failedAtWork: context.failedAtWork || (event.type === 'FAILED' && event.by === 'use'),
    })),
    forget: assign({ failures: 0, failedAtWork: false }),
  },
}).createMachine({
  id: 'link',
  initial: 'connecting',
  context: ({ input }) => ({ patience: input?.patience ?? 2, failures: 0, failedAtWork: false }),
  on: { STOP: '.stopped' },
  states: {
    connecting: {
      on: { RECOVERED: 'ready', FAILED: 'lost' },
    },
    ready: {
      entry: 'forget',
      on: {
        FAILED: [
          { guard: 'patient', target: 'suspect', actions: 'count' },
          { target: 'recovering', actions: 'count' },
        ],
      },
    },
    /** It failed and may have had a reason: a spark on the line, a busy machine. */
    suspect: {
      after: { doubtEnds: 'recovering', declareLost: 'lost' },
      on: {
        ANSWERED: { guard: 'disproved', target: 'ready' },
        FAILED: [
          { guard: 'patient', actions: 'count' },
          { target: 'recovering', actions: 'count' },
        ],
      },
    },
    recovering: {
      after: { declareLost: 'lost' },
      on: {
        RECOVERED: 'ready',
        /** Its work has disproved the doubt before a rung could. */
        ANSWERED: { guard: 'atWork', target: 'ready' },
        EXHAUSTED: 'lost',
      },
    },
    /** Out of service with an alarm; the ladder is climbed for ever. */
    lost: {
      on: { RECOVERED: 'ready' },
    },
    stopped: { type: 'final' },
  },
});

export type LinkState = 'connecting' | 'ready' | 'suspect' | 'recovering' | 'lost' | 'stopped';
