/**
 * Cards that flick past the reader, present for 1 to 80 ms. After every few of them comes a valid
 * card, often the very one that was just pulled away: it must open at its first presentation.
 */

import type { TapResult } from '../../controller/gate/tap/runner.ts';
import { sleep } from '../../firmware-bridge/clock.ts';
import type { PurseCard } from '../../sim/card/purse.ts';
import { type Chance, createChance } from '../../sim/lane/chance.ts';
import { agrees, moneyIn } from '../../sim/lane/headless.ts';
import { cardNumber } from '../bench/kit/lane.ts';
import { figureOf, lineOf, quantilesOf } from '../bench/measure.ts';
import type { Outcome, Scenario, Size } from './scenario.ts';
import { openVirtualLane, type Pace, type VirtualLane } from './virtual-lane.ts';

export const flicks: Scenario = {
  name: 'flicks',
  what: 'cards present for 1 to 80 ms, then a valid one: a whole gate in virtual time',
  run,
};

/** One lane serves so many; its books are in memory. */
const BATCH = 1_000;
const CARDS = 32;
const PRESENT_MAX_MS = 80;
const PAUSE_MAX_MS = 300;
/** A valid card comes after so many flicks on average. */
const SERIES = 5;
const PATIENCE_MS = 5_000;
const LOW_FEN = 1_000;
const FULL_FEN = 5_000;
/** Longer than any window in which a card that has just paid is refused, or opens again. */
const LATER_MS = 3 * 3_600_000;

interface Seen {
  readonly messages: Map<string, number>;
  readonly toOpen_ms: number[];
  readonly wrong: string[];
}

async function run({ flicks: count, seed }: Size): Promise<Outcome> {
  const seen: Seen = { messages: new Map(), toOpen_ms: [], wrong: [] };
  for (let done = 0; done < count; done += BATCH) {
    const batch = done / BATCH;
    const pace: Pace = batch % 2 === 0 ? 'real' : 'quick';
    const crowd = await Crowd.open({ pace, seed: seed + batch, seen });
    await crowd.flick(Math.min(BATCH, count - done));
    await crowd.close();
  }
  const told = [...seen.messages].map(([message, times]) => `${times} ${message}`).join(', ');
  const lines = [
    figureOf('flicks of 1 to 80 ms', 'cards', { values: [count] }),
    figureOf('frozen, not opened at once, or paid twice', 'cases', {
      values: [seen.wrong.length],
      target: { p50: 0 },
    }),
    lineOf(`next valid card opens after (${seen.toOpen_ms.length})`, 'ms', {
      ...quantilesOf([seen.toOpen_ms]),
      noise: null,
    }),
  ];
  return { lines, wrong: seen.wrong, notes: [told] };
}

interface CrowdOptions {
  readonly pace: Pace;
  readonly seed: number;
  readonly seen: Seen;
}

class Crowd {
  readonly #lane: VirtualLane;
  readonly #name: string;
  readonly #seen: Seen;
  readonly #chance: Chance;
  readonly #cards = Array.from({ length: CARDS }, (_, number) => cardNumber(number));
  readonly #before_fen: number;
  #toppedUp_fen = 0;
  /** By serial: when the gate last opened for it, or sent it to staff. */
  readonly #settled_ms = new Map<string, number>();
  /** By serial: debits so far, when the last one was, and whether the gate has opened since. */
  readonly #paid = new Map<string, { times: number; wall_ms: number; passed: boolean }>();
  /** Who is waiting for the result of a card. */
  #hear = (_: TapResult) => {};

  static async open(options: CrowdOptions): Promise<Crowd> {
    return new Crowd(await openVirtualLane(options.pace), options);
  }

