/**
 * Card and PSAM drawn and put back under traffic, the daemon killed now and then; after each round
 * a whole purchase must go through. For the tests and for the long run.
 */

import type { Card } from '../../../firmware-bridge/ports.ts';
import { bytes, SELECT_PURSE } from '../../sim/card/hand.ts';
import { pause } from './daemon.ts';
import { buy, childrenOfOurs, type Desk, nextCard, openFiles, startedSam } from './kit.ts';

export interface UnplugReport {
  readonly rounds: number;
  /** From the last part put back to a purchase, ms, the slowest round. */
  readonly slowest_ms: number;
  /** Faults that exchanges under way ended with: `code effect` → how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** Exchanges that ended without a fault although the card was drawn meanwhile. */
  readonly survived: number;
  /** At the end less after the first round: 0 when nothing leaks. */
  readonly children: number;
  readonly files: number;
  readonly heap_bytes: number;
}

const SELECT = bytes(SELECT_PURSE);
const TIMEOUT_MS = 2_000;
/** pcscd looks every 400 ms; a hand is slower. */
const HAND_MS = 700;
/** What is pulled, in turn. */
const PULLS = ['card', 'psam', 'card', 'daemon'] as const;

export async function unplugUnderTraffic(on: Desk, rounds: number): Promise<UnplugReport> {
  const faults: Record<string, number> = {};
  let [survived, slowest_ms] = [0, 0];
  let begin = await measure();
  for (let round = 0; round < rounds; round += 1) {
    const card = await nextCard(on);
    const traffic = exchangeUntilFault(card);
    // Another moment of the exchange each time.
    await pause((round * 7) % 40);
    await pull(on, PULLS[round % PULLS.length] ?? 'card');
    const ended = await traffic;
    if (ended === undefined) survived += 1;
    else faults[ended] = (faults[ended] ?? 0) + 1;
    const back_ms = performance.now();
    await serve(on);
    slowest_ms = Math.max(slowest_ms, performance.now() - back_ms);
    if (round === 0) begin = await measure();
  }
  const end = await measure();
  return {
    ...{ rounds, slowest_ms, faults, survived },
    children: end.children - begin.children,
    files: end.files - begin.files,
    heap_bytes: end.heap_bytes - begin.heap_bytes,
  };
}

async function serve(on: Desk): Promise<void> {
  const sam = await startedSam(on);
  const card = await nextCard(on);
  if ((await buy(card, sam)) !== 'verified') throw new Error('MAC2 is wrong');
  await card.release();
  on.purse.restore({ ...on.purse.snapshot(), balance_fen: 5_000 });
}

/** Undefined when the card answers on: it was not this one that was drawn. */
async function exchangeUntilFault(card: Card): Promise<string | undefined> {
  const end_ms = performance.now() + HAND_MS;
  while (performance.now() < end_ms) {
    const reply = await card.transceive(SELECT, TIMEOUT_MS);
    if (!reply.ok) return `${reply.fault.code} ${reply.fault.effect}`;
  }
  return undefined;
}

async function pull(on: Desk, what: (typeof PULLS)[number]): Promise<void> {
  switch (what) {
    case 'card':
      on.card.remove();
      await pause(HAND_MS);
      return on.card.insert();
    case 'psam':
      on.psam.remove();
      await pause(HAND_MS);
      return on.psam.insert();
    case 'daemon':
      await on.daemon.kill();
      return on.daemon.start();
  }
}

async function measure() {
  // Let processes that were replaced go.
  await pause(200);
  globalThis.gc?.();
  const heap_bytes = process.memoryUsage().heapUsed;
  return { children: childrenOfOurs().length, files: openFiles(), heap_bytes };
}
