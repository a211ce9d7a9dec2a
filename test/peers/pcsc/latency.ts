/**
 * One APDU through our whole stack against the bare library: the same daemon, two equal slots, two
 * equal cards in a process of their own, turn by turn. Run by hand:
 *   node --import tsx test/peers/pcsc/latency.ts [rounds] [card's work, ms] [nagle]
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { createPcscReader } from '../../../firmware-bridge/pcsc/reader.ts';
import type { Card } from '../../../firmware-bridge/ports.ts';
import { CARD_SLOT, createDaemon, pause, SAM_SLOT } from './daemon.ts';
import { readerConfig } from './kit.ts';

export interface RoundTrips {
  /** Round trips, ms, in blocks that took turns. */
  readonly ours: readonly (readonly number[])[];
  readonly bare: readonly (readonly number[])[];
}

interface Options {
  readonly rounds: number;
  /** How long the card works on each command. */
  readonly work_ms?: number;
  /** The driver of vpcd as Debian ships it, with its 40 ms for every command. */
  readonly nagle?: boolean;
}

const BLOCK = 50;
const WARM_UP = 4;
const COMMAND = Buffer.from('00B095001E', 'hex');
/** As our own process asks for. */
const ANSWER_MAX = 65_538;

export async function measureRoundTrips(options: Options): Promise<RoundTrips> {
  const { rounds, work_ms = 0, nagle = false } = options;
  const daemon = await createDaemon({ nagle });
  const cards = program('echo-card.ts', work_ms, daemon.ports.card, daemon.ports.sam);
  await pause(1_500);
  const hex = COMMAND.toString('hex');
  const bare = program('bare.ts', SAM_SLOT, hex, ANSWER_MAX);
  const lines = createInterface(bare.stdout)[Symbol.asyncIterator]();
  const reader = createPcscReader({ config: readerConfig(CARD_SLOT), clock: systemClock });
  try {
    await lines.next();
    const card = await meet(reader);
    const samples: { ours: number[][]; bare: number[][] } = { ours: [], bare: [] };
    for (let block = -WARM_UP; block < rounds / BLOCK; block += 1) {
      const ours = await through(card);
      bare.stdin.write(`${BLOCK}\n`);
      const theirs: number[] = JSON.parse((await lines.next()).value);
      if (block < 0) continue;
      samples.ours.push(ours);
      samples.bare.push(theirs);
    }
    return samples;
  } finally {
    await reader.close();
    for (const child of [bare, cards]) await end(child);
    await daemon.end();
  }
}

function quantile(samples: readonly number[], part: number): number {
  return samples[Math.min(samples.length - 1, Math.floor(part * samples.length))] ?? Number.NaN;
}

async function through(card: Card): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < BLOCK; round += 1) {
    const begun = performance.now();
    const reply = await card.transceive(COMMAND, 1_000);
    samples.push(performance.now() - begun);
    if (!reply.ok) throw new Error(reply.fault.detail);
  }
  return samples;
}

async function meet(reader: ReturnType<typeof createPcscReader>): Promise<Card> {
  for (let tries = 0; tries < 50; tries += 1) {
    await reader.recover();
    const found = await reader.detect();
    if (found.ok && found.value.kind === 'card') return found.value.card;
    await pause(100);
  }
  throw new Error('no card');
}

function program(file: string, ...args: readonly (string | number)[]) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', path, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin?.end();
  await ended;
}

function sorted(blocks: RoundTrips['ours']): number[] {
  return blocks.flat().sort((a, b) => a - b);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = 1_000, work_ms = 0] = process.argv.slice(2, 4).map(Number);
  const nagle = process.argv[4] === 'nagle';
  void measureRoundTrips({ rounds, work_ms, nagle }).then(({ ours, bare }) => {
    for (const part of [0.5, 0.9, 0.99]) {
      const [a, b] = [quantile(sorted(ours), part), quantile(sorted(bare), part)];
      const text = `${a.toFixed(3)} ms, bare ${b.toFixed(3)} ms, ratio ${(a / b).toFixed(2)}`;
      process.stdout.write(`p${part * 100}: ${text}\n`);
    }
  });
}
