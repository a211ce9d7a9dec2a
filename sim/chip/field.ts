/** The RF field in front of one antenna: which cards are in it, and when they tear away. */

import type { Target } from '../card/target.ts';

/**
 * - `before`: the card never gets the command;
 * - `after`: it executes the command, its reply is lost;
 * - `cut`: it executes the command, the reply arrives damaged.
 */
export type TearMoment = 'before' | 'after' | 'cut';

export interface TearPlan {
  /** Counts only commands with this INS byte; every command if absent. */
  readonly ins?: number;
  /** 1 (default) is the next such command. */
  readonly nth?: number;
  readonly moment: TearMoment;
  /** A glitch: the card loses this frame but stays. Otherwise it leaves the field for good. */
  readonly stays?: boolean;
  /** What the chip makes of a cut reply: 0x02 CRC (default), 0x05 framing, 0x13 format … */
  readonly status?: number;
}

export interface Tear {
  /** Has it happened? An enumerator stops counting `nth` up once this stays false. */
  readonly fired: boolean;
}

/** What the antenna heard after one command. */
export type Heard =
  | { readonly kind: 'answer'; readonly answer: Buffer; readonly work_ms: number }
  | {
      readonly kind: 'lost';
      /** PN532 error code. */
      readonly status: number;
      readonly work_ms: number;
      /** The answer that a card which stayed would send again; null if it has none. */
      readonly again: Buffer | null;
      readonly stays: boolean;
    };

export interface Field {
  enter(target: Target): void;
  /** The card loses its volatile state (`powerDown`). */
  leave(target: Target): void;
  /** In order of arrival. */
  targets(): readonly Target[];
  /** Plans stand side by side until they fire; more than 16 are an error. */
  tearNext(plan: TearPlan): Tear;
  clearTears(): void;
  /** One command to one card that is in the field: for the chip. */
  exchange(target: Target, apdu: Buffer): Heard;
  /** Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void;
  readonly counters: { readonly exchanges: number; readonly tears: number };
}

interface PendingTear {
  plan: TearPlan;
  left: number;
  fired: boolean;
}

const MAX_TEARS = 16;
const TIME_OUT = 0x01;
const CRC_ERROR = 0x02;

export function createField(): Field {
  let present: readonly Target[] = [];
  const listeners = new Set<() => void>();
  const tears = createTears();
  const counters = { exchanges: 0, tears: 0 };
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };

  const leave = (target: Target) => {
    if (!present.includes(target)) return;
    present = present.filter((other) => other !== target);
    target.powerDown();
    changed();
  };

  return {
    counters,
    enter(target) {
      if (present.includes(target)) return;
      present = [...present, target];
      changed();
    },
    leave,
    targets: () => present,
    tearNext: tears.add,
    clearTears: tears.clear,
    exchange(target, apdu) {
      counters.exchanges += 1;
      const plan = tears.due(apdu.at(1));
      if (plan !== undefined) counters.tears += 1;
      const done = plan?.moment === 'before' ? null : target.exchange(apdu);
      if (plan === undefined && done !== null) return { kind: 'answer', ...done };
      const stays = plan?.stays === true;
      if (!stays) leave(target);
      const status = plan?.moment === 'cut' ? (plan.status ?? CRC_ERROR) : TIME_OUT;
      const again = done?.answer ?? null;
      return { kind: 'lost', status, work_ms: done?.work_ms ?? 0, again, stays };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

function createTears() {
  let pending: PendingTear[] = [];
  return {
    add(plan: TearPlan): Tear {
      if (pending.length >= MAX_TEARS) throw new Error(`more than ${MAX_TEARS} tears are planned`);
      const tear = { plan, left: plan.nth ?? 1, fired: false };
      pending.push(tear);
      return tear;
    },
    clear() {
      pending = [];
    },
    /** Every plan counts every command; of those that are due, the first wins. */
    due(ins: number | undefined): TearPlan | undefined {
      for (const tear of pending) {
        if (tear.plan.ins === undefined || tear.plan.ins === ins) tear.left -= 1;
      }
      const tear = pending.find(({ left }) => left <= 0);
      if (tear === undefined) return undefined;
      tear.fired = true;
      pending = pending.filter((other) => other !== tear);
      return tear.plan;
    },
  };
}
