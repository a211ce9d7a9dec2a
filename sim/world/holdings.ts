/**
 * What one process holds of the world, counted where it takes and gives back: at its ports. A
 * process that takes more and more, or keeps what it should have given back, breaks a rule.
 */

import type { GateSnapshot } from '../../controller/gate/gate.ts';
import { RIGHTS_MAX } from '../../controller/gate/passage.ts';
import { listenersAtActors } from './actors.ts';
import type { Owner } from './clock.ts';
import type { Lane } from './lane.ts';
import type { Fitting } from './story.ts';

/** At any time; the most that was ever seen is half of it, and one line. */
const TIMERS_MAX = 12;
const FILES_MAX = 4;
const LINES_MAX = 1;
/** Calls of the disk, of the SAM, of the reader line. */
const CALLS_MAX = { disk: 4, sam: 2, line: 2 };
/** At rest: heartbeats, a look into the field, the buzzer. */
const TIMERS_AT_REST = 8;
/** The segment in use and the next one; an old one while somebody reads it. */
const FILES_AT_REST = 2;
/** Nobody waits for the record of a passage, and the disk may be slow. */
const APPENDS_AT_REST = 4;
/** A look into the field, a heartbeat behind it, and the first try to mend what answers neither. */
const COMMANDS_AT_REST = 3;
const CALLS_AT_REST = 1;

interface Spare {
  readonly timers: number;
  /** And calls of the disk. */
  readonly files: number;
  readonly lines: number;
}

const NOTHING: Spare = { timers: 0, files: 0, lines: 0 };
/** A board: its line, the pause between two requests, the deadline of one. */
const SPARE: Readonly<Record<Fitting, Spare>> = {
  modbus: { timers: 3, files: 0, lines: 1 },
  /** The look at `active.json` and the scrub. */
  files: { timers: 2, files: 2, lines: 0 },
  index: { timers: 0, files: 2, lines: 0 },
  /** The hour of housekeeping, which reads old segments. */
  office: { timers: 1, files: 2, lines: 0 },
};

export function spareOf(fitted: readonly Fitting[]): Spare {
  const sum = (what: keyof Spare) => fitted.reduce((all, name) => all + SPARE[name][what], 0);
  return { timers: sum('timers'), files: sum('files'), lines: sum('lines') };
}

export class Holdings {
  /** Open files, and open reader lines. */
  files = 0;
  lines = 0;
  /** Listeners at the gate board, and at the blacklist. */
  board = 0;
  lists = 0;
  /** Calls under way. */
  disk = 0;
  sam = 0;
  line = 0;
  readonly #owner: Owner;
  readonly #before = listenersAtActors();
  readonly #spare: Spare;
  #first = '';

  /** @param spare what the fittings of a story take besides */
  constructor(owner: Owner, spare = NOTHING) {
    this.#spare = spare;
    this.#owner = owner;
  }

  /** Listeners at the state machines of this process: those of the one before it are dead. */
  get machines(): number {
    return listenersAtActors() - this.#before;
  }

  /** What is more than it may be, whatever goes on; null: nothing. */
  excess({ rights }: GateSnapshot): string | null {
    const { timers, files, lines } = this.#spare;
    const held = this.#owner.timers <= TIMERS_MAX + timers && this.files <= FILES_MAX + files;
    const heard = this.lines <= LINES_MAX + lines && this.board <= 1 && this.lists <= 1;
    const { disk, sam, line } = CALLS_MAX;
    const called = this.disk <= disk + files && this.sam <= sam && this.line <= line;
    if (held && heard && called && rights <= RIGHTS_MAX) return null;
    return `too much is held: ${this.#told()}; ${rights} rights`;
  }

  /**
   * What is more than it may be, or another than when this process first came to rest.
   * @param healed nothing is broken any more: whatever waited for the disk is there
   */
  atRest({ gate, ledger, reader }: Lane, healed: boolean): string | null {
    const { lines, board, lists, machines } = this;
    const { rights } = gate.snapshot();
    const { waiting_appends = 0 } = ledger.counters();
    const { waiting = 0 } = reader.counters();
    const calls = Object.values(gate.counters()).map(({ under_way = 0 }) => under_way);
    const few =
      this.#owner.timers <= TIMERS_AT_REST + this.#spare.timers &&
      this.files <= FILES_AT_REST + (this.disk > 0 ? this.#spare.files : 0) &&
      rights === 0 &&
      waiting_appends <= (healed ? 0 : APPENDS_AT_REST) &&
      waiting <= COMMANDS_AT_REST &&
      Math.max(...calls) <= CALLS_AT_REST;
    const queues = `${rights} rights, ${waiting_appends} appends, ${waiting} commands`;
    if (!few) return `too much is held at rest: ${this.#told()}; ${queues}, ${calls} calls`;
    const now = `${lines} lines, ${board} + ${lists} + ${machines} listeners`;
    if (this.#first === '') this.#first = now;
    return now === this.#first ? null : `at rest there were ${this.#first}, and now ${now}`;
  }

  /** What a process that was stopped in order did not give back. */
  left(): string | null {
    const { files, lines, board, lists, disk, sam, line } = this;
    const sum = this.#owner.timers + files + lines + board + lists + disk + sam + line;
    return sum > 0 ? `a lane that was stopped holds ${this.#told()}` : null;
  }

  #told(): string {
    const { files, lines, board, lists, machines, disk, sam, line } = this;
    return [
      `${this.#owner.timers} timers, ${files} files, ${lines} reader lines`,
      `listeners: board ${board}, list ${lists}, machines ${machines}`,
      `calls: disk ${disk}, SAM ${sam}, line ${line}`,
    ].join('; ');
  }
}

/** Counts one thing as given back, the first time that it is. */
export function ending(end: () => void): () => void {
  let over = false;
  return () => {
    if (!over) end();
    over = true;
  };
}
