/**
 * The tap machine: which stage follows which. What a stage does stands in the file of its name;
 * a stage runs once, when its state is entered, and reports back with one event. The runner
 * (runner.ts) provides `runStage`. No timers: every port that a stage waits for has a deadline.
 */

import { setup } from 'xstate';

export const STAGES = [
  'selecting',
  'screening',
  'recovering',
  'planning',
  'initialising',
  'authorising',
  'debiting',
  'confirming',
] as const;
export type Stage = (typeof STAGES)[number];

export type TapEvent =
  /** A card came into the field. */
  | { readonly type: 'CARD' }
  /** The stage is done; the next one follows. */
  | { readonly type: 'NEXT' }
  /** The card has an open story in the ledger: settle it first. */
  | { readonly type: 'TORN' }
  /** One more charge on the same card (a supplement comes before the entry). */
  | { readonly type: 'AGAIN' }
  /** Paid: the gate may open. */
  | { readonly type: 'GRANT' }
  /** The card's or a rule's verdict. */
  | { readonly type: 'REFUSE' }
  /** A fault, and nothing was debited. */
  | { readonly type: 'FAIL' }
  /** A fault after a debit may have reached the card. */
  | { readonly type: 'DOUBT' }
  /** The result was told; the machine is free. */
  | { readonly type: 'RESET' };

export const tapMachine = setup({
  types: { events: {} as TapEvent },
  actions: {
    runStage: (_, _params: { stage: Stage }) => {
      throw new Error('runStage is provided by the runner');
    },
  },
}).createMachine({
  id: 'tap',
  initial: 'idle',
  states: {
    idle: { on: { CARD: 'selecting' } },
    selecting: {
      entry: { type: 'runStage', params: { stage: 'selecting' } },
      on: { NEXT: 'screening', REFUSE: 'refused', FAIL: 'failed' },
    },
    screening: {
      entry: { type: 'runStage', params: { stage: 'screening' } },
      on: { NEXT: 'planning', TORN: 'recovering', REFUSE: 'refused', FAIL: 'failed' },
    },
    recovering: {
      entry: { type: 'runStage', params: { stage: 'recovering' } },
      on: { NEXT: 'planning', GRANT: 'granted', REFUSE: 'refused', DOUBT: 'uncertain' },
    },
    planning: {
      entry: { type: 'runStage', params: { stage: 'planning' } },
      on: { NEXT: 'initialising', GRANT: 'granted', REFUSE: 'refused', FAIL: 'failed' },
    },
    initialising: {
      entry: { type: 'runStage', params: { stage: 'initialising' } },
      on: { NEXT: 'authorising', REFUSE: 'refused', FAIL: 'failed' },
    },
    authorising: {
      entry: { type: 'runStage', params: { stage: 'authorising' } },
      on: { NEXT: 'debiting', REFUSE: 'refused', FAIL: 'failed' },
    },
    debiting: {
      entry: { type: 'runStage', params: { stage: 'debiting' } },
      on: { NEXT: 'confirming', REFUSE: 'refused', FAIL: 'failed', DOUBT: 'uncertain' },
    },
    confirming: {
      entry: { type: 'runStage', params: { stage: 'confirming' } },
      on: { GRANT: 'granted', AGAIN: 'initialising', REFUSE: 'refused', DOUBT: 'uncertain' },
    },
    granted: { on: { RESET: 'idle' } },
    refused: { on: { RESET: 'idle' } },
    /** Nothing was debited; any card may tap. */
    failed: { on: { RESET: 'idle' } },
    /** 灰交易: the same card settles it, or it stays grey in the ledger. */
    uncertain: { on: { RESET: 'idle' } },
  },
});
