/**
 * Runs taps: gives the tap machine its stages, measures them, and turns the state in which it
 * comes to rest into one result. One tap at a time; the actor lives as long as the lane.
 */

import { createActor } from 'xstate';
import { type Card, type Fault, failed } from '../../../firmware-bridge/ports.ts';
import type { Amounts } from '../feedback.ts';
import type { Granted, Refused, Troubled } from '../outcome.ts';
import { authorise } from './authorise.ts';
import { confirm } from './confirm.ts';
import { debit } from './debit.ts';
import { initialise } from './initialise.ts';
import { type Stage, type TapEvent, tapMachine } from './machine.ts';
import { planTap } from './plan.ts';
import { recover } from './recover.ts';
import { screen } from './screen.ts';
import { select } from './select.ts';
import type { Paid, StageEnd, StageWork, Tap, TapDeps } from './tap.ts';

export interface Span {
  readonly name: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

export interface TapResult {
  readonly id: number;
  readonly kind: 'granted' | 'refused' | 'failed' | 'uncertain';
  readonly message: Granted | Refused | Troubled;
  /** For the log, in the field's words. */
  readonly detail: string;
  readonly fault: Fault | null;
  readonly paid: Paid | null;
  /** What the sign may say of money: what was taken or asked, and what is left. */
  readonly amounts: Amounts | null;
  /** Application serial; null when none was read. */
  readonly serial: string | null;
  /** Times since the card was handed over. */
  readonly spans: readonly Span[];
}

export interface TapRunner {
  /**
   * Takes one card through the machine. Never rejects; never called while a tap runs.
   * @param config of the end at which the card is, where the lane has two
   */
  run(card: Card, config?: TapDeps['config']): Promise<TapResult>;
  readonly state: string;
  onState(listener: (state: string) => void): void;
}

const WORK: Readonly<Record<Stage, StageWork>> = {
  selecting: select,
  screening: screen,
  recovering: recover,
  planning: async (tap, deps) => planTap(tap, deps),
  initialising: initialise,
  authorising: authorise,
  debiting: debit,
  confirming: confirm,
};

/** What the time axis calls a stage. */
const SPAN_NAMES: Readonly<Record<Stage, string>> = {
  selecting: 'SELECT',
  screening: 'screen',
  recovering: '805A',
  planning: 'plan',
  initialising: '8050',
  authorising: 'authorise',
  debiting: '8054',
  confirming: 'confirm',
};

interface Run {
  readonly tap: Tap;
  readonly deps: TapDeps;
  readonly spans: Span[];
  end: StageEnd;
  finish(result: TapResult): void;
}

export function createTapRunner(base: Omit<TapDeps, 'span'>): TapRunner {
  const { clock } = base;
  let run: Run | null = null;
  let taps = 0;
  const machine = tapMachine.provide({
    actions: { runStage: (_, { stage }) => void runStage(stage) },
  });
  const actor = createActor(machine, { clock });
  const listeners: ((state: string) => void)[] = [];
  actor.subscribe((snapshot) => {
    for (const listener of listeners) listener(snapshot.value);
  });
  actor.start();

  return {
    run: (card, config = base.config) =>
      new Promise((finish) => {
        if (run) throw new Error('a tap was started while another runs');
        taps += 1;
        run = begin(card, config, finish);
        actor.send({ type: 'CARD' });
      }),
    get state() {
      return actor.getSnapshot().value;
    },
    onState: (listener) => listeners.push(listener),
  };

  function begin(card: Card, config: TapDeps['config'], finish: Run['finish']): Run {
    const started_ms = clock.now_ms();
    const spans: Span[] = [];
    const span: TapDeps['span'] = async (name, work) => {
      const from_ms = clock.now_ms() - started_ms;
      try {
        return await work;
      } finally {
        spans.push({ name, from_ms, to_ms: clock.now_ms() - started_ms });
      }
    };
    const end: StageEnd = { kind: 'next' };
    const tap: Tap = { id: taps, card, charges: [] };
    return { tap, deps: { ...base, config, span }, spans, end, finish };
  }

  async function runStage(stage: Stage): Promise<void> {
    if (!run) throw new Error('a stage was entered without a card');
    const { tap, deps } = run;
    run.end = await deps.span(SPAN_NAMES[stage], guarded(stage, WORK[stage](tap, deps)));
    actor.send(eventFor(stage, run.end));
    const kind = actor.getSnapshot().value;
    if (kind === 'granted' || kind === 'refused' || kind === 'failed' || kind === 'uncertain') {
      conclude(kind);
    }
  }

  function conclude(kind: TapResult['kind']): void {
    if (!run) return;
    const { finish, tap, end, spans } = run;
    run = null;
    actor.send({ type: 'RESET' });
    finish({
      id: tap.id,
      kind,
      ...tellOf(kind, end, tap.charged ?? false),
      serial: tap.purse?.serial ?? null,
      spans,
    });
  }
}

/** A broken assumption ends the tap as a fault; the gate closes the lane on it. */
async function guarded(stage: Stage, work: Promise<StageEnd>): Promise<StageEnd> {
  try {
    return await work;
  } catch (error) {
    const effect = AFTER_DEBIT.includes(stage) ? 'unknown' : 'none';
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: 'fault', fault: failed('assertion', effect, `${stage}: ${detail}`).fault };
  }
}

const AFTER_DEBIT: readonly Stage[] = ['recovering', 'debiting', 'confirming'];

/**
 * The one place that says what a fault means for money. Before 8054 nothing was debited, whatever
 * a lost answer may have done; in `debiting` the link may prove that nothing left; afterwards, and
 * while a torn tap is settled, everything is in doubt.
 */
function eventFor(stage: Stage, end: StageEnd): TapEvent {
  switch (end.kind) {
    case 'next':
      return { type: 'NEXT' };
    case 'torn':
      return { type: 'TORN' };
    case 'again':
      return { type: 'AGAIN' };
    case 'grant':
      return { type: 'GRANT' };
    case 'refuse':
      return { type: 'REFUSE' };
    case 'fault': {
      const sent = stage !== 'debiting' || end.fault.effect !== 'none';
      return { type: AFTER_DEBIT.includes(stage) && sent ? 'DOUBT' : 'FAIL' };
    }
  }
}

function tellOf(
  kind: TapResult['kind'],
  end: StageEnd,
  charged: boolean,
): Pick<TapResult, 'message' | 'detail' | 'fault' | 'paid' | 'amounts'> {
  const nothing = { fault: null, paid: null, amounts: null };
  switch (end.kind) {
    case 'grant':
      return {
        ...nothing,
        message: end.message,
        detail: 'paid',
        paid: end.paid,
        amounts: end.paid,
      };
    case 'refuse': {
      const { message, detail, amounts = null } = end;
      return { ...nothing, message, detail, amounts };
    }
    case 'fault': {
      const effect = kind === 'uncertain' ? 'unknown' : 'none';
      // After a supplement was taken, `try-again` would say that nothing was.
      const message = kind === 'uncertain' || charged ? 'retry-same-card' : 'try-again';
      return { ...nothing, message, detail: end.fault.detail, fault: { ...end.fault, effect } };
    }
    default:
      throw new Error(`a tap cannot end with ${end.kind}`);
  }
}
