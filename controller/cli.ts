#!/usr/bin/env -S node --import tsx
/** The `tapway` command. Knows no simulator: that one has a command of its own, `tapway-sim`. */

import { once } from 'node:events';
import { Command } from 'commander';
import { systemClock } from '../firmware-bridge/clock.ts';
import { systemDisk } from '../firmware-bridge/disk.ts';
import { describeFrames } from '../firmware-bridge/pn532/describe.ts';
import { addBlacklistCommands } from './cli/blacklist.ts';
import { addCardCommands } from './cli/card.ts';
import { doctor } from './cli/doctor.ts';
import { addKioskCommands } from './cli/kiosk.ts';
import { addLedgerCommands } from './cli/ledger.ts';
import { addSamCommands } from './cli/sam.ts';
import { createShell, examples } from './cli/shell.ts';
import { configCheck } from './commands/config.ts';
import { decode } from './commands/decode.ts';
import type { Io } from './commands/io.ts';
import { runGate } from './gate-main.ts';
import { VERSION } from './ops/version.ts';

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  write: async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  },
  env: process.env,
  disk: systemDisk,
  clock: systemClock,
};

// Whoever reads our output may have seen enough (`… | head`); that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});

const shell = createShell(io, process.exit);
const { end } = shell;

const program = new Command('tapway')
  .description('Gate lane and kiosk controller for the third-generation Social Security Card')
  .version(VERSION)
  .showHelpAfterError()
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  })
  .addHelpText('after', examples('gate --config lane.yaml', 'ledger verify data', 'decode 9302'))
  .addHelpText('after', '\nExit: 0 done; 1 the answer is bad news; 2 the command could not work.');

program
  .command('gate')
  .description('run a real lane until SIGINT or SIGTERM')
  .requiredOption('--config <file>', 'the lane configuration')
  .addHelpText('after', examples('gate --config lane.yaml'))
  .addHelpText('after', '\nThe log goes to standard error, one JSON object a line.')
  .action((options: { config: string }) => end(runGate(io, options.config, stopSignal())));

addKioskCommands(program, shell, stopSignal);

program
  .command('doctor')
  .description('check a board and say how to mend what is missing')
  .option(
    '--config <file>',
    'the configuration of a lane or kiosk; without it only what every board needs',
  )
  .addHelpText(
    'after',
    examples('doctor', 'doctor --config lane.yaml', 'doctor --config kiosk.yaml'),
  )
  .action((options: { config?: string }) => end(doctor(io, options.config)));

addLedgerCommands(program, shell);
addBlacklistCommands(program, shell);
addCardCommands(program, shell);

program
  .command('config')
  .description('the configuration of a lane or kiosk')
  .addHelpText('after', examples('config check lane.yaml'))
  .command('check')
  .description(
    'read a configuration and all that it names but keys; exit 1 when something is wrong',
  )
  .argument('<file>', 'the YAML file of a lane or kiosk')
  .addHelpText('after', examples('config check lane.yaml', 'config check kiosk.yaml'))
  .action((file: string) => end(configCheck(io, file)));

addSamCommands(program, shell);

program
  .command('decode')
  .description('explain bytes: PN532 frame, APDU, TLV, trip record, log record')
  .argument('<hex...>', 'hex digits; blanks, colons and 0x are allowed')
  .addHelpText('after', examples('decode 00A4040008A000000632010105', 'decode 9302'))
  .action((hex: string[]) => end(decode(io, hex.join(''), describeFrames)));

void program.parseAsync();

function stopSignal(): Promise<void> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {});
}
