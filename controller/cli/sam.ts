/** `tapway sam seal|status` */

import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import type { ExitCode, Io } from '../commands/io.ts';
import { samSeal, samStatus } from '../commands/sam.ts';
import { readKeyFile } from './key-file.ts';
import { examples, readEither, type Shell } from './shell.ts';

const PASSPHRASE_ENV = 'TAPWAY_SAM_PASSPHRASE';

interface SealOptions {
  readonly in?: string;
  readonly out: string;
  readonly passphraseEnv: string;
}

interface StatusOptions {
  readonly in?: string;
  readonly config?: string;
  readonly passphraseEnv?: string;
}

export function addSamCommands(program: Command, { io, end }: Shell): void {
  const sam = program
    .command('sam')
    .description('the software SAM')
    .addHelpText(
      'after',
      examples('sam seal --in keys.json --out sam.keys', 'sam status --in sam.keys'),
    );
  sam
    .command('seal')
    .description('seal a key set on disk under a passphrase')
    .option('--in <file>', 'the key set as JSON; standard input when absent')
    .requiredOption('--out <file>', 'the sealed key file to write, mode 600; must not exist')
    .option('--passphrase-env <name>', 'variable with the passphrase', PASSPHRASE_ENV)
    .addHelpText('after', examples('sam seal --in keys.json --out sam.keys'))
    .action((options: SealOptions) => end(seal(io, options)));
  sam
    .command('status')
    .description('what a sealed key file holds, without the keys; exit 1 when it cannot be used')
    .addOption(new Option('--in <file>', 'the sealed key file').conflicts('config'))
    .option('--config <file>', 'the configuration of a lane or kiosk that names file and variable')
    .option('--passphrase-env <name>', `variable with the passphrase (default: ${PASSPHRASE_ENV})`)
    .addHelpText('after', examples('sam status --in sam.keys', 'sam status --config lane.yaml'))
    .addHelpText('after', '\nWith the passphrase set it opens the file and checks every key.')
    .action((options: StatusOptions) => end(status(io, options)));
}

async function seal(io: Io, options: SealOptions): Promise<ExitCode> {
  if (!options.in && process.stdin.isTTY) {
    io.err('name the key set with --in FILE, or pipe it in');
    return 2;
  }
  const json = options.in ? await readFile(options.in, 'utf8') : await standardInput();
  const sealed = samSeal(io, { json, passphraseEnv: options.passphraseEnv });
  if (typeof sealed === 'number') return sealed;
  // Never over another key file: it may be the only copy.
  const file = await open(options.out, 'wx', 0o600);
  try {
    await file.writeFile(sealed.text);
    // Durable before it is said: the plain key set is destroyed next.
    await file.sync();
  } finally {
    await file.close();
  }
  await io.disk.syncDirectory(dirname(options.out));
  for (const line of sealed.summary) io.out(line);
  io.out(`${options.out} written; the passphrase opens it, and nothing else does`);
  return 0;
}

async function status(io: Io, options: StatusOptions): Promise<ExitCode> {
  const place = keyFileOf(io, options);
  if (!place) return 2;
  const file = await readKeyFile(place.file);
  if (file.ok) return samStatus(io, { ...place, ...file.value });
  io.err(file.fault.detail);
  return 2;
}

function keyFileOf(
  io: Io,
  { in: file, config, passphraseEnv }: StatusOptions,
): { file: string; passphraseEnv: string } | null {
  if (file) return { file, passphraseEnv: passphraseEnv ?? PASSPHRASE_ENV };
  if (!config) {
    io.err('name the key file with --in FILE, or the lane or kiosk with --config FILE');
    return null;
  }
  const found = readEither(io, config);
  if (!found) return null;
  const { sam } = found;
  if (sam?.kind === 'software') {
    return { file: sam.key_file, passphraseEnv: passphraseEnv ?? sam.passphrase_env };
  }
  io.err(`${config}: ${sam ? `sam.kind is ${sam.kind}` : 'no sam'}: it has no key file`);
  return null;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
