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
  readonly link?: string;
}

// Whoever reads our output may have seen enough (`… | head`); that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});

const program = new Command('tapway-sim')
  .description('A simulated lane in the browser: real controller, simulated world')
  .enablePositionalOptions()
  .showHelpAfterError()
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  })
  .option('--config <file>', 'lane configuration; default: a shipped one of the kind --lane')
  .addOption(
    new Option('--lane <kind>', 'which shipped lane')
      .choices(['flat', 'entry', 'exit'])
      .default('flat'),
  )
  .option('--data <dir>', 'where ledger, blacklist and card memory lie', 'data/sim')
  .option('--port <n>', 'port of the page on 127.0.0.1', portNumber, 8730)
  .option('--headless', 'no page: run taps of a seeded crowd and print a summary')
  .option('--taps <n>', 'headless: how many', whole, 100)
  .option('--seed <n>', 'headless: which crowd', whole, 1)
  .option('--no-timing', 'cards, wires and SAM answer at once (headless always does)')
  .addHelpText('after', examples('tapway-sim', 'tapway-sim --headless --taps 200 --seed 7'))
  .action((options: LaneOptions) => end(options.headless ? headless(options) : page(options)));

program
  .command('reader')
  .description('a virtual PN532 with a card on a pty, for any program that speaks to one')
  .option('--pty', 'serve on a new pty and print its path')
  .option('--card <id>', 'which card of the tray lies on it', 'adult')
  .option('--every <seconds>', 'the card lies there for two seconds, then is away so long', whole)
  .option('--link <path>', 'keep this symbolic link to the pty, as udev does for a real reader')
  .addHelpText('after', examples('tapway-sim reader --pty --every 3 --link /tmp/reader'))
  .action((options: ReaderOptions) => end(runReader({ ...options, stopped: stopSignal() })));

program
  .command('keys')
  .description("print the simulation's key set as JSON, with the rules to recompute every TAC")
  .addHelpText('after', examples('tapway-sim keys | tapway sam seal --out sam.keys'))
  .action(() => {
    process.stdout.write(`${JSON.stringify(keysAsJson(), null, 2)}\n`);
  });

void program.parseAsync();

function page({ config, lane, data, port, timing }: LaneOptions): Promise<number> {
  return runPage({ config, lane, data, port, timing, stopped: stopSignal() });
}

function headless({ config, lane, data, taps, seed }: LaneOptions): Promise<number> {
  return runHeadless({ config, lane, data, taps, seed, stopped: stopSignal() });
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

function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('a port from 0 (any free one) to 65535 is wanted');
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}
