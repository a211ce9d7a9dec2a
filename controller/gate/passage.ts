/**
 * Passage machine: the leaves and whoever walks between them. They are never told to close while
 * the safety zone is occupied, and fire wins in every state. One paid tap is one right to pass;
 * rights queue up when a second passenger pays before the first is through. A right that ends
 * unused is not lost: its ledger story stays unpassed, so the card opens again (`pass-again`).
 * Whoever comes from the other end of a lane for both directions waits until it is shut.
 */

import { assign, setup } from 'xstate';
import type { Direction } from '../../firmware-bridge/ports.ts';

export type PassageEvent =
  /** A right to pass; `ref` names the ledger story it was paid by. */
  | { readonly type: 'OPEN'; readonly ref: number; readonly direction: Direction }
  | { readonly type: 'OPENED' }
  | { readonly type: 'CLOSED' }
  | { readonly type: 'ZONE_OCCUPIED' }
  | { readonly type: 'ZONE_FREE' }
  | { readonly type: 'PASSED' }
  | { readonly type: 'PASSED_AGAINST' }
  | { readonly type: 'TURNED_BACK' }
  | { readonly type: 'INTRUSION' }
  | { readonly type: 'LOST' }
  | { readonly type: 'FOUND' }
  | { readonly type: 'FIRE_ON' }
  | { readonly type: 'FIRE_OFF' }
  /** Everybody passes unpaid, by policy; the leaves stand open until it ends. */
  | { readonly type: 'FREE_ON' }
  | { readonly type: 'FREE_OFF' };

/** What staff and the log should know of; the first four are attempts to pass without a right. */
export type Incident =
  /** Somebody came against the open direction, or into the shut gate. */
  | 'intrusion'
  /** Somebody went through behind a passenger who had paid. */
  | 'tailgating'
  /** Somebody went through against the open direction. */
  | 'reverse-entry'
  /** Somebody went through the shut gate. */
  | 'forced'
  /** Stepped in and back out again (U-turn): the right stays. */
  | 'turned-back'
  /** Time was up and a right was not used: its card opens again. */
  | 'unused-right'
  /** Paid at the far end while the lane served the other direction: the card opens again. */
  | 'far-side-refused'
  /** The safety zone stays occupied: a bag, a dirty beam, somebody who waits. */
  | 'obstruction'
  | 'never-opened'
  | 'never-closed'
  | 'barrier-lost';

interface PassageFacts {
  /** Rights not yet used, oldest first; never the same story twice. */
  readonly rights: readonly number[];
  /** The last right that was used, for the ledger. */
  readonly used: number | null;
  /** Rights that found the queue full. */
  readonly overflowed: number;
  readonly occupied: boolean;
  /** Which way the last right goes; null before the first. */
  readonly direction: Direction | null;
}

/** Passengers who may have paid and not yet passed; a further one taps again (`pass-again`). */
export const RIGHTS_MAX = 3;

const tell = (incident: Incident) => ({ type: 'tell', params: { incident } }) as const;

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
  { target: 'clearing', actions: tell('tailgating') },
] as const;

/** A right that is refused where it would open against somebody. */
const farSide = { guard: 'farSide', actions: tell('far-side-refused') } as const;

