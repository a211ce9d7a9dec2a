/**
 * The other end of serial lines, in a process of its own: each pseudo-terminal has a virtual PN532
 * with a card behind it. So what the simulation computes is in nobody's round trip.
 */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../firmware-bridge/clock.ts';
import { serveOnPty } from '../../../sim/chip/on-pty.ts';
import { createPty } from '../../../sim/pty.ts';
import { chipWithCard } from './wires.ts';

/** Runs until its parent goes. @param work_ms of the card, for each command */
export function runFarChips(lines: number, work_ms: number): Promise<void> {
  const paths = Array.from({ length: lines }, () => {
    const pty = createPty();
    serveOnPty(chipWithCard(systemClock, work_ms), pty);
    return pty.path;
  });
  process.send?.(paths);
  return new Promise((resolve) => process.once('disconnect', resolve));
}

export interface FarChips {
  /** One for each line. */
  readonly paths: readonly string[];
  end(): Promise<void>;
}

export async function startFarChips(lines: number, work_ms: number): Promise<FarChips> {
  const program = fileURLToPath(new URL('../bench.ts', import.meta.url));
  const child = fork(program, ['chips', JSON.stringify({ lines, work_ms })]);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const tooSoon = ended.then(() => {
    throw new Error('the process with the virtual chips ended');
  });
  tooSoon.catch(() => {});
  const told = new Promise<string[]>((resolve) => child.once('message', resolve as never));
  const paths = await Promise.race([told, tooSoon]);
  return {
    paths,
    async end() {
      child.kill();
      await ended;
    },
  };
}
