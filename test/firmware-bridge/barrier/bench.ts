/** The driver and the virtual board on a memory link, in virtual time. */

import { barrierSchema } from '../../../config/barrier.ts';
import { loadLibrary } from '../../../firmware-bridge/barrier/board.ts';
import { createModbusBarrier } from '../../../firmware-bridge/barrier/modbus.ts';
import { createMemoryLinkPair, type MemoryLink } from '../../../firmware-bridge/link/memory.ts';
import { type Barrier, failed, ok } from '../../../firmware-bridge/ports.ts';
import { BOARD_MAP, createVirtualBoard, type VirtualBoard } from '../../../sim/barrier/board.ts';
import { attachBoard } from '../../../sim/barrier/on-link.ts';
import { createFakeClock, type FakeClock } from '../../kit/fake-clock.ts';

// A fake clock does not wait for what the driver loads when it first connects.
await loadLibrary();

/** A `barrier` section for the virtual board, with changes. */
export function barrierConfig(differs: Readonly<Record<string, unknown>> = {}) {
  return barrierSchema.parse({
    kind: 'modbus',
    inputs: { ...BOARD_MAP.inputs, beams: [...BOARD_MAP.inputs.beams] },
    outputs: BOARD_MAP.coils,
    watchdog: { register: BOARD_MAP.watchdog },
    ...differs,
  });
}

export interface BenchOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly answer_ms?: number;
  readonly unit?: number;
}

export interface BarrierBench {
  readonly clock: FakeClock;
  readonly board: VirtualBoard;
  readonly barrier: Barrier;
  /** `<ms> <event>`, as they come. */
  readonly events: string[];
  /** What the line does to each answer. */
  spoil: (answer: Buffer) => Buffer | null;
  /** The device is there to be opened. */
  plugged: boolean;
  readonly links: number;
  unplug(): void;
  /** Bytes on the line that the board did not send just now. */
  inject(bytes: Buffer): void;
}

export function barrierBench(options: BenchOptions = {}): BarrierBench {
  const { answer_ms = 5, config = {}, unit = 1 } = options;
  const clock = createFakeClock();
  const board = createVirtualBoard({
    ...{ clock, answer_ms, unit },
    spoil: (answer) => bench.spoil(answer),
  });
  let links = 0;
  let near: MemoryLink | null = null;
  let far: MemoryLink | null = null;
  const openLink = async () => {
    if (!bench.plugged) return failed('link-absent', 'none', 'no such device');
    links += 1;
    const pair = createMemoryLinkPair('board');
    near = pair.near;
    far = pair.far;
    attachBoard(board, pair.far);
    return ok(pair.near);
  };
  const barrier = createModbusBarrier({ openLink, clock, config: barrierConfig(config) });
  const events: string[] = [];
  barrier.onEvent((event) => events.push(`${Math.round(clock.now_ms())} ${event}`));
  const bench: BarrierBench = {
    ...{ clock, board, barrier, events },
    spoil: (answer) => answer,
    plugged: true,
    get links() {
      return links;
    },
    unplug() {
      bench.plugged = false;
      near?.unplug();
    },
    inject(bytes) {
      far?.write(bytes);
    },
  };
  return bench;
}
