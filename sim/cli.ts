#!/usr/bin/env -S node --import tsx
/** The `tapway-sim` command: the real controller in a simulated world. */

import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createShell } from '../controller/cli/shell.ts';
import type { Io } from '../controller/commands/io.ts';
import { systemClock } from '../firmware-bridge/clock.ts';
import { systemDisk } from '../firmware-bridge/disk.ts';
import { sscKeysAsJson } from './card/ssc/keys-json.ts';
import { runBarrier } from './commands/barrier.ts';
import { runHeadless } from './commands/headless.ts';
import { type KioskOptions, runSimKiosk } from './commands/kiosk.ts';
import {
  type MixedLaneOptions,
  runMixedLane,
  SIMULABLE,
  type Simulable,
} from './commands/mixed-lane.ts';
import { runPage } from './commands/page.ts';
import { runPrinter } from './commands/printer.ts';
import { runReader } from './commands/reader.ts';
import { runWorld, type WorldOptions } from './commands/world.ts';
import { runHidReader } from './hid/reader.ts';
import { type HsmRun, runHsm } from './hsm/run.ts';
import { HSM_FAULTS } from './hsm/server.ts';
import { keysAsJson } from './keys.ts';
import { runVpcdCard, runVpcdPsam, type VpcdCardRun } from './pcsc/by-hand.ts';
import { FITTINGS, type Fitting } from './world/story.ts';

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
  /** Serial number of the bridge. */
  readonly hid?: string;
  readonly card: string;
  readonly person?: string;
  readonly every?: number;
  readonly link?: string;
}

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  write: async (text) => void process.stdout.write(text),
  env: process.env,
  disk: systemDisk,
  clock: systemClock,
};

// Whoever reads our output may have seen enough (`… | head`); that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});

const { end } = createShell(io, process.exit);

const program = new Command('tapway-sim')
  .description('A simulated lane in the browser: real controller, simulated world')
  .enablePositionalOptions()
  .helpCommand(true)
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
  .action((options: LaneOptions) => {
    const [word] = program.args;
    if (word !== undefined) noSuchCommand(word);
    return end(options.headless ? headless(options) : page(options));
  });

program
  .command('reader')
  .description('a virtual PN532 with a card, on a pty or as a USB device, for any program')
  .option('--pty', 'serve on a new pty and print its path')
  .addOption(
    new Option(
      '--hid <serial>',
      'serve as a real HID device (CP2110) through /dev/uhid instead',
    ).conflicts(['pty', 'person', 'link']),
  )
  .option('--card <id>', "which card of the lane's tray lies on it", 'adult')
  .addOption(
    new Option(
      '--person <id>',
      "on a pty: whose card of the kiosk's tray instead, e.g. adult-3",
    ).conflicts('card'),
  )
  .option('--every <seconds>', 'the card lies there for two seconds, then is away so long', whole)
  .option('--link <path>', 'keep this symbolic link to the pty, as udev does for a real reader')
  .addHelpText(
    'after',
    examples(
      'tapway-sim reader --pty --every 3 --link /tmp/reader',
      'tapway-sim reader --hid 00F4A1B2',
    ),
  )
  .action((options: ReaderOptions) => end(reader(options)));

program
  .command('lane')
  .description('the lane that `tapway gate` runs, with virtual devices in place of those named')
  .requiredOption('--config <file>', 'the lane configuration')
  .option('--simulate <devices>', `comma-separated: ${SIMULABLE.join(', ')}`, simulable, [])
  .option('--card <id>', 'which card of the tray comes to a simulated reader', 'adult')
  .option('--far-card <id>', 'the same at a simulated far_reader', 'student')
  .option('--every <seconds>', 'pause between its taps', whole, 3)
  .addHelpText(
    'after',
    examples('tapway-sim lane --config lane.yaml --simulate reader,sam,barrier'),
  )
  .addHelpText('after', '\nThe log goes to standard error. No page: for that, tapway-sim alone.')
  .action((options: Omit<MixedLaneOptions, 'stopped'>) =>
    end(runMixedLane(io, { ...options, stopped: stopSignal() })),
  );

