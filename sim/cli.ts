#!/usr/bin/env -S node --import tsx
/** The `tapway-sim` command: the real controller in a simulated world. */

import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runHeadless } from './commands/headless.ts';
import { runPage } from './commands/page.ts';
import { runReader } from './commands/reader.ts';
import { keysAsJson } from './keys.ts';

interface LaneOptions {
  readonly config?: string;
  readonly lane: 'flat' | 'entry' | 'exit';
  readonly data: string;
  readonly port: number;
  readonly headless?: boolean;
  readonly taps: number;
  readonly seed: number;
  readonly timing: boolean;
}

interface ReaderOptions {
  readonly pty?: boolean;
  readonly card: string;
  readonly every?: number;
}

const program = new Command('tapway-sim')
  .description('A simulated lane in the browser: real controller, simulated world')
  .enablePositionalOptions()
  .showHelpAfterError()
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  })
  .option('--config <file>', 'lane configuration; default: a shipped one of the kind --lane')
  .addOption(new Option('--lane <kind>').choices(['flat', 'entry', 'exit']).default('flat'))
  .option('--data <dir>', 'where ledger, blacklist and card memory lie', 'data/sim')
  .option('--port <n>', 'port of the page on 127.0.0.1', whole, 8730)
  .option('--headless', 'no page: run taps of a seeded crowd and print a summary')
  .option('--taps <n>', 'headless: how many', whole, 100)
  .option('--seed <n>', 'headless: which crowd', whole, 1)
  .option('--no-timing', 'cards, wires and SAM answer at once (headless always does)')
  .action((options: LaneOptions) => end(options.headless ? headless(options) : page(options)));

program
  .command('reader')
  .description('a virtual PN532 with a card on a pty, for any program that speaks to one')
  .option('--pty', 'serve on a new pty and print its path')
  .option('--card <id>', 'which card of the tray lies on it', 'adult')
  .option('--every <seconds>', 'the card comes for two seconds, this often', whole)
  .action((options: ReaderOptions) => end(runReader({ ...options, stopped: stopSignal() })));

program
  .command('keys')
  .description("print the simulation's key set as JSON, with the rules to recompute every TAC")
  .action(() => {
    process.stdout.write(`${JSON.stringify(keysAsJson(), null, 2)}\n`);
  });

await program.parseAsync();

function page({ config, lane, data, port, timing }: LaneOptions): Promise<number> {
  return runPage({ config, lane, data, port, timing, stopped: stopSignal() });
}

function headless({ config, lane, data, taps, seed }: LaneOptions): Promise<number> {
  return runHeadless({ config, lane, data, taps, seed });
}

/** Sets the exit code and lets the process end by itself, so that output is never cut. */
async function end(work: Promise<number>): Promise<void> {
  try {
    process.exitCode = await work;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

function stopSignal(): Promise<void> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {});
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}
