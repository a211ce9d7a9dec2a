/**
 * A contact slot as the controller's card reader port, with a hand that puts cards in and pulls
 * them out. For the real driver there are pcscd and `tapway-sim card`; this one needs neither.
 */

import {
  type Card,
  type CardReader,
  type Clock,
  failed,
  ok,
  type Presence,
  type Reply,
} from '../../firmware-bridge/ports.ts';
import type { ContactFace } from '../card/ssc/combined.ts';

export interface VirtualSlot {
  readonly reader: CardReader;
  insert(face: ContactFace): void;
  pull(): void;
  /** False: the reader is unplugged. */
  plug(on: boolean): void;
  readonly plugged: boolean;
}

interface SlotState {
  readonly clock: Clock | null;
  face: ContactFace | null;
  plugged: boolean;
  /** Counts cards and looks: an older session is over. */
  session: number;
  apdus: number;
}

const UNPLUGGED = failed('link-lost', 'none', 'the virtual slot is unplugged');

/** @param clock cards take the time of real ones; null: none at all */
export function createVirtualSlot(clock: Clock | null): VirtualSlot {
  const state: SlotState = { clock, face: null, plugged: true, session: 0, apdus: 0 };
  const alive = (): Reply<string> => (state.plugged ? ok('virtual slot') : UNPLUGGED);
  return {
    reader: {
      name: 'virtual slot',
      detect: async () => detect(state),
      probe: async () => alive(),
      recover: async () => alive(),
      counters: () => ({ apdus: state.apdus }),
      close: async () => {},
    },
    insert(face) {
      state.session += 1;
      state.face = face;
      face.powerDown();
    },
    pull() {
      state.session += 1;
      state.face?.powerDown();
      state.face = null;
    },
    plug(on) {
      state.plugged = on;
      state.face?.powerDown();
      if (!on) state.session += 1;
    },
    get plugged() {
      return state.plugged;
    },
  };
}

function detect(state: SlotState): Reply<Presence> {
  if (!state.plugged) return UNPLUGGED;
  const { face } = state;
  if (!face) return ok({ kind: 'none' });
  // No answer to reset: upside down, or no chip at all.
  if (face.atr.length === 0) return ok({ kind: 'unsupported', sak: 0 });
  state.session += 1;
  face.powerDown();
  return ok({ kind: 'card', card: cardIn(state, face) });
}

function cardIn(state: SlotState, face: ContactFace): Card {
  const mine = state.session;
  const here = () => state.plugged && state.session === mine;
  return {
    uid: Buffer.alloc(0),
    ats: face.atr,
    async transceive(command) {
      if (!here()) return failed('card-gone', 'none', 'the session with this card has ended');
      state.apdus += 1;
      const { answer, work_ms } = face.exchange(command);
      await pause(state.clock, work_ms);
      if (!here()) return failed('card-gone', 'unknown', 'the card was pulled');
      return answer.length === 0 ? failed('card-mute', 'unknown', 'no answer') : ok(answer);
    },
    async present() {
      return state.plugged ? ok(here()) : UNPLUGGED;
    },
    async release() {},
  };
}

function pause(clock: Clock | null, time_ms: number): Promise<void> {
  if (!clock) return Promise.resolve();
  return new Promise((resolve) => {
    clock.setTimeout(resolve, time_ms);
  });
}
