#!/usr/bin/env -S node --import tsx
/** The `tapway` command. Knows no simulator: that one has a command of its own, `tapway-sim`. */

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { LaneConfig } from '../config/schema.ts';
import * as board from '../firmware-bridge/board.ts';
import { systemClock } from '../firmware-bridge/clock.ts';
import { systemDisk } from '../firmware-bridge/disk.ts';
import { probeLibraries } from '../firmware-bridge/libraries.ts';
import { openSerialLink } from '../firmware-bridge/link/serial.ts';
import { describeFrames } from '../firmware-bridge/pn532/describe.ts';
import { createPn532Reader } from '../firmware-bridge/pn532/reader.ts';
import { ok, type Reply } from '../firmware-bridge/ports.ts';
import { configCheck } from './commands/config.ts';
import { decode } from './commands/decode.ts';
import type { ExitCode, Io } from './commands/io.ts';
import { ledgerExport, ledgerVerify } from './commands/ledger.ts';
import { samSeal } from './commands/sam.ts';
import { readKeySet, runGate } from './gate-main.ts';
import { examine } from './ops/doctor.ts';
import { VERSION } from './ops/version.ts';
import { wipeKeys } from './sam/sealed.ts';

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

program
  .command('doctor')
  .description('check a board and say how to mend what is missing')
  .option('--config <file>', 'the lane configuration; without it only what every board needs')
  .addHelpText('after', examples('doctor', 'doctor --config lane.yaml'))
  .action((options: { config?: string }) => end(doctor(options.config)));

const ledger = program
  .command('ledger')
  .description('the books of a lane')
  .addHelpText('after', examples('ledger verify data', 'ledger export data > clearing.jsonl'));
ledger
  .command('export')
  .description('write one clearing record a tap to standard output')
  .argument('<dir>', "the lane's data_dir, or the ledger directory in it")
  .addOption(
    new Option('--format <format>', 'JSON Lines or CSV').choices(['jsonl', 'csv']).default('jsonl'),
  )
  .addHelpText('after', examples('ledger export data --format csv > clearing.csv'))
  .addHelpText('after', '\nReads only; the lane may go on meanwhile.')
  .action((dir: string, options: { format: 'jsonl' | 'csv' }) =>
    end(ledgerExport(io, dir, options.format)),
  );
ledger
  .command('verify')
  .description('check every record and the chain; exit 1 when something is wrong')
  .argument('<dir>', "the lane's data_dir, or the ledger directory in it")
  .addHelpText('after', examples('ledger verify data'))
  .action((dir: string) => end(ledgerVerify(io, dir)));

program
  .command('config')
  .description('the configuration of a lane')
  .addHelpText('after', examples('config check lane.yaml'))
  .command('check')
  .description('read a configuration and everything it names; exit 1 when something is wrong')
  .argument('<file>', "the lane's YAML file")
  .addHelpText('after', examples('config check lane.yaml'))
  .action((file: string) => end(configCheck(io, file)));

program
  .command('sam')
  .description('the software SAM')
  .addHelpText('after', examples('sam seal --in keys.json --out sam.keys'))
  .command('seal')
  .description('seal a key set on disk under a passphrase')
  .option('--in <file>', 'the key set as JSON; standard input when absent')
  .requiredOption('--out <file>', 'the sealed key file to write, mode 600; must not exist')
  .option('--passphrase-env <name>', 'variable with the passphrase', 'TAPWAY_SAM_PASSPHRASE')
  .addHelpText('after', examples('sam seal --in keys.json --out sam.keys'))
  .action((options: { in?: string; out: string; passphraseEnv: string }) => end(seal(options)));

program
  .command('decode')
  .description('explain bytes: PN532 frame, APDU, TLV, trip record, log record')
  .argument('<hex...>', 'hex digits; blanks, colons and 0x are allowed')
  .addHelpText('after', examples('decode 00A4040008A000000632010105', 'decode 9302'))
  .action((hex: string[]) => end(decode(io, hex.join(''), describeFrames)));

void program.parseAsync();

/** Sets the exit code and lets the process end by itself, so that output is never cut. */
async function end(work: ExitCode | Promise<ExitCode>): Promise<void> {
  try {
    process.exitCode = await work;
  } catch (error) {
    io.err(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}

function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  tapway ${line}`)].join('\n');
}

function stopSignal(): Promise<void> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {});
}

async function seal(options: {
  in?: string;
  out: string;
  passphraseEnv: string;
}): Promise<ExitCode> {
  if (!options.in && process.stdin.isTTY) {
    io.err('name the key set with --in FILE, or pipe it in');
    return 2;
  }
  const json = options.in ? await readFile(options.in, 'utf8') : await standardInput();
  const sealed = samSeal(io, { json, passphraseEnv: options.passphraseEnv });
  if (typeof sealed === 'number') return sealed;
  // Never over another key file: it may be the only copy.
  await writeFile(options.out, sealed, { mode: 0o600, flag: 'wx' });
  io.out(`${options.out} written; the passphrase opens it, and nothing else does`);
  return 0;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function doctor(file: string | undefined): Promise<ExitCode> {
  const loaded = file === undefined ? null : loadConfig(file, io.env);
  if (loaded && !loaded.ok) {
    for (const error of loaded.errors) io.err(error);
    return 2;
  }
  const findings = await examine(
    {
      nodeVersion: process.version,
      wall_ms: io.clock.wall_ms(),
      libraries: probeLibraries,
      kernelModules: board.kernelModules,
      serialDevice: board.inspectSerialDevice,
      file: board.inspectFile,
      directory: board.inspectDirectory,
      hasVariable: (name) => Boolean(io.env[name]),
      readerFirmware,
      keySet: async (config) => {
        const keySet = await readKeySet(config, io);
        if (keySet.ok) wipeKeys(keySet.value);
        return keySet.ok ? ok(undefined) : keySet;
      },
    },
    loaded ? loaded.config : null,
  );
  for (const { level, what, cure } of findings) {
    io.out(`${level.padEnd(8)} ${what}${cure ? `\n         cure: ${cure}` : ''}`);
  }
  return findings.some(({ level }) => level === 'bad') ? 1 : 0;
}

async function readerFirmware({ reader: config }: LaneConfig): Promise<Reply<string>> {
  const { path, baud } = config;
  const openLink = () => openSerialLink({ path, baud, clock: io.clock });
  const reader = createPn532Reader({ openLink, clock: io.clock, config });
  const firmware = await reader.start();
  await reader.close();
  return firmware;
}
