/** Looking for type A cards and activating them (ISO/IEC 14443-3 §6, 14443-4 §5). */

import type { Target } from '../card/target.ts';
import { type Air, abandonSessions, openSession, type Session } from './air.ts';
import type { Run } from './run.ts';

export interface Search {
  readonly wanted: (target: Target) => boolean;
  readonly max: number;
  /** Rounds of `slot_ms` before giving up; may be Infinity. */
  readonly rounds: number;
  readonly slot_ms: number;
  /** Send RATS to ISO 14443-4 cards. */
  readonly rats: boolean;
  readonly done: (found: readonly Session[]) => void;
}

/** Switches the field on if need be and forgets earlier sessions. */
export function search(air: Air, run: Run, wish: Search): void {
  abandonSessions(air);
  const start_ms = air.on ? 0 : air.timing.fieldStart_ms();
  air.on = true;
  run.after(start_ms, () => {
    const now_ms = air.clock.now_ms();
    const endless = wish.rounds === Number.POSITIVE_INFINITY;
    const length_ms = endless ? wish.rounds : wish.rounds * wish.slot_ms;
    look(air, run, { ...wish, from_ms: now_ms, until_ms: now_ms + length_ms });
  });
}

interface Look extends Search {
  readonly from_ms: number;
  readonly until_ms: number;
}

/** Waits without a timer per round: an arrival is noticed at the next round. */
function look(air: Air, run: Run, wish: Look): void {
  if (audible(air, wish).length > 0) {
    activate(air, run, wish);
    return;
  }
  const left_ms = wish.until_ms - air.clock.now_ms();
  if (left_ms <= 0) {
    wish.done([]);
    return;
  }
  const unsubscribe = air.field.onChange(() => {
    if (audible(air, wish).length === 0) return;
    unsubscribe();
    callOff();
    const into_ms = (air.clock.now_ms() - wish.from_ms) % wish.slot_ms;
    run.after(wish.slot_ms > 0 ? wish.slot_ms - into_ms : 0, () => look(air, run, wish));
  });
  run.atEnd(unsubscribe);
  const callOff = run.after(left_ms, () => {
    unsubscribe();
    wish.done([]);
  });
}

/** With fewer cards than wanted the chip listens once more before it reports. */
function activate(air: Air, run: Run, wish: Look): void {
  const { field, timing } = air;
  const chosen = audible(air, wish).slice(0, wish.max);
  const usesBlocks = ({ sak }: Target) => wish.rats && (sak & 0x20) !== 0;
  let took_ms = chosen.length < wish.max ? timing.emptyRound_ms() : 0;
  for (const target of chosen) {
    const atsBytes = usesBlocks(target) ? target.ats.length : 0;
    took_ms += timing.activation_ms(target.uid.length, atsBytes);
  }
  run.after(took_ms, () => {
    const still = chosen.filter((target) => field.targets().includes(target));
    if (still.length === 0) look(air, run, wish);
    else wish.done(still.map((target) => openSession(air, target, usesBlocks(target))));
  });
}

function audible(air: Air, wish: Look): readonly Target[] {
  if (air.hung) return [];
  return air.field.targets().filter((target) => !air.deaf.has(target) && wish.wanted(target));
}
