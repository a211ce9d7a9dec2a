/**
 * Session machine: one person before the kiosk, from the welcome to the card taken back. It knows
 * nothing of the person: what was read lives in `visit.ts` and goes with `endVisit`. Whoever runs
 * it (`kiosk.ts`) provides the actions; each piece of work reports back with one event.
 */

import { assign, type StateValueFrom, setup } from 'xstate';
import type { Service, Slip } from './view.ts';

export type SessionEvent =
  /** A card lies there, alone and understood. */
  | { readonly type: 'CARD' }
  /** Several cards, or one that nobody here can talk to. */
  | { readonly type: 'ODD' }
  | { readonly type: 'CARD_GONE' }
  | { readonly type: 'READ' }
  | { readonly type: 'UNREADABLE' }
  | { readonly type: 'GUIDE' }
  | { readonly type: 'SERVICE'; readonly service: Service }
  /** The service asked for wants the PIN first. */
  | { readonly type: 'ASK_PIN' }
  | { readonly type: 'PIN_RIGHT' }
  /** Blocked, or the card does not answer: back to what it says without the PIN. */
  | { readonly type: 'PIN_ENDS' }
  | { readonly type: 'PAY' }
  | { readonly type: 'CONFIRM' }
  /** The payment is judged: paid, refused, or for staff to judge. */
  | { readonly type: 'JUDGED' }
  /** The debit is in doubt: the same card must come back. */
  | { readonly type: 'TORN' }
  /** A card came back after a torn debit. */
  | { readonly type: 'RETAP' }
  | { readonly type: 'PRINT'; readonly what: Slip }
  | { readonly type: 'PRINTED' }
  | { readonly type: 'NOT_PRINTED' }
  | { readonly type: 'BACK' }
  | { readonly type: 'FINISH' }
  /** Nobody has touched anything for too long. */
  | { readonly type: 'IDLE' }
  /** The kiosk goes out of service, or into the hands of staff. */
  | { readonly type: 'CLOSE' };

interface SessionFacts {
  /** A card lies in the slot or on the pad. */
  readonly card: boolean;
  /** It was read, and has not left since. */
  readonly known: boolean;
  readonly service: Service;
  readonly slip: Slip;
  /** Something may have been debited, and nobody knows it yet. */
  readonly torn: boolean;
}

/** Provided by the kiosk; the machine alone does nothing. */
const provided = () => {
  throw new Error('the actions of a session are provided by the kiosk');
};

/** The person is about to leave, and the card still lies there. */
const leavesCard = { target: 'takeCard', actions: 'endVisit' } as const;
/** The person has left, with the card. */
const gone = { target: 'welcome', actions: 'endVisit' } as const;
/** One or the other: with the card taken away the session is over. */
const leaves = [{ guard: 'cardLies', ...leavesCard }, gone] as const;
/** A card that left during its payment and came back is read anew. */
const backToCard = [
  { guard: 'cardKnown', target: 'card' },
  { guard: 'cardLies', target: 'reading' },
  gone,
] as const;

/** How long it waits, for whoever reads at an ordinary speed; the kiosk gives others longer. */
export const SESSION_MS = {
  /** A card that could not be read is gone: the advice stays so long. */
  adviceShown: 8_000,
  /** The result of a payment, or thanks, after the card was taken away. */
  resultShown: 12_000,
  /** A torn payment waits so long for its card. */
  tornWaits: 60_000,
  /** Between two reminders to take the card. */
  remindAgain: 10_000,
} as const;

