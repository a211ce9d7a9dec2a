/**
 * Listens on the line of the gate board: what its answers told the driver, and which orders the
 * driver wrote. A reading of Modbus of its own, sharing no code with the driver.
 */

import type { Link } from '../../firmware-bridge/link/link.ts';
import { BOARD_MAP } from '../barrier/board.ts';
import { crc16 } from '../barrier/slave.ts';
import type { BoardEars, Doors } from './board.ts';
import type { VirtualClock } from './clock.ts';

export interface LineWatch {
  /** A new process, which has heard nothing and ordered nothing. */
  begin(): void;
  /** The controller is stopped in order: the leaves stay as `on_stop` says. */
  stop(): void;
  over(link: Link): Link;
}

const READ_INPUTS = 2;
const WRITE_COIL = 5;
const ON = 0xff00;
/** The driver waits no longer for an answer. */
const ANSWER_MS = 40;
const { open_in, open_out, close } = BOARD_MAP.coils;
/** All but the outermost beams keep the leaves from shutting. */
const SAFETY = BOARD_MAP.inputs.beams.slice(1, -1);

export function createLineWatch(unit: number, clock: VirtualClock, ears: BoardEars): LineWatch {
  let known: Doors = { occupied: false, fire: false };
  let ordered: 'open' | 'shut' | null = null;
  let stopping = false;
  let asked_ms = Number.NEGATIVE_INFINITY;

  return {
    begin() {
      known = { occupied: false, fire: false };
      ordered = null;
      stopping = false;
    },
    stop() {
      stopping = true;
    },
    over(link) {
      // Whoever connects anew has forgotten what he ordered before.
      ordered = null;
      return {
        ...link,
        write(bytes) {
          asked(bytes);
          return link.write(bytes);
        },
        listen: (listener) =>
          link.listen({
            ...listener,
            data(bytes) {
              answered(bytes);
              listener.data(bytes);
            },
          }),
      };
    },
  };

  function asked(request: Buffer): void {
    const code = request.readUInt8(1);
    asked_ms = code === READ_INPUTS ? clock.now_ms() : Number.NEGATIVE_INFINITY;
    if (code !== WRITE_COIL || request.readUInt16BE(4) !== ON) return;
    const coil = request.readUInt16BE(2);
    if (coil === close) order('shut');
    if (coil === open_in || coil === open_out) order('open');
  }

  /** What is only written again is no new order. */
  function order(what: 'open' | 'shut'): void {
    if (ordered === what) return;
    ordered = what;
    if (stopping && what === 'open') return;
    ears.ordered(what, known);
  }

  function answered(bytes: Buffer): void {
    if (clock.now_ms() - asked_ms > ANSWER_MS) return;
    const inputs = inputsIn(bytes);
    if (!inputs) return;
    asked_ms = Number.NEGATIVE_INFINITY;
    const bit = (address: number) => ((inputs[address >> 3] ?? 0) & (1 << (address & 7))) !== 0;
    // The loop of the alarm is closed while nothing burns.
    known = { occupied: SAFETY.some(bit), fire: !bit(BOARD_MAP.inputs.fire) };
  }

  /** The packed bits of a sound answer, behind whatever noise. */
  function inputsIn(bytes: Buffer): Buffer | null {
    for (let at = 0; at + 5 < bytes.length; at += 1) {
      if (bytes[at] !== unit || bytes[at + 1] !== READ_INPUTS) continue;
      const end = at + 3 + (bytes[at + 2] ?? 0);
      if (end + 2 > bytes.length) continue;
      if (crc16(bytes.subarray(at, end)) === bytes.readUInt16LE(end)) {
        return bytes.subarray(at + 3, end);
      }
    }
    return null;
  }
}
