/**
 * The rules that no story may break, checked at every event. The checker sees what no controller
 * can: what each card really did, which bytes are durable, where the leaves are.
 */

import type { TapResult } from '../../controller/gate/tap/runner.ts';
import type { Appended } from '../../controller/ledger/ledger.ts';
import type { Doors } from './board.ts';
import type { WorldCard } from './cards.ts';
import type { VirtualClock } from './clock.ts';
import { fieldsOf, framesIn, isSegment } from './journal.ts';
import { createPrivacy } from './privacy.ts';

export type Rule =
  | 'money'
  | 'doors'
  | 'blacklist'
  | 'journal'
  | 'privacy'
  | 'resources'
  | 'liveness';

export interface Violation {
  readonly rule: Rule;
  readonly text: string;
  /** The step under way. */
  readonly step: number;
}

/** A debit that a card really carried out. */
export interface Debit {
  readonly card: WorldCard;
  readonly serial: string;
  /** Before it. */
  readonly counter: number;
  readonly amount_fen: number;
  /** BCD stamp of 8054, as hex. */
  readonly at: string;
  readonly tac: string;
  readonly mac2: string;
  /** Does it pay a passage? A supplement does not. */
  readonly opens: boolean;
  /** The time that `at` tells, and the wall clock when the tap began. */
  readonly stamp_ms: number;
  readonly began_ms: number;
  /** When it happened, by a clock that nobody sets. */
  readonly true_ms: number;
  /** Seq of its intent; 0 when there was none. */
  readonly ref: number;
  /** The SAM found its MAC2 right, and the books do not say otherwise. */
  verified: boolean;
  /** Its passage is in the books, durable. */
  passed: boolean;
}

/** 8054 as the card carried it out. */
interface Deed {
  readonly apdu: Buffer;
  /** TAC ‖ MAC2. */
  readonly answer: Buffer;
  /** Its balance until then. */
  readonly before_fen: number;
}

/** Shorter than every window in which a paid passage opens again or is refused as passback. */
const WINDOW_MS = 118_000;
const DAY_MS = 24 * 3_600_000;
/** The lanes of the world stand in China. */
const EAST_MS = 8 * 3_600_000;

