/**
 * Mode machine: what the kiosk as a whole is doing. Without any reader there is nothing to present
 * a card to; everything else that fails takes away a service, not the kiosk.
 */

import { assign, setup } from 'xstate';

export type ModeEvent =
  /** Every device was tried once. */
  | { readonly type: 'READY' }
  | { readonly type: 'PART_LOST'; readonly part: string }
  | { readonly type: 'PART_BACK'; readonly part: string }
  /** Somebody asks for the service code. */
  | { readonly type: 'STAFF' }
  | { readonly type: 'CODE_RIGHT' }
  | { readonly type: 'LEAVE' }
  | { readonly type: 'STOP' };

interface ModeFacts {
  readonly ready: boolean;
  /** Readers that this kiosk has, and those of them that are lost. */
  readonly readers: readonly string[];
  readonly lost: readonly string[];
}

export const modeMachine = setup({
  types: {
    context: {} as ModeFacts,
    events: {} as ModeEvent,
    input: {} as { readonly readers: readonly string[] } | undefined,
  },
  delays: {
    /** Nobody types a service code for so long, or works on the service page. */
    codeWaits: 30_000,
    staffWaits: 600_000,
  },
  guards: {
    notReady: ({ context }) => !context.ready,
    blind: ({ context }) => context.readers.every((reader) => context.lost.includes(reader)),
  },
  actions: {
    noteReady: assign({ ready: true }),
    noteLost: assign(({ context, event }) =>
      event.type === 'PART_LOST'
        ? { lost: [...without(context.lost, event.part), event.part] }
        : {},
    ),
    noteBack: assign(({ context, event }) =>
      event.type === 'PART_BACK' ? { lost: without(context.lost, event.part) } : {},
    ),
  },
}).createMachine({
  id: 'kiosk',
  initial: 'settling',
  context: ({ input }) => ({ ready: false, readers: input?.readers ?? [], lost: [] }),
  on: { STOP: '.stopped' },
  states: {
    /** Left in the same step in which it is entered. */
    settling: {
      always: [
        { guard: 'notReady', target: 'starting' },
        { guard: 'blind', target: 'outOfService' },
        { target: 'inService' },
      ],
    },
    starting: {
      on: {
        READY: { target: 'settling', actions: 'noteReady' },
        PART_LOST: { actions: 'noteLost' },
        PART_BACK: { actions: 'noteBack' },
        STAFF: 'code',
      },
    },
    inService: {
      on: {
        PART_LOST: { target: 'settling', actions: 'noteLost' },
        PART_BACK: { actions: 'noteBack' },
        STAFF: 'code',
      },
    },
    outOfService: {
      on: {
        PART_LOST: { actions: 'noteLost' },
        PART_BACK: { target: 'settling', actions: 'noteBack' },
        STAFF: 'code',
      },
    },
    code: {
      after: { codeWaits: 'settling' },
      on: {
        READY: { actions: 'noteReady' },
        PART_LOST: { actions: 'noteLost' },
        PART_BACK: { actions: 'noteBack' },
        CODE_RIGHT: 'maintenance',
        LEAVE: 'settling',
      },
    },
    maintenance: {
      after: { staffWaits: 'settling' },
      on: {
        READY: { actions: 'noteReady' },
        PART_LOST: { actions: 'noteLost' },
        PART_BACK: { actions: 'noteBack' },
        LEAVE: 'settling',
      },
    },
    stopped: { type: 'final' },
  },
});

function without(list: readonly string[], part: string): string[] {
  return list.filter((each) => each !== part);
}