program
  .command('kiosk')
  .description("the kiosk of `tapway kiosk` with a tray of people's cards, and its paper beside it")
  .option('--config <file>', 'the kiosk configuration; default: the shipped one')
  .option('--data <dir>', 'where ledger, blacklist and card memory lie', 'data/kiosk')
  .option('--port <n>', 'port of the page on 127.0.0.1', portNumber, 8_731)
  .option('--no-timing', 'cards, wires and SAM answer at once')
  .addHelpText('after', examples('tapway-sim kiosk', 'tapway-sim kiosk --port 0'))
  .action((options: Omit<KioskOptions, 'stopped'>) =>
    end(runSimKiosk(io, { ...options, stopped: stopSignal() })),
  );

program
  .command('card')
  .description('a virtual card in a slot of pcscd (vpcd), for any PC/SC program')
  .requiredOption('--vpcd <port>', 'port of the slot, 35963 unless configured', portNumber)
  .option('--card <id>', "which card of the lane's tray", 'adult')
  .addOption(
    new Option('--person <id>', "whose card of the kiosk's tray instead, e.g. adult-3").conflicts(
      'card',
    ),
  )
  .addOption(
    new Option('--face <kind>', 'default: contactless where the card can').choices([
      'contact',
      'contactless',
    ]),
  )
  .addHelpText(
    'after',
    examples('tapway-sim card --vpcd 35963', 'tapway-sim card --vpcd 35963 --person adult-3'),
  )
  .action(({ vpcd, ...options }: Omit<VpcdCardRun, 'port' | 'stopped'> & { vpcd: number }) =>
    end(runVpcdCard({ ...options, port: vpcd, stopped: stopSignal() })),
  );

program
  .command('psam')
  .description('a virtual PSAM in a slot of pcscd (vpcd)')
  .requiredOption('--vpcd <port>', 'port of the slot, 35964 unless configured', portNumber)
  .option('--ssc', 'with the social security application beside that for purchases')
  .addHelpText('after', examples('tapway-sim psam --vpcd 35964 --ssc'))
  .action(({ vpcd, ssc }: { vpcd: number; ssc?: boolean }) =>
    end(runVpcdPsam({ port: vpcd, ssc, stopped: stopSignal() })),
  );

program
  .command('hsm')
  .description('a virtual HSM on 127.0.0.1 that authenticates for Social Security Cards')
  .option('--port <n>', 'TCP port, 0 for any free one', portNumber, 0)
  .addOption(new Option('--fault <kind>', 'what is wrong').choices(HSM_FAULTS).default('none'))
  .option('--cert <file>', 'certificate in PEM, for TLS; absent: plain TCP')
  .option('--key <file>', 'its private key in PEM')
  .addHelpText('after', examples('tapway-sim hsm --port 8765'))
  .action((options: Omit<HsmRun, 'stopped'>) => end(runHsm({ ...options, stopped: stopSignal() })));

program
  .command('barrier')
  .description('a virtual Modbus-RTU gate board with people walking through it, on a pty')
  .option('--link <path>', 'keep this symbolic link to the pty, as udev does for a real board')
  .option('--seed <n>', 'which people', whole, 1)
  .addHelpText('after', examples('tapway-sim barrier --link /tmp/barrier'))
  .addHelpText('after', '\nOn standard input: fire on, fire off, key on, key off, intrude.')
  .action((options: { link?: string; seed: number }) =>
    end(runBarrier({ ...options, stopped: stopSignal() })),
  );