  constructor(lane: VirtualLane, { pace, seed, seen }: CrowdOptions) {
    this.#lane = lane;
    this.#seen = seen;
    this.#name = `${pace} cards, seed ${seed}`;
    this.#chance = createChance(seed);
    this.#before_fen = this.#sum_fen();
    lane.gate.onTap((result) => this.#note(result));
  }

  async flick(count: number): Promise<void> {
    const { clock, field } = this.#lane;
    for (let flick = 0; flick < count; flick += 1) {
      const card = this.#chance.pick(this.#cards);
      await clock.advance(this.#chance.below(PAUSE_MAX_MS));
      // In doubt since an earlier flick, and the SAM has served others since: a matter for staff.
      const inDoubt = this.#lane.ledger.openStory(card.serial) !== undefined;
      field.enter(card);
      await clock.advance(1 + this.#chance.below(PRESENT_MAX_MS));
      field.leave(card);
      this.#watchPurses();
      if (this.#chance.below(SERIES) === 0) await this.#validCard(inDoubt ? null : card, flick);
    }
  }

  async close(): Promise<void> {
    const { gate, ledger, clock } = this.#lane;
    await clock.advance(PATIENCE_MS);
    const { mode, tap } = gate.snapshot();
    if (mode !== 'inService' || tap !== 'idle') this.#complain(`at the end ${mode}, tap ${tap}`);
    await this.#audit(ledger);
    const timers = await this.#lane.end();
    if (timers > 0) this.#complain(`${timers} timers are left`);
  }

  /** The one just pulled away, unless it has just opened or is a matter for staff; or another. */
  async #validCard(flicked: PurseCard | null, flick: number): Promise<void> {
    const { clock, field, met } = this.#lane;
    const again = flicked && !this.#isJustSettled(flicked) && !this.#isShort(flicked);
    const same = again && this.#chance.next() < 0.5;
    const others = this.#cards.filter((one) => one !== flicked && !this.#isShort(one));
    const card = same ? flicked : this.#chance.pick(others);
    if (!same) this.#lane.later(LATER_MS);
    const begin_ms = clock.now_ms();
    const concluded = new Promise<TapResult>((resolve) => {
      this.#hear = (result) => {
        // The end of the flick may be told when the next card is there already.
        const ours = met.uid.equals(card.uid) && met.since_ms >= begin_ms;
        const opens = result.kind === 'granted' && result.serial === card.serial;
        if (ours || opens) resolve(result);
      };
    });
    field.enter(card);
    const late = sleep(clock, PATIENCE_MS).then(() => null);
    const result = await clock.until(Promise.race([concluded, late]));
    this.#hear = () => {};
    field.leave(card);
    this.#seen.toOpen_ms.push(clock.now_ms() - begin_ms);
    if (result?.kind === 'granted' && result.serial === card.serial) return;
    const what = result ? `${result.message} (${result.detail})` : 'nothing in 5 s: frozen';
    this.#complain(`after flick ${flick} ${same ? 'the same' : 'another'} card met ${what}`);
  }

  /** Tops it up if need be. What is in doubt is left alone: a loading would hide what happened. */
  #isShort(card: PurseCard): boolean {
    if (card.balance_fen >= LOW_FEN) return false;
    if (this.#lane.ledger.openStory(card.serial)) return true;
    this.#topUp(card);
    return false;
  }

  #isJustSettled({ serial }: PurseCard): boolean {
    const settled_ms = this.#settled_ms.get(serial);
    return settled_ms !== undefined && this.#lane.wall_ms() - settled_ms < LATER_MS;
  }

  #note(result: TapResult): void {
    const { messages } = this.#seen;
    messages.set(result.message, (messages.get(result.message) ?? 0) + 1);
    this.#watchPurses();
    const granted = result.kind === 'granted';
    if (result.serial && (granted || result.message === 'paid-see-staff')) {
      this.#settled_ms.set(result.serial, this.#lane.wall_ms());
    }
    if (granted && result.serial) {
      const paid = this.#paid.get(result.serial);
      if (paid) paid.passed = true;
    }
    this.#hear(result);
  }

  /** Only the simulation can look into a purse: its counter moves with every debit. */
  #watchPurses(): void {
    const wall_ms = this.#lane.wall_ms();
    for (const { serial, counter: times } of this.#cards) {
      const before = this.#paid.get(serial) ?? { times: 0, wall_ms: 0, passed: true };
      if (times === before.times) continue;
      const soon = wall_ms - before.wall_ms <= this.#lane.recovery_window_ms;
      if (times > before.times + 1 || (soon && !before.passed)) {
        this.#complain('a card paid twice for one passage');
      }
      this.#paid.set(serial, { times, wall_ms, passed: false });
    }
  }

  /** Cards and ledger agree to the fen. */
  async #audit(ledger: VirtualLane['ledger']): Promise<void> {
    const { clock } = this.#lane;
    const kept = await clock.until(moneyIn(ledger, 0, this.#cards));
    const cards_fen = this.#before_fen + this.#toppedUp_fen - this.#sum_fen();
    const money = { ...kept, cards_fen };
    if (!agrees(money)) this.#complain(`cards and ledger disagree: ${JSON.stringify(money)}`);
  }

  #topUp(card: PurseCard): void {
    this.#toppedUp_fen += FULL_FEN - card.balance_fen;
    card.restore({ ...card.snapshot(), balance_fen: FULL_FEN });
  }

  #sum_fen(): number {
    return this.#cards.reduce((sum, { balance_fen }) => sum + balance_fen, 0);
  }

  #complain(what: string): void {
    this.#seen.wrong.push(`${this.#name}: ${what}`);
  }
}
