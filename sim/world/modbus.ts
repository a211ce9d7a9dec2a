/**
 * A gate behind its real Modbus driver: a memory link to the virtual board, in virtual time. What
 * the controller could know is what the answers told that reached it in time; what it ordered is
 * what it wrote to the coils, whether or not the board heard it. The board obeys nobody else, but
 * opens by itself when its controller is silent (watchdog) and without power: no order, no breach.
 */

import { barrierSchema } from '../../config/barrier.ts';
import { RIGHTS_MAX } from '../../controller/gate/passage.ts';
import { createModbusBarrier } from '../../firmware-bridge/barrier/modbus.ts';
import { createMemoryLinkPair, type MemoryLink } from '../../firmware-bridge/link/memory.ts';
import { type Barrier, failed, ok, type Timer } from '../../firmware-bridge/ports.ts';
import { BOARD_MAP, createVirtualBoard } from '../barrier/board.ts';
import { attachBoard } from '../barrier/on-link.ts';
import type { Passenger } from '../barrier/people.ts';
import type { Board, BoardEars } from './board.ts';
import type { VirtualClock } from './clock.ts';
import { createLineWatch } from './modbus-watch.ts';
import { type Border, lineOf } from './ports.ts';

export interface ModbusOptions {
  readonly clock: VirtualClock;
  readonly walk: () => boolean;
  /** Somebody sets out: does another one follow at his heels? */
  readonly follows: () => boolean;
  /** What whoever comes next takes through the zone. */
  readonly crosses_ms: () => number;
  readonly ears: BoardEars;
}

const UNIT = 1;
const APPROACH_MS = 60;
/** As quick as the beams can follow at the pace of the polls. */
const SPEED_MPS = 2.4;
const HESITATES_FROM_MS = 300;
/** So close behind that both are in the passage, so far that the beams can part them. */
const FOLLOWS_MS = 420;
/** Longer than the watchdog, and a chunk that is late: by then a silent controller is noticed. */
const NOTICED_MS = 4_000;
const LOOK_MS = 500;

const { open_in, open_out, close, near_green } = BOARD_MAP.coils;
const MODBUS_CONFIG = barrierSchema.parse({
  kind: 'modbus',
  unit: UNIT,
  inputs: { ...BOARD_MAP.inputs, beams: [...BOARD_MAP.inputs.beams] },
  outputs: { open_in, open_out, close, near_green },
  watchdog: { register: BOARD_MAP.watchdog },
});
const LINE = { out: 'to-board', back: 'from-board' } as const;

export function createModbusBoard(options: ModbusOptions): Board {
  const { clock, walk, follows, crosses_ms, ears } = options;
  const board = createVirtualBoard({ clock, unit: UNIT, travel_ms: 40, step_ms: 20 });
  const state = { plugged: true, mute: false, burning: false };
  const watch = createLineWatch(UNIT, clock, ears);
  let line: MemoryLink | null = null;
  let coming: Timer = null;
  /** Who wants to walk: at least one for each opening. */
  let invited = 0;
  /** From then on somebody may come in behind whoever came last. */
  let behind_ms = 0;
  let direction: 'in' | 'out' = 'in';
  board.onOpen((towards) => {
    direction = towards;
    ears.event('opened');
    invited = Math.max(1, invited);
    approach();
  });
  return {
    get position() {
      return board.people > 0 && board.leaves === 'closed' ? 'closing' : board.leaves;
    },
    get walked() {
      const { passed_in = 0, passed_out = 0 } = board.counters();
      return passed_in + passed_out + board.people;
    },
    invite() {
      invited = Math.min(invited + 1, RIGHTS_MAX);
      approach();
    },
    intrude() {
      if (board.people === 0) come({ from: direction === 'in' ? 'far' : 'near', forces: true });
    },
    lose() {
      state.mute = true;
    },
    find() {
      state.mute = false;
      state.plugged = true;
    },
    setFire(on) {
      if (on === state.burning) return;
      state.burning = on;
      ears.event(on ? 'fire-on' : 'fire-off');
      board.fire(on);
      if (on) clock.setTimeout(expectOpen, NOTICED_MS);
    },
    key: (on) => board.key(on),
    unplug() {
      state.plugged = false;
      line?.unplug();
    },
    power: (on) => board.power(on),
    portOf,
  };

  /** One passenger for each opening, and for each who pays while the leaves stand open. */
  function approach(): void {
    if (coming !== null) return;
    coming = clock.setTimeout(() => {
      coming = null;
      // Who could not walk before the leaves closed has gone.
      if (board.leaves === 'closing') invited = 0;
      if (invited > 0 && board.leaves === 'open') stepIn();
    }, APPROACH_MS);
  }

  function stepIn(): void {
    const hasRoom = board.people === 0 || clock.now_ms() >= behind_ms;
    if (hasRoom && walk()) {
      invited -= 1;
      come({ from: direction === 'in' ? 'near' : 'far' });
      if (follows()) invited += 1;
    }
    if (invited > 0) approach();
  }

  function come(passenger: Passenger): void {
    const for_ms = crosses_ms();
    const stops = for_ms >= HESITATES_FROM_MS;
    const hesitates = stops && { hesitates: { at_m: 0.7, for_ms } };
    board.walk({ speed_mps: SPEED_MPS, ...passenger, ...hesitates });
    // Nobody overtakes whoever stands still.
    behind_ms = stops ? Number.POSITIVE_INFINITY : clock.now_ms() + FOLLOWS_MS;
    if (board.people === 1) lookAgain();
  }

  /** Whoever is held must be free before the driver, or else the watchdog, has had its time. */
  function lookAgain(held_ms = 0): void {
    if (held_ms >= NOTICED_MS) ears.broken(`somebody is held by the leaves for ${held_ms} ms`);
    if (board.people === 0) return;
    clock.setTimeout(() => lookAgain(board.holds ? held_ms + LOOK_MS : 0), LOOK_MS);
  }

  function expectOpen(): void {
    if (!state.burning || board.leaves === 'open') return;
    ears.broken(`the leaves are ${board.leaves} after ${NOTICED_MS} ms of fire`);
  }

  function portOf(border: Border): Barrier {
    const { owner } = border;
    watch.begin();
    const openLink = async () => {
      if (!state.plugged) return failed('link-absent', 'none', 'no board is plugged in');
      const { near, far } = createMemoryLinkPair('board');
      attachBoard({ ...board, receive: (bytes) => void (state.mute || board.receive(bytes)) }, far);
      line = near;
      return ok(watch.over(lineOf(border, near, LINE)));
    };
    const of = border.clock.of(owner);
    const barrier = createModbusBarrier({ openLink, clock: of, config: MODBUS_CONFIG });
    barrier.onEvent((event) => {
      if (owner.alive && event !== 'opened') ears.event(event);
    });
    return {
      ...barrier,
      close() {
        watch.stop();
        return barrier.close();
      },
    };
  }
}
