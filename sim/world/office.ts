/**
 * The back office: comes now and then while the lane serves, fetches the books as `tapway ledger
 * export` gives them, and confirms with `tapway ledger settle` what it took. Programs of their own,
 * which die with the machine. Every record counts once, whether it was taken early or late.
 */

import { ledgerSettle } from '../../controller/commands/ledger.ts';
import { exportClearing } from '../../controller/ledger/export.ts';
import { readStories } from '../../controller/ledger/stories.ts';
import type { Disk } from '../../firmware-bridge/ports.ts';
import type { Checks } from './checks.ts';
import type { Owner, VirtualClock } from './clock.ts';
import type { WorldDisk } from './disk.ts';
import { framesIn, hashOf, isSegment } from './journal.ts';
import { type Border, diskOf } from './ports.ts';

/** One record of the clearing export. */
export interface Row {
  readonly record_seq: number;
  readonly card: string;
  readonly issuer: string;
  readonly counter: number;
  readonly txn_type: string;
  readonly amount_fen: number;
  readonly terminal: string;
  readonly term_seq: string | null;
  readonly at: string;
  readonly tac: string | null;
  readonly algorithm: string;
  readonly status: string;
  /** Null while the story has no outcome. */
  readonly reason: string | null;
}

export interface OfficeOptions {
  readonly clock: VirtualClock;
  readonly disk: WorldDisk;
  readonly checks: Checks;
  /** The ports of a program that exports or settles. */
  readonly borderOf: (owner: Owner) => Border;
  readonly log: (text: string) => void;
  /** The hour at which the lane looks what may go. */
  readonly keepHouse: () => void;
}

const LEDGER = 'data/ledger';
const DAY_MS = 86_400_000;

export class Office {
  /** Every record up to this one it has confirmed, or was about to when its program died. */
  confirmed = 0;
  readonly #options: OfficeOptions;
  readonly #taken = new Map<number, Row>();
  /** When it first saw a record without an outcome, by the wall clock of the world. */
  readonly #openSince = new Map<number, number>();
  #program: Owner | null = null;

  constructor(options: OfficeOptions) {
    this.#options = options;
  }

  /** All that it ever took, each record as it was last told. */
  get rows(): readonly Row[] {
    return [...this.#taken.values()];
  }

  /** The machine loses its power. */
  cut(): void {
    if (this.#program) this.#program.alive = false;
    this.#program = null;
  }

  /** Begins beside whatever else happens; unless the last visit is still under way. */
  visit(what: 'fetch' | 'settle'): void {
    if (this.#program) return;
    const owner: Owner = { alive: true, timers: 0 };
    this.#program = owner;
    const { borderOf, disk, log } = this.#options;
    const never = () => Promise.reject(new Error('killed'));
    const through = diskOf({ ...borderOf(owner), never }, disk);
    void this.#work(what, through)
      .catch((error: unknown) => log(`office: ${String(error)}`))
      .finally(() => {
        if (this.#program === owner) this.#program = null;
      });
  }

  async #work(what: 'fetch' | 'settle', disk: Disk): Promise<void> {
    await this.fetch(disk);
    if (what === 'settle') await this.#settle(disk);
  }

  /** Takes over what the export says, whole or not at all. */
  async fetch(disk: Disk = this.#options.disk): Promise<void> {
    const rows = new Map<number, Row>();
    const { checks } = this.#options;
    const onLack = (text: string) => {
      // A program amid faults exits with 1, and nothing is taken.
      if (disk !== this.#options.disk) throw new Error(text);
      checks.fail('journal', `the export lacks: ${text}`);
    };
    const stories = readStories({ disk, directory: LEDGER, onLack });
    const exported = exportClearing(stories, { format: 'jsonl', software: '' });
    for await (const line of exported) {
      const row = JSON.parse(line) as Row;
      if (rows.has(row.record_seq)) checks.fail('money', `record ${row.record_seq} came twice`);
      rows.set(row.record_seq, row);
    }
    for (const seq of this.#taken.keys()) {
      if (rows.has(seq) || seq <= this.confirmed) continue;
      checks.fail('journal', `record ${seq} was taken, not confirmed, and is gone`);
    }
    for (const row of rows.values()) this.#take(row);
  }

  #take(row: Row): void {
    const { checks, clock } = this.#options;
    const { record_seq, reason } = row;
    const before = this.#taken.get(record_seq);
    if (!before && record_seq <= this.confirmed) {
      checks.fail('money', `record ${record_seq} came after all up to ${this.confirmed}`);
    }
    if (before && before.reason !== null && essence(before) !== essence(row)) {
      checks.fail('money', `record ${record_seq} was ${essence(before)}, is ${essence(row)}`);
    }
    this.#taken.set(record_seq, row);
    if (reason !== null) this.#openSince.delete(record_seq);
    else if (!this.#openSince.has(record_seq)) this.#openSince.set(record_seq, clock.now_ms());
  }

  /** Up to the first story that may still end. Who never came back for a day, the host settles. */
  async #settle(disk: Disk): Promise<void> {
    const { clock, log, keepHouse } = this.#options;
    const waits = ({ record_seq }: Row) =>
      clock.now_ms() - (this.#openSince.get(record_seq) ?? Number.NEGATIVE_INFINITY) < DAY_MS;
    const rows = this.rows.toSorted((a, b) => a.record_seq - b.record_seq);
    const end = rows.findIndex(waits);
    const last = rows.at((end < 0 ? rows.length : end) - 1);
    if (end === 0 || !last || last.record_seq <= this.confirmed) return;
    const through = last.record_seq;
    const hash = this.#hashOf(through);
    this.confirmed = through;
    const say = (line: string) => log(`office: ${line}`);
    const io = { out: say, err: say, write: async () => {}, env: {}, disk, clock };
    const code = await ledgerSettle(io, LEDGER, { through, ...(hash && { hash }) });
    if (code === 0) keepHouse();
  }

  /** As it reads the books itself. */
  #hashOf(seq: number): string | undefined {
    const { disk } = this.#options;
    for (const path of disk.paths().filter(isSegment)) {
      const found = framesIn(disk.visible(path) ?? Buffer.alloc(0)).find((one) => one.seq === seq);
      if (found) return hashOf(found.frame);
    }
    return undefined;
  }
}

/** What must not change once the story has ended. */
function essence({ card, counter, amount_fen, term_seq, tac, status, reason }: Row): string {
  return [card, counter, `${amount_fen} fen`, term_seq, tac, status, reason].join(' ');
}