/** The leaves are shut, or should be: what was not used ends here. */
const shut = [
  { guard: 'rightsLeft', target: 'closed', actions: tell('unused-right') },
  { target: 'closed' },
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
    farSide: ({ context, event }) =>
      event.type === 'OPEN' && context.direction !== null && event.direction !== context.direction,
  },
  actions: {
    openLeaves: () => {},
    closeLeaves: () => {},
    recordPassage: () => {},
    countUnpaid: () => {},
    tell: (_, _params: { readonly incident: Incident }) => {},
    takeRight: assign(({ context, event }) =>
      event.type === 'OPEN' ? withRight(context, event) : {},
    ),
    /** The zone is free and time was up: whoever paid before this one has gone. */
    renewRight: assign(({ event }) =>
      event.type === 'OPEN' ? { rights: [event.ref], direction: event.direction } : {},
    ),
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
  context: { rights: [], used: null, overflowed: 0, occupied: false, direction: null },
  on: {
    FIRE_ON: '.emergency',
    LOST: '.blind',
    FREE_ON: '.free',
    OPEN: [farSide, { guard: 'notUsed', actions: 'takeRight' }],
    ZONE_OCCUPIED: { actions: 'noteOccupied' },
    ZONE_FREE: { actions: 'noteFree' },
    INTRUSION: { actions: tell('intrusion') },
    PASSED_AGAINST: { actions: tell('reverse-entry') },
    TURNED_BACK: { actions: tell('turned-back') },
  },
  states: {
    /** Rights end here, not with the time-out: who steps in at the last moment uses his own. */
    closed: {
      entry: 'dropRights',
      on: {
        OPEN: { guard: 'notUsed', target: 'opening', actions: 'renewRight' },
        INTRUSION: 'intrusion',
        PASSED: { actions: tell('forced') },
        /** Nothing is known of leaves that nobody has ordered yet. */
        FOUND: 'clearing',
      },
    },
    opening: {
      entry: 'openLeaves',
      /** A barrier that never reports `opened` must not stand open for ever. */
      after: { passageTimeout: { target: 'clearing', actions: tell('never-opened') } },
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
        OPEN: [farSide, { guard: 'notUsed', target: 'open', reenter: true, actions: 'takeRight' }],
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
      after: { passageTimeout: { actions: tell('obstruction') } },
      on: {
        PASSED: walkLate,
        OPEN: [farSide, { guard: 'notUsed', target: 'open', actions: ['takeRight', 'openLeaves'] }],
      },
    },
    closing: {
      entry: 'closeLeaves',
      /** A board that does not tell; the machine must go on. */
      after: {
        passageTimeout: [
          {
            guard: 'rightsLeft',
            target: 'closed',
            actions: [tell('never-closed'), tell('unused-right')],
          },
          { target: 'closed', actions: tell('never-closed') },
        ],
      },
      on: {
        CLOSED: shut,
        ZONE_OCCUPIED: { target: 'obstructed', actions: 'noteOccupied' },
        PASSED: walkLate,
        OPEN: { guard: 'notUsed', target: 'opening', actions: 'renewRight' },
      },
    },
    /** Somebody stepped in while the leaves closed: open at once, wait, close again. */
    obstructed: {
      entry: 'openLeaves',
      after: { passageTimeout: { actions: tell('obstruction') } },
      on: {
        ZONE_FREE: { target: 'closing', actions: 'noteFree' },
        PASSED: walkLate,
        OPEN: [farSide, { guard: 'notUsed', target: 'passing', actions: 'takeRight' }],
      },
    },
    /** Somebody against the direction, or through a closed gate. Who pays meanwhile waits. */
    intrusion: {
      entry: tell('intrusion'),
      /** A board may tell of an intruder whom its zone sensor never saw. */
      after: {
        passageTimeout: [{ guard: 'rightsLeft', target: 'opening' }, { target: 'clearing' }],
      },
      on: {
        ZONE_FREE: [
          { guard: 'rightsLeft', target: 'opening', actions: 'noteFree' },
          { target: 'clearing', actions: 'noteFree' },
        ],
        PASSED: [
          { guard: 'rightsLeft', actions: ['useRight', 'recordPassage'] },
          { actions: tell('forced') },
        ],
        INTRUSION: {},
      },
    },
    /** The board is lost: it opens by itself, and hears nothing until it is found. */
    blind: {
      entry: [tell('barrier-lost'), 'dropRights'],
      on: {
        FOUND: 'clearing',
        OPEN: {},
        LOST: {},
        FREE_ON: {},
      },
    },
    /** Open to everybody. Who paid before uses his right; the others are counted. */
    free: {
      entry: 'openLeaves',
      on: {
        FREE_ON: {},
        FREE_OFF: 'clearing',
        /** Some boards shut behind each passenger. */
        CLOSED: { actions: 'openLeaves' },
        PASSED: [
          { guard: 'rightsLeft', actions: ['useRight', 'recordPassage'] },
          { actions: 'countUnpaid' },
        ],
        PASSED_AGAINST: { actions: 'countUnpaid' },
        TURNED_BACK: {},
        INTRUSION: {},
      },
    },
    emergency: {
      entry: ['openLeaves', 'dropRights'],
      on: {
        FIRE_OFF: 'clearing',
        /** A board that was away may have forgotten the order. */
        FOUND: { actions: 'openLeaves' },
        LOST: { actions: tell('barrier-lost') },
        FREE_ON: {},
        /** Nobody pays in an emergency, and everybody may go anywhere. */
        OPEN: {},
        PASSED: {},
        PASSED_AGAINST: {},
        TURNED_BACK: {},
        INTRUSION: {},
      },
    },
  },
});

function withRight(
  { rights, overflowed }: PassageFacts,
  { ref, direction }: { readonly ref: number; readonly direction: Direction },
): Partial<PassageFacts> {
  if (rights.includes(ref)) return {};
  if (rights.length === RIGHTS_MAX) return { overflowed: overflowed + 1 };
  return { rights: [...rights, ref], direction };
}
