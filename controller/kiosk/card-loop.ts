/**
 * Looks for cards with every reader in turn, and stays with the one that is found until it leaves.
 * All talk with that card goes through here, one piece of work after another, with a look in
 * between whether it still lies there.
 */

import type { Card, Clock, Fault, Presence, Reply, Timer } from '../../firmware-bridge/ports.ts';
import type { Face } from './report.ts';

export type CardWork = (card: Card) => Promise<void>;
export type Odd = 'several' | 'unsupported';

export interface CardLoopOptions {
  readonly clock: Clock;
  readonly faces: readonly Face[];
  readonly pause_ms: number;
  /** One detection with this reader, however ill it is. */
  readonly look: (face: Face) => Promise<Reply<Presence>>;
  /** May a card begin anything now? */
  readonly open: () => boolean;
  readonly onCard: (face: Face) => void;
  readonly onOdd: (face: Face, odd: Odd) => void;
  readonly onGone: () => void;
  /** The reader failed while a card lay there. */
  readonly onTrouble: (face: Face, fault: Fault) => void;
}

export interface CardLoop {
  run(): Promise<void>;
  stop(): void;
  /** Where the card lies that is served; null: none. */
  readonly face: Face | null;
  /** Work with the card that lies there; dropped if it leaves before its turn. */
  work(work: CardWork): void;
  /** The card is to be met anew without having left: its connection is worn out. */
  again(): void;
  stillFor_ms(): number;
}

/** A reader that does not answer so often in a row has lost its card, or itself. */
const FAULTS_MAX = 3;

export function createCardLoop(options: CardLoopOptions): CardLoop {
  const { clock, faces, pause_ms, look, open, onCard, onOdd, onGone, onTrouble } = options;
  /** Few: a session asks for one thing and waits for its answer; the card's leaving empties it. */
  const jobs: CardWork[] = [];
  /** Readers that failed with a card: what lies there is no new card before they were empty. */
  const unsure = new Set<Face>();
  let stopped = false;
  let anew = false;
  /** Of the reader in a row, while a card lies there. */
  let faults = 0;
  let served: Face | null = null;
  let beaten_ms = clock.now_ms();
  let wake = () => {};

  return {
    run,
    stop() {
      stopped = true;
      wake();
    },
    get face() {
      return served;
    },
    work(work) {
      if (served === null) return;
      jobs.push(work);
      wake();
    },
    again() {
      anew = true;
    },
    stillFor_ms: () => clock.now_ms() - beaten_ms,
  };

  async function run(): Promise<void> {
    while (!stopped) {
      beat();
      const met = open() && (await round());
      if (!met) await pause();
    }
  }

  async function round(): Promise<boolean> {
    for (const face of faces) {
      const found = await look(face);
      if (stopped || !found.ok) continue;
      if (found.value.kind === 'none') unsure.delete(face);
      else if (!unsure.has(face)) {
        await meet(face, found.value);
        return true;
      } else if (found.value.kind === 'card') await found.value.card.release();
    }
    return false;
  }

  async function meet(face: Face, presence: Presence): Promise<void> {
    if (presence.kind === 'card') return serve(face, presence.card);
    if (presence.kind === 'none') return;
    onOdd(face, presence.kind);
    await emptied(face);
    onGone();
  }

  async function serve(face: Face, card: Card): Promise<void> {
    served = face;
    onCard(face);
    const end = await attend(face, living(card));
    anew = false;
    served = null;
    jobs.length = 0;
    await card.release();
    const met = end === 'again' ? await look(face) : null;
    if (met?.ok && met.value.kind === 'card') return serve(face, met.value.card);
    // Noise is no leave: the card may still lie there, and would begin a second session.
    if (end === 'trouble') unsure.add(face);
    onGone();
  }

  async function attend(face: Face, card: Card): Promise<'gone' | 'again' | 'trouble'> {
    faults = 0;
    while (!stopped) {
      beat();
      const job = jobs.shift();
      if (job) {
        await job(card);
        continue;
      }
      if (anew) return 'again';
      const where = await whereIs(card);
      if (where === 'gone') return 'gone';
      if (where !== 'here') {
        onTrouble(face, where);
        return 'trouble';
      }
      if (jobs.length === 0) await pause();
    }
    return 'gone';
  }

  /** A single fault is noise: the card is taken to lie there still. */
  async function whereIs(card: Card): Promise<'here' | 'gone' | Fault> {
    const present = await card.present();
    faults = present.ok ? 0 : faults + 1;
    if (present.ok) return present.value ? 'here' : 'gone';
    return faults < FAULTS_MAX ? 'here' : present.fault;
  }

  async function emptied(face: Face): Promise<void> {
    while (!stopped) {
      beat();
      const found = await look(face);
      if (found.ok && found.value.kind === 'none') return;
      if (found.ok && found.value.kind === 'card') await found.value.card.release();
      // A reader that is lost holds nobody up.
      if (!found.ok && !found.fault.code.startsWith('card-')) return;
      await pause();
    }
  }

  /** Each answer is a sign of life: with a slow card a whole reading may take long. */
  function living(card: Card): Card {
    const { uid, ats } = card;
    return {
      ...{ uid, ats },
      async transceive(command, timeout_ms) {
        beat();
        return card.transceive(command, timeout_ms);
      },
      present: () => card.present(),
      release: () => card.release(),
    };
  }

  function beat(): void {
    beaten_ms = clock.now_ms();
  }

  function pause(): Promise<void> {
    if (stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = clock.setTimeout(resolve, pause_ms);
      wake = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}
