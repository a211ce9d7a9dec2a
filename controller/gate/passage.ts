/**
 * Passage machine: the leaves and whoever walks between them. They are never told to close while
 * the safety zone is occupied, and fire wins in every state. One paid tap is one right to pass;
 * rights queue up when a second passenger pays before the first is through. A right that ends
 * unused is not lost: its ledger story stays unpassed, so the card opens again (`pass-again`).
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
  /** Rights not yet used, oldest first; never the same story twice. */
  readonly rights: readonly number[];
  /** The last right that was used, for the ledger. */
  readonly used: number | null;
  /** Rights that found the queue full. */
  readonly overflowed: number;
  readonly occupied: boolean;
}

/** Passengers who may have paid and not yet passed; a further one taps again (`pass-again`). */
export const RIGHTS_MAX = 3;

/** With a right in hand: it is used, and the next one waits or the leaves close. */
const walkThrough = [
  {
    guard: 'moreRights',
    target: 'open',
    reenter: true,
    // One order for each right: many boards let one person through for each.
    actions: ['useRight', 'recordPassage', 'openLeaves'],
  },
  { target: 'clearing', actions: ['useRight', 'recordPassage'] },
] as const;

/** After the time-out: on his own right, or behind somebody else's back. */
const walkLate = [
  { guard: 'rightsLeft', target: 'clearing', actions: ['useRight', 'recordPassage'] },
  { target: 'clearing', actions: 'raiseAlarm' },
] as const;

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
    /** The passage that used it may still be on its way to the disk when its card taps again. */
    notUsed: ({ context, event }) => event.type !== 'OPEN' || event.ref !== context.used,
  },
  actions: {
    openLeaves: () => {},
    closeLeaves: () => {},
    recordPassage: () => {},
    raiseAlarm: () => {},
    takeRight: assign(({ context, event }) =>
      event.type === 'OPEN' ? withRight(context, event.ref) : {},
    ),
    /** The zone is free and time was up: whoever paid before this one has gone. */
    renewRight: assign(({ event }) => (event.type === 'OPEN' ? { rights: [event.ref] } : {})),
    dropRights: assign({ rights: [] }),
    useRight: assign(({ context }) => ({
      used: context.rights[0] ?? null,
      rights: context.rights.slice(1),
    })),
    noteOccupied: assign({ occupied: true }),
    noteFree: assign({ occupied: false }),
  },
}).createMachine({
  id: 'passage',
  initial: 'closed',
  context: { rights: [], used: null, overflowed: 0, occupied: false },
  on: {
    FIRE_ON: '.emergency',
    OPEN: { guard: 'notUsed', actions: 'takeRight' },
    ZONE_OCCUPIED: { actions: 'noteOccupied' },
    ZONE_FREE: { actions: 'noteFree' },
    INTRUSION: { actions: 'raiseAlarm' },
  },
  states: {
    /** Rights end here, not with the time-out: who steps in at the last moment uses his own. */
    closed: {
      entry: 'dropRights',
      on: {
        OPEN: { guard: 'notUsed', target: 'opening', actions: 'takeRight' },
        INTRUSION: 'intrusion',
      },
    },
    opening: {
      entry: 'openLeaves',
      /** A barrier that never reports `opened` must not stand open for ever. */
      after: { passageTimeout: 'clearing' },
      on: {
        OPENED: 'open',
        ZONE_OCCUPIED: { target: 'passing', actions: 'noteOccupied' },
        PASSED: walkThrough,
        INTRUSION: 'intrusion',
      },
    },
    open: {
      after: { passageTimeout: 'clearing' },
      on: {
        ZONE_OCCUPIED: { target: 'passing', actions: 'noteOccupied' },
        OPEN: { guard: 'notUsed', target: 'open', reenter: true, actions: 'takeRight' },
        PASSED: walkThrough,
        INTRUSION: 'intrusion',
      },
    },
    /** Somebody is between the leaves. */
    passing: {
      on: {
        PASSED: walkThrough,
        /** Stepped back: the right is still there. */
        ZONE_FREE: { target: 'open', actions: 'noteFree' },
        INTRUSION: 'intrusion',
      },
    },
    /** The last one paid is through, or time is up; wait until the zone is free. */
    clearing: {
      always: { guard: 'zoneFree', target: 'closing' },
      on: {
        PASSED: walkLate,
        OPEN: { guard: 'notUsed', target: 'open', actions: ['takeRight', 'openLeaves'] },
      },
    },
    closing: {
      entry: 'closeLeaves',
      /** Leaves that were shut already have nothing to report. */
      after: { passageTimeout: 'closed' },
      on: {
        CLOSED: 'closed',
        ZONE_OCCUPIED: { target: 'obstructed', actions: 'noteOccupied' },
        PASSED: walkLate,
        OPEN: { guard: 'notUsed', target: 'opening', actions: 'renewRight' },
      },
    },
    /** Somebody stepped in while the leaves closed: open at once, wait, close again. */
    obstructed: {
      entry: 'openLeaves',
      on: {
        ZONE_FREE: { target: 'closing', actions: 'noteFree' },
        PASSED: walkLate,
        OPEN: { guard: 'notUsed', target: 'passing', actions: 'takeRight' },
      },
    },
    /** Somebody against the direction, or through a closed gate. Who pays meanwhile waits. */
    intrusion: {
      entry: 'raiseAlarm',
      /** A board may tell of an intruder whom its zone sensor never saw. */
      after: {
        passageTimeout: [{ guard: 'rightsLeft', target: 'opening' }, { target: 'clearing' }],
      },
      on: {
        ZONE_FREE: [
          { guard: 'rightsLeft', target: 'opening', actions: 'noteFree' },
          { target: 'clearing', actions: 'noteFree' },
        ],
        PASSED: { guard: 'rightsLeft', actions: ['useRight', 'recordPassage'] },
        INTRUSION: {},
      },
    },
    emergency: {
      entry: ['openLeaves', 'dropRights'],
      on: {
        FIRE_OFF: 'clearing',
        /** Nobody pays in an emergency, and everybody may go anywhere. */
        OPEN: {},
        PASSED: {},
        INTRUSION: {},
      },
    },
  },
});

function withRight({ rights, overflowed }: PassageFacts, ref: number): Partial<PassageFacts> {
  if (rights.includes(ref)) return {};
  if (rights.length === RIGHTS_MAX) return { overflowed: overflowed + 1 };
  return { rights: [...rights, ref] };
}
