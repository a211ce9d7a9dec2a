/**
 * Warm-up: a hundred taps before the lane opens, so that the first passenger meets compiled code.
 * The real runner, stages, codecs, SM4, fare and sign texts run; card, SAM, ledger and blacklist
 * are objects of this file. Nothing of the lane but its configuration and its timers comes in, so
 * nothing can reach its ledger, SAM, lists, barrier, sign or log.
 */

import type { LaneConfig } from '../../config/schema.ts';
import { type Clock, failed, ok } from '../../firmware-bridge/ports.ts';
import type { Blacklist } from '../blacklist/blacklist.ts';
import { hexOf } from '../card/bytes.ts';
import { encodeFrame, frameHash, NO_PREVIOUS } from '../ledger/frame.ts';
import { faultInRecord } from '../ledger/shape.ts';
import { StoryIndex } from '../ledger/story-index.ts';
import type { PurchaseSam } from '../sam/sam.ts';
import { createSoftwareSam } from '../sam/software.ts';
import { signFor } from './feedback.ts';
import { createNetwork } from './network.ts';
import { cardMaker, KEY_VERSION, type RehearsalCard } from './rehearsal-card.ts';
import { createTapRunner } from './tap/runner.ts';
import type { TapLedger } from './tap/tap.ts';

export interface RehearsalOptions {
  readonly config: LaneConfig;
  /** Its timers let fire input and signals through; its wall time is not asked. */
  readonly clock: Clock;
  /** Ends the rehearsal early. */
  readonly stopped: Promise<void>;
}

export interface Rehearsed {
  readonly taps: number;
  readonly spent_ms: number;
  /** Message → how many taps ended with it. */
  readonly ended: Readonly<Record<string, number>>;
}

/** Five taps each. */
const ROUNDS = 20;
/** A slow board opens with what it has practised by then. */
const LIMIT_MS = 1_500;
/** After so long the event loop has its turn. */
const SLICE_MS = 10;
/** Noon in China on a day when the rehearsal cards are valid, whatever the board's clock says. */
const WALL_MS = Date.UTC(2026, 0, 1, 4);
/** From one tap to the next, by that clock. */
const TAP_MS = 1_000;

export async function rehearse({ config, clock, stopped }: RehearsalOptions): Promise<Rehearsed> {
  const began_ms = clock.now_ms();
  let taps = 0;
  const listed = new Set<string>();
  const ledger = createLedger();
  const runner = createTapRunner({
    config,
    clock: { ...clock, wall_ms: () => WALL_MS + taps * TAP_MS },
    sam: createSam(config),
    ledger,
    blacklist: listOf(listed),
    network: createNetwork(config.site),
    samSession: { ref: null },
  });
  const cardFor = cardMaker(config, WALL_MS);
  const ended: Record<string, number> = {};
  let going = true;
  void stopped.then(() => {
    going = false;
  });

  let slice_ms = began_ms;
  for (let round = 0; round < ROUNDS && going; round += 1) {
    const now_ms = clock.now_ms();
    if (now_ms - began_ms >= LIMIT_MS) break;
    if (now_ms - slice_ms >= SLICE_MS) {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 0));
      slice_ms = clock.now_ms();
    }
    await playRound(round * 3);
  }
  return { taps, spent_ms: clock.now_ms() - began_ms, ended };

  /** Pays and is handed back over the gate; is torn and recovered; is listed. */
  async function playRound(number: number): Promise<void> {
    const adult = cardFor(number);
    const ref = await tap(adult);
    if (ref !== null) await ledger.append({ type: 'passage', ref });
    await tap(adult);
    const hasty = cardFor(number + 1);
    hasty.tearNext();
    await tap(hasty);
    await tap(hasty);
    const lost = cardFor(number + 2);
    listed.add(lost.serial);
    await tap(lost);
  }

  async function tap(card: RehearsalCard): Promise<number | null> {
    const { message, amounts, paid } = await runner.run(card);
    signFor(message, config, amounts ?? undefined);
    taps += 1;
    ended[message] = (ended[message] ?? 0) + 1;
    return paid?.ref ?? null;
  }
}

/** Checks, encodes and indexes as the real ledger does; writes nowhere. */
function createLedger(): TapLedger {
  const index = new StoryIndex();
  let seq = 0;
  let hash = NO_PREVIOUS;
  return {
    async append(record) {
      const wrong = faultInRecord({ ...record });
      if (wrong) return failed('assertion', 'none', wrong);
      seq += 1;
      hash = frameHash(encodeFrame({ seq, prev: hash }, record));
      index.apply(seq, record);
      return ok(seq);
    },
    openStory: (card) => index.openStory(card),
    lastClosed: (card) => index.lastClosed(card),
  };
}

function listOf(serials: ReadonlySet<string>): Blacklist {
  return {
    check: (card) =>
      serials.has(hexOf(card)) ? { kind: 'listed', reason: 'stolen' } : { kind: 'clear' },
  };
}

/** The software SAM over keys that are no secret and no bank's: sixteen equal bytes. */
function createSam({ purse, sam }: LaneConfig): PurchaseSam {
  const key = { algorithm: 'sm4', index: '41', key: Buffer.alloc(16, 0x52) } as const;
  const software = createSoftwareSam({
    keySet: {
      terminal: '000000000000',
      psam_serial: '00000000000000000000',
      keys: [
        { ...key, usage: 'purchase', version: KEY_VERSION },
        { ...key, usage: 'lock', version: sam.lock_key_version },
      ],
    },
    algorithms: purse.algorithms,
    sessionMode: purse.sm4_session_mode,
    firstTermSeq: 1,
    lockKeyVersion: sam.lock_key_version,
  });
  return {
    ...software,
    /** The rehearsal card has no keys: its MAC2 is judged in full, and the verdict forgiven. */
    async creditPurchase(mac2) {
      const verdict = await software.creditPurchase(mac2);
      return verdict.ok && verdict.value === 'wrong' ? ok('verified') : verdict;
    },
  };
}
