/**
 * One end of a lane: polls its reader, hands each card to the tap, and waits until it is taken
 * away. A lane for both directions has two; what they share is the lane's.
 */

import type { LaneConfig } from '../../config/schema.ts';
import type { Card, Clock, Direction, Presence } from '../../firmware-bridge/ports.ts';
import type { LaneKeeper, ReaderPart } from './lane-keeper.ts';
import type { TapResult } from './tap/runner.ts';

export type Unreadable = 'several-cards' | 'unsupported-card';

export interface SideOptions {
  readonly part: ReaderPart;
  readonly config: Pick<LaneConfig, 'reader'>;
  readonly clock: Clock;
  readonly lane: Pick<LaneKeeper, 'mode' | 'serves' | 'look' | 'heal'>;
  /** Nobody may pay at this end now: the passage is full, or the other end is served. */
  readonly mustWait: () => boolean;
  /** Takes the card through a tap and concludes it. */
  readonly tap: (card: Card) => Promise<TapResult>;
  readonly turnedAway: (message: Unreadable) => void;
}

export interface Side {
  /** Looks for cards until the lane is stopped. */
  run(): Promise<void>;
  /** Ends the pause of the loop. */
  wake(): void;
  /** How long ago the loop last went round. */
  stillFor_ms(): number;
}

/** Torn or failed taps that a card in the field may repeat before it must be taken away. */
const REPEATS_MAX = 3;

/** What the lane is at its other end: the opposite direction; where one enters the other exits. */
export function farConfig(config: LaneConfig): LaneConfig {
  const { kind, direction } = config.lane;
  const kinds = { flat: 'flat', entry: 'exit', exit: 'entry' } as const;
  const lane = { ...config.lane, kind: kinds[kind], direction: opposite(direction) };
  return { ...config, lane, reader: config.far_reader ?? config.reader };
}

function opposite(direction: Direction): Direction {
  return direction === 'in' ? 'out' : 'in';
}

export function createSide(options: SideOptions): Side {
  const { part, config, clock, lane, mustWait } = options;
  let beaten_ms = clock.now_ms();
  let repeats = 0;
  /** UID of a card that is done with and was not seen to leave; the lane may close meanwhile. */
  let lying: Buffer | null = null;
  let wake = () => {};

  return { run, wake: () => wake(), stillFor_ms: () => clock.now_ms() - beaten_ms };

  async function run(): Promise<void> {
    while (lane.mode !== 'stopped') {
      beat();
      if (!lane.serves(part)) {
        await lane.heal();
        await pause(config.reader.heartbeat_ms);
      } else if (mustWait()) await pause(config.reader.poll_pause_ms);
      else await lookForCard();
    }
  }

  function beat(): void {
    beaten_ms = clock.now_ms();
  }

  async function lookForCard(): Promise<void> {
    const found = await lane.look(part);
    if (found.ok && lane.serves(part) && !mustWait()) return meet(found.value);
    // While the reader looked, fire or the service key came, or somebody paid at the other end.
    if (found.ok) return release(found.value);
    await pause(config.reader.poll_pause_ms);
  }

  async function meet(presence: Presence): Promise<void> {
    switch (presence.kind) {
      case 'none':
        repeats = 0;
        lying = null;
        return pause(config.reader.poll_pause_ms);
      case 'card':
        return serve(presence.card);
      case 'several':
        return turnAway('several-cards');
      case 'unsupported':
        return turnAway('unsupported-card');
    }
  }

  async function serve(card: Card): Promise<void> {
    if (!lying?.equals(card.uid)) lying = (await isDoneWith(card)) ? card.uid : null;
    if (lying) await waitForRemoval(card);
    await card.release();
  }

  async function isDoneWith(card: Card): Promise<boolean> {
    const { kind } = await options.tap(card);
    const settled = kind === 'granted' || kind === 'refused';
    repeats = settled ? 0 : repeats + 1;
    return settled || repeats >= REPEATS_MAX;
  }

  /** A card must be seen to leave before the next tap counts. */
  async function waitForRemoval(card: Card): Promise<void> {
    while (lane.serves(part)) {
      beat();
      const present = await card.present();
      // Noise is no leave: the card may still lie there, and would pay a second time.
      if (!present.ok) return waitForEmptyField();
      if (!present.value) {
        lying = null;
        return;
      }
      await pause(config.reader.poll_pause_ms);
    }
  }

  async function waitForEmptyField(): Promise<void> {
    while (lane.serves(part)) {
      beat();
      const found = await lane.look(part);
      if (found.ok && found.value.kind === 'none') {
        lying = null;
        return;
      }
      if (found.ok) await release(found.value);
      await pause(config.reader.poll_pause_ms);
    }
  }

  async function release(presence: Presence): Promise<void> {
    if (presence.kind === 'card') await presence.card.release();
  }

  /** Two cards, or one that we cannot talk to: say so until the field is empty. */
  async function turnAway(message: Unreadable): Promise<void> {
    options.turnedAway(message);
    await waitForEmptyField();
  }

  function pause(delay_ms: number): Promise<void> {
    if (lane.mode === 'stopped') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, delay_ms);
      wake = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}
