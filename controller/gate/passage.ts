/**
 * Passage machine: the leaves and whoever walks between them. They never close on an occupied
 * safety zone, and fire wins in every state. One paid tap is one right to pass; rights queue up
 * when a second passenger pays before the first is through.
 */

import { assign, setup } from 'xstate';

export type PassageEvent =
  /** A right to pass; `ref` names the ledger story it was paid by. */
  | { readonly type: 'OPEN'; readonly ref: number }
  | { readonly type: 'OPENED' }
  | { readonly type: 'CLOSED' }
  | { readonly type: 'ZONE_OCCUPIED' }
  | { readonly type: 'ZONE_FREE' }
  | { readonly type: 'PASSED' }
  | { readonly type: 'INTRUSION' }
  | { readonly type: 'FIRE_ON' }
  | { readonly type: 'FIRE_OFF' };

interface PassageFacts {
  /** Rights not yet used, oldest first. */
  readonly rights: readonly number[];
  /** The last right that was used, for the ledger. */
  readonly used: number | null;
  readonly occupied: boolean;
}

/** Passengers who may have paid and not yet passed; a further tap waits at the reader. */
export const RIGHTS_MAX = 3;

export const passageMachine = setup({
  types: {
    context: {} as PassageFacts,
    events: {} as PassageEvent,
  },
  delays: { passageTimeout: 8_000 },
  guards: {
    moreRights: ({ context }) => context.rights.length > 1,
    rightsLeft: ({ context }) => context.rights.length > 0,
    zoneFree: ({ context }) => !context.occupied,
  },
  actions: {
    openLeaves: () => {},
    closeLeaves: () => {},
    recordPassage: () => {},
    raiseAlarm: () => {},
    takeRight: assign(({ context, event }) =>
      event.type === 'OPEN' ? { rights: [...context.rights, event.ref].slice(-RIGHTS_MAX) } : {},
    ),
    useRight: assign(({ context }) => ({
      used: context.rights[0] ?? null,
      rights: context.rights.slice(1),
    })),
    dropRights: assign({ rights: [] }),
    noteOccupied: assign({ occupied: true }),
    noteFree: assign({ occupied: false }),
  },
}).createMachine({
  id: 'passage',
  initial: 'closed',
  context: { rights: [], used: null, occupied: false },
  on: {
    FIRE_ON: '.emergency',
    OPEN: { actions: 'takeRight' },
    ZONE_OCCUPIED: { actions: 'noteOccupied' },
    ZONE_FREE: { actions: 'noteFree' },
  },
  states: {
    closed: {
      on: {
        OPEN: { target: 'opening', actions: 'takeRight' },
        INTRUSION: 'intrusion',
      },
    },
    opening: {
      entry: 'openLeaves',
      /** A barrier that never reports `opened` must not stand open for ever. */
      after: { passageTimeout: { target: 'closing', actions: 'dropRights' } },
      on: { OPENED: 'open', ZONE_OCCUPIED: { target: 'passing', actions: 'noteOccupied' } },
    },
    open: {
      after: { passageTimeout: { target: 'closing', actions: 'dropRights' } },
      on: {
        ZONE_OCCUPIED: { target: 'passing', actions: 'noteOccupied' },
        OPEN: { target: 'open', reenter: true, actions: 'takeRight' },
        INTRUSION: 'intrusion',
      },
    },
    /** Somebody is between the leaves. */
    passing: {
      on: {
        PASSED: [
          { guard: 'moreRights', target: 'open', actions: ['useRight', 'recordPassage'] },
          { target: 'clearing', actions: ['useRight', 'recordPassage'] },
        ],
        /** Stepped back: the right is still there. */
        ZONE_FREE: { target: 'open', actions: 'noteFree' },
        INTRUSION: 'intrusion',
      },
    },
    /** The last one paid is through; wait until the zone is free. */
    clearing: {
      always: { guard: 'zoneFree', target: 'closing' },
      on: {
        ZONE_FREE: { target: 'closing', actions: 'noteFree' },
        OPEN: { target: 'open', actions: 'takeRight' },
      },
    },
    closing: {
      entry: 'closeLeaves',
      on: {
        CLOSED: 'closed',
        ZONE_OCCUPIED: { target: 'obstructed', actions: 'noteOccupied' },
        OPEN: { target: 'opening', actions: 'takeRight' },
      },
    },
    /** Somebody stepped in while the leaves closed: open at once, wait, close again. */
    obstructed: {
      entry: 'openLeaves',
      on: {
        ZONE_FREE: { target: 'closing', actions: 'noteFree' },
        OPEN: { target: 'opening', actions: 'takeRight' },
      },
    },
    /** Somebody against the direction, or through a closed gate. */
    intrusion: {
      entry: 'raiseAlarm',
      on: {
        ZONE_FREE: [
          { guard: 'rightsLeft', target: 'open', actions: 'noteFree' },
          { target: 'closing', actions: 'noteFree' },
        ],
        PASSED: { guard: 'rightsLeft', actions: ['useRight', 'recordPassage'] },
      },
    },
    emergency: {
      entry: ['openLeaves', 'dropRights'],
      on: {
        FIRE_OFF: 'clearing',
        /** Nobody pays in an emergency. */
        OPEN: {},
        PASSED: {},
      },
    },
  },
});