export class Checks {
  violation: Violation | null = null;
  step = 0;
  readonly debits: Debit[] = [];
  /** Durable records by number. */
  readonly written = new Map<number, Readonly<Record<string, unknown>>>();
  readonly appended = new Map<number, string>();
  /** How many people have gone through the gate, or are in it. */
  walked: () => number = () => Number.POSITIVE_INFINITY;
  /** Is a serial on the list in force? */
  listed: (serial: string) => boolean = () => false;
  readonly privacy = createPrivacy((text) => this.fail('privacy', text));
  /** Passages in the books. */
  #passages = 0;
  readonly #clock: VirtualClock;
  readonly #intents = new Map<string, number>();
  readonly #byRef = new Map<number, Debit>();
  readonly #saidBlocked = new Set<WorldCard>();
  readonly #began = new Map<WorldCard, number>();
  /** Serials that were listed already when their tap began. */
  readonly #listedBefore = new Set<string>();
  /** The latest debit of each card. */
  readonly #latest = new Map<WorldCard, Debit>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  fail(rule: Rule, text: string): void {
    this.violation ??= { rule, text, step: this.step };
  }

  /** Bytes that a sync has made durable. */
  durable(path: string, bytes: Buffer): void {
    if (!isSegment(path)) return;
    for (const written of framesIn(bytes)) {
      const { seq } = written;
      const fields = fieldsOf(written);
      const known = this.written.has(seq);
      if (!fields) this.fail('journal', `record ${seq} is no JSON`);
      this.written.set(seq, fields ?? {});
      if (fields?.type === 'intent') {
        this.#intents.set(`${fields.card} ${fields.counter} ${fields.at}`, seq);
      }
      if (fields?.type === 'passage') this.#passed(Number(fields.ref), known);
      // The SAM may have found it right, and the lane died before it heard so.
      const doubted = fields?.status === 'mac2-unverified' && this.#byRef.get(Number(fields.ref));
      if (doubted) doubted.verified = false;
    }
  }

  /** @param known the record was durable before, and is written once more */
  #passed(ref: number, known: boolean): void {
    if (known) return;
    const debit = this.#byRef.get(ref);
    if (!debit?.verified) this.fail('doors', `a passage on story ${ref}, which nobody has paid`);
    else if (debit.passed) this.fail('doors', `two passages on story ${ref}`);
    if (debit) debit.passed = true;
    this.#passages += 1;
    if (this.#passages <= this.walked()) return;
    this.fail('doors', `${this.#passages} passages are written, and fewer people went through`);
  }

  /** A command on its way to a card. */
  sent(card: WorldCard, apdu: Buffer): void {
    if (apdu.at(1) === 0xa4) this.#began.set(card, this.#clock.wall_ms());
    if (apdu.at(1) === 0xa4) this.#noteListed(card);
    else if (this.#saidBlocked.has(card)) {
      this.fail('blacklist', `a command to ${card.serial}, which had said that it is blocked`);
    }
    if (apdu.at(1) !== 0x54 || card.purse === null) return;
    const { serial, counter } = card.purse;
    const at = apdu.toString('hex', 9, 16);
    if (!this.#intents.has(`${serial} ${counter} ${at}`)) {
      this.fail('money', `8054 to ${serial} at n ${counter} before its intent was durable`);
    }
  }

  /** 6283 and a block end the matter: whatever else the card says is not to be relied on. */
  answered(card: WorldCard, apdu: Buffer, answer: Buffer): void {
    if (apdu.at(1) !== 0xa4) return;
    const sw = answer.readUInt16BE(answer.length - 2);
    if (sw === 0x6283) this.#saidBlocked.add(card);
    else this.#saidBlocked.delete(card);
  }

  #noteListed({ serial }: WorldCard): void {
    if (serial === null) return;
    if (this.listed(serial)) this.#listedBefore.add(serial);
    else this.#listedBefore.delete(serial);
  }

  /** A debit that a card carried out, whether or not anybody hears of it. */
  paid(card: WorldCard, { apdu, answer, before_fen }: Deed): void {
    if (!card.purse) return;
    const { serial, balance_fen } = card.purse;
    const counter = card.purse.counter - 1;
    const at = apdu.toString('hex', 9, 16);
    const ref = this.#intents.get(`${serial} ${counter} ${at}`) ?? 0;
    const debit: Debit = {
      ...{ card, serial, counter, at, ref },
      amount_fen: before_fen - balance_fen,
      tac: hex(answer.subarray(0, 4)),
      mac2: hex(answer.subarray(4, 8)),
      opens: this.written.get(ref)?.opens === true,
      stamp_ms: timeOf(at),
      began_ms: this.#began.get(card) ?? this.#clock.wall_ms(),
      true_ms: this.#clock.now_ms(),
      ...{ verified: false, passed: false },
    };
    this.#expectNoSecond(debit);
    this.debits.push(debit);
    this.#byRef.set(ref, debit);
    this.#latest.set(card, debit);
  }

  #expectNoSecond(debit: Debit): void {
    const last = this.#latest.get(debit.card);
    if (!last?.opens || last.amount_fen === 0 || debit.amount_fen === 0) return;
    // Where the clock was stepped amid the tap, nobody can say how old the last one is.
    // And where the lane's clock went back, a passage may be long over without its knowing.
    const told_ms = [debit.stamp_ms, debit.began_ms].map((now_ms) => now_ms - last.stamp_ms);
    const ages_ms = [...told_ms, debit.true_ms - last.true_ms];
    if (!ages_ms.every((age_ms) => isSoon(age_ms, last))) return;
    const which = `n ${last.counter} and n ${debit.counter}`;
    this.fail('money', `${debit.serial} paid twice for one passage: ${which}`);
  }

  latest(card: WorldCard): Debit | undefined {
    return this.#latest.get(card);
  }

  /** What the SAM told the controller. */
  judged(command: Buffer, answer: Buffer): void {
    if (command.at(1) !== 0x72 || answer.length !== 2 || answer.readUInt16BE(0) !== 0x9000) return;
    const mac2 = hex(command.subarray(5, 9));
    const debit = this.debits.findLast((one) => one.mac2 === mac2);
    if (debit) debit.verified = true;
    else this.fail('money', `the SAM verified MAC2 ${mac2}, which no card gave`);
  }

  acknowledged({ seq, record }: Appended): void {
    const fields = this.written.get(seq);
    if (fields?.type !== record.type) {
      this.fail('journal', `record ${seq} (${record.type}) was confirmed, and is not durable`);
    }
    const before = this.appended.get(seq);
    if (before && before !== record.type) this.fail('journal', `number ${seq} was given twice`);
    this.appended.set(seq, record.type);
  }

  granted(result: TapResult): void {
    const { kind, paid, serial, message } = result;
    if (kind !== 'granted' || !paid) return;
    const debit = this.#byRef.get(paid.ref);
    if (!debit?.verified) {
      this.fail('money', `${message} for ${serial} on story ${paid.ref} without a verified debit`);
    } else if (debit.passed) {
      this.fail('money', `${message} for ${serial} on story ${paid.ref}, which has passed already`);
    }
    const proof = [...this.#proofsOf(paid.ref)];
    if (proof.length === 0) this.fail('money', `${message} before the proof was durable`);
    if (serial !== null && this.#listedBefore.has(serial)) {
      this.fail('blacklist', `${message} for listed card ${serial}`);
    }
  }

  *#proofsOf(ref: number) {
    for (let seq = ref; seq < ref + 40; seq += 1) {
      const fields = this.written.get(seq);
      if (fields?.type === 'debited' && fields.ref === ref) yield fields;
    }
  }

  /** The controller orders the leaves to open. */
  opening({ occupied, fire }: Doors): void {
    if (fire || occupied) return;
    if (!this.debits.some(({ opens, verified, passed }) => opens && verified && !passed)) {
      this.fail('doors', 'the leaves were ordered to open and nobody has a right to pass');
    }
  }

  shutting({ occupied, fire }: Doors): void {
    if (occupied) this.fail('doors', 'the leaves were ordered to shut on somebody');
    if (fire) this.fail('doors', 'the leaves were ordered to shut during a fire');
  }
}

/** Is a debit of this age no old story yet? A clock set back must not make it one. */
function isSoon(age_ms: number, { passed, verified }: Debit): boolean {
  if (passed) return Math.abs(age_ms) <= WINDOW_MS;
  // Unverified and a day ahead: the clock was wrong, and the lane lets the card go (rights.ts).
  return age_ms <= WINDOW_MS && (verified || age_ms >= -DAY_MS);
}

/** BCD `YYYYMMDDHHMMSS` of a lane eight hours east, as milliseconds of the wall clock. */
function timeOf(at: string): number {
  const part = (from: number, to: number) => Number(at.slice(from, to));
  const day_ms = Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8));
  const seconds = part(8, 10) * 3_600 + part(10, 12) * 60 + part(12, 14);
  return day_ms + seconds * 1_000 - EAST_MS;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