export const sessionMachine = setup({
  types: { context: {} as SessionFacts, events: {} as SessionEvent },
  delays: SESSION_MS,
  guards: {
    cardLies: ({ context }) => context.card,
    cardAway: ({ context }) => !context.card,
    cardKnown: ({ context }) => context.known,
    isTorn: ({ context }) => context.torn,
    aside: ({ context }) => context.service !== 'information',
    isReceipt: ({ context }) => context.slip === 'receipt',
  },
  actions: {
    readCard: provided,
    askTries: provided,
    wipePin: provided,
    agree: provided,
    payItem: provided,
    giveUpTorn: provided,
    printSlip: provided,
    /** The card is gone: its report goes; paper and payment under way keep what they need. */
    dropReport: provided,
    /** Everything of the person goes; with the card, the settings are those of the next one. */
    endVisit: provided,
    remind: provided,
    noteCard: assign({ card: true, service: 'information', torn: false }),
    noteGone: assign({ card: false, known: false }),
    noteRead: assign({ known: true }),
    noteTorn: assign({ torn: true }),
    noteJudged: assign({ torn: false }),
    showService: assign(({ event }) =>
      event.type === 'SERVICE' ? { service: event.service } : {},
    ),
    showInsurance: assign({ service: 'insurance' }),
    showInformation: assign({ service: 'information' }),
    noteSlip: assign(({ event }) => (event.type === 'PRINT' ? { slip: event.what } : {})),
  },
}).createMachine({
  id: 'session',
  initial: 'welcome',
  context: { card: false, known: false, service: 'information', slip: 'information', torn: false },
  states: {
    welcome: {
      on: {
        CARD: { target: 'reading', actions: 'noteCard' },
        ODD: { target: 'unreadable', actions: 'noteCard' },
        GUIDE: 'guide',
        /** Whoever changed the language and went away has left, too. */
        IDLE: { actions: 'endVisit' },
        CLOSE: { actions: 'endVisit' },
      },
    },
    guide: {
      on: {
        GUIDE: 'guide',
        CARD: { target: 'reading', actions: 'noteCard' },
        ODD: { target: 'unreadable', actions: 'noteCard' },
        CARD_GONE: { actions: ['noteGone', 'dropReport'] },
        BACK: [{ guard: 'cardLies', target: 'card' }, { target: 'welcome' }],
        FINISH: leaves,
        IDLE: leaves,
        CLOSE: leaves,
      },
    },
    reading: {
      entry: 'readCard',
      on: {
        READ: { target: 'card', actions: 'noteRead' },
        UNREADABLE: 'unreadable',
        CARD_GONE: { target: 'unreadable', actions: ['noteGone', 'dropReport'] },
        FINISH: leavesCard,
        CLOSE: leavesCard,
      },
    },
    unreadable: {
      after: { adviceShown: { guard: 'cardAway', target: 'welcome', actions: 'endVisit' } },
      on: {
        CARD: { target: 'reading', actions: 'noteCard' },
        ODD: { target: 'unreadable', actions: 'noteCard', reenter: true },
        CARD_GONE: { target: 'unreadable', actions: ['noteGone', 'dropReport'], reenter: true },
        BACK: leaves,
        FINISH: leaves,
        IDLE: leaves,
        CLOSE: leaves,
      },
    },
    card: {
      on: {
        SERVICE: { actions: 'showService' },
        ASK_PIN: 'pin',
        GUIDE: 'guide',
        PAY: 'confirming',
        PRINT: { target: 'printing', actions: 'noteSlip' },
        CARD_GONE: { target: 'welcome', actions: ['noteGone', 'endVisit'] },
        BACK: [{ guard: 'aside', actions: 'showInformation' }, leavesCard],
        FINISH: leavesCard,
        IDLE: leavesCard,
        CLOSE: leavesCard,
      },
    },
    pin: {
      entry: 'askTries',
      exit: 'wipePin',
      on: {
        CONFIRM: { actions: 'agree' },
        PIN_RIGHT: { target: 'card', actions: 'showInsurance' },
        PIN_ENDS: 'card',
        CARD_GONE: { target: 'welcome', actions: ['noteGone', 'endVisit'] },
        BACK: 'card',
        FINISH: leavesCard,
        IDLE: leavesCard,
        CLOSE: leavesCard,
      },
    },
    confirming: {
      on: {
        CONFIRM: 'paying',
        CARD_GONE: { target: 'welcome', actions: ['noteGone', 'endVisit'] },
        BACK: 'card',
        FINISH: leavesCard,
        IDLE: leavesCard,
        CLOSE: leavesCard,
      },
    },
    /** Money may move: its verdict ends this, or patience with a card that stays away. */
    paying: {
      entry: 'payItem',
      after: { tornWaits: { guard: 'isTorn', target: 'paid', actions: 'giveUpTorn' } },
      on: {
        JUDGED: { target: 'paid', actions: 'noteJudged' },
        TORN: { actions: 'noteTorn' },
        CARD_GONE: { actions: ['noteGone', 'dropReport'] },
        RETAP: { target: 'paying', actions: 'noteCard', reenter: true },
        FINISH: { guard: 'isTorn', target: 'paid', actions: 'giveUpTorn' },
      },
    },
    paid: {
      after: { resultShown: { guard: 'cardAway', target: 'welcome', actions: 'endVisit' } },
      on: {
        PRINT: { target: 'printing', actions: 'noteSlip' },
        CARD: { target: 'reading', actions: ['endVisit', 'noteCard'] },
        CARD_GONE: { target: 'paid', actions: ['noteGone', 'dropReport'], reenter: true },
        BACK: backToCard,
        FINISH: leaves,
        IDLE: leaves,
      },
    },
    /** The slip is made already: it comes out whole, whether the card stays or not. */
    printing: {
      entry: 'printSlip',
      on: {
        PRINTED: 'printed',
        NOT_PRINTED: [
          { guard: 'isReceipt', target: 'paid' },
          { guard: 'cardLies', target: 'card' },
          { target: 'welcome', actions: 'endVisit' },
        ],
        CARD_GONE: { actions: ['noteGone', 'dropReport'] },
      },
    },
    printed: {
      after: { resultShown: { guard: 'cardAway', target: 'welcome', actions: 'endVisit' } },
      on: {
        PRINT: { target: 'printing', actions: 'noteSlip' },
        CARD: { target: 'reading', actions: ['endVisit', 'noteCard'] },
        CARD_GONE: { target: 'printed', actions: ['noteGone', 'dropReport'], reenter: true },
        BACK: backToCard,
        FINISH: leaves,
        IDLE: leaves,
        CLOSE: leaves,
      },
    },
    /** Nothing of the person is left but the card itself. */
    takeCard: {
      after: { remindAgain: { target: 'takeCard', actions: 'remind', reenter: true } },
      on: { CARD_GONE: { target: 'welcome', actions: ['noteGone', 'endVisit'] } },
    },
  },
});

export type SessionState = StateValueFrom<typeof sessionMachine>;