program
  .command('printer')
  .description('a virtual ESC/POS slip printer on a pty; shows its paper')
  .option('--link <path>', 'keep this symbolic link to the pty, as udev does for a real printer')
  .option('--picture <file>', 'draw the paper into this file (SVG)')
  .option('--columns <n>', '48, 42 or 32 half-width characters in a line', columns, 48)
  .addHelpText('after', examples('tapway-sim printer --link /tmp/printer --picture paper.svg'))
  .addHelpText('after', '\nOn standard input: paper out|low|new, cover open|closed,')
  .addHelpText('after', 'cutter jammed|ok, power off|on.')
  .action((options: { link?: string; picture?: string; columns: number }) =>
    end(runPrinter({ ...options, stopped: stopSignal() })),
  );

program
  .command('world')
  .description('a seeded world full of faults: does any sequence of them break a rule?')
  .option('--seed <n>', 'live this one, exactly; a failure is shrunk to its shortest story', whole)
  .option('--story <file>', 'live the story that a failure left behind')
  .option('--seeds <n>', 'a campaign of so many seeds', whole)
  .option('--minutes <n>', 'a campaign of as many seeds as fit into so long', Number)
  .option('--from <n>', 'campaign: its first seed', whole, 1)
  .option('--taps <n>', 'passengers of each seed', whole, 250)
  .option('--faults <factor>', 'multiplies the rates of the fault atlas', Number, 1)
  .option('--with <parts>', `none, or some of ${FITTINGS.join(',')}; else as drawn`, fittings)
  .option('--workers <n>', 'campaign: processes, one a core', whole, 2)
  .option('--out <dir>', 'where the story of a failure is written', '.')
  .option('--log', 'print every event')
  .addHelpText('after', examples('npm run world -- --seed 7', 'npm run world -- --seeds 4000'))
  .action(({ with: fitted, ...options }: WorldOptions & { with?: Fitting[] }) =>
    end(runWorld({ ...options, ...(fitted && { fitted }) })),
  );

program
  .command('keys')
  .description("print the simulation's key set as JSON, with the rules to recompute every TAC")
  .addHelpText('after', examples('tapway-sim keys | tapway sam seal --out sam.keys'))
  .action(() => {
    const all = { ...keysAsJson(), social_security: sscKeysAsJson() };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  });

// Only now, or the commands would inherit it: the main action itself says what is no command.
program.allowExcessArguments();
void program.parseAsync();

function noSuchCommand(word: string): never {
  const names = program.commands.map((each) => each.name()).join(', ');
  return program.error(`error: no such command '${word}'; there are ${names}, or none`);
}

function page({ config, lane, data, port, timing }: LaneOptions): Promise<number> {
  return runPage({ config, lane, data, port, timing, stopped: stopSignal() });
}

function headless({ config, lane, data, taps, seed }: LaneOptions): Promise<number> {
  return runHeadless({ config, lane, data, taps, seed, stopped: stopSignal() });
}

function reader({ hid, ...options }: ReaderOptions): Promise<number> {
  const { card, every } = options;
  if (hid === undefined) return runReader({ ...options, stopped: stopSignal() });
  const rhythm = every === undefined ? {} : { every_s: every };
  return runHidReader({ card, serial: hid, ...rhythm, stopped: stopSignal() });
}

function stopSignal(): Promise<void> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {});
}

function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');
}

function simulable(text: string): Simulable[] {
  return text.split(',').map((word) => {
    const known = SIMULABLE.find((name) => name === word.trim());
    if (known) return known;
    throw new InvalidArgumentError(`one or more of ${SIMULABLE.join(', ')}, with commas between`);
  });
}

function columns(text: string): number {
  if (/^(48|42|32)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('48, 42 or 32 is wanted');
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('a port from 0 (any free one) to 65535 is wanted');
}

function fittings(text: string): Fitting[] {
  if (text === 'none') return [];
  return text.split(',').map((word) => {
    const found = FITTINGS.find((each) => each === word);
    if (!found) throw new InvalidArgumentError(`none, or some of ${FITTINGS.join(',')}`);
    return found;
  });
}

function whole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}
